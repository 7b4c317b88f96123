"""Texts: the grammar against its closed form and a reading of it, windows against slices, pairs
against a plain loop and `tokenizers`.
"""

import itertools
import math
import signal
import statistics
from collections import Counter

import pytest
import torch
import torch.nn.functional as F

from labhelpers.data import text as texts
from labhelpers.data.characters import Text
from labhelpers.data.checks import DataError
from labhelpers.data.grammar import ALPHABET, ENDINGS, OF, PLURAL, Language
from labhelpers.data.pairs import BytePairs
from labhelpers.data.text import load_text
from labhelpers.engine import epoch
from labhelpers.engine.train import train
from labhelpers.models.language import GPT
from labhelpers.store.fingerprint import describe, digest


@pytest.fixture
def language(session):
    return Language(seed=0)


def sentences(text):
    return str(text).split(". ")[:-1]  # the last one may be cut off


# The language


def test_the_sampled_surprisal_agrees_with_the_entropy_in_closed_form(language):
    means = [language.text(100_000, seed).bits.double().mean().item() for seed in range(10)]
    error = statistics.stdev(means) / math.sqrt(len(means))
    assert error < 0.002
    assert abs(statistics.fmean(means) - language.entropy) < 4 * error


@pytest.mark.parametrize("options", [{"more": 0.0}, {"adjective": 0.0}, {"more": 0.7, "nouns": 3}])
def test_the_closed_form_holds_for_other_languages(session, options):
    language = Language(seed=3, **options)
    means = [language.text(50_000, seed).bits.double().mean().item() for seed in range(8)]
    error = statistics.stdev(means) / math.sqrt(len(means))
    assert abs(statistics.fmean(means) - language.entropy) < 4 * error


def test_a_sentence_s_bits_are_the_logarithm_of_its_probability(language):
    text = language.text(5000, seed=1)
    first = str(text).index(". ") + 2
    words = str(text[:first]).removesuffix(". ").split(" ")
    bits = 0.0
    # By hand, word by word: 0.2 an adjective, 0.4 each a singular and a plural noun, 0.5 "ke".
    ranks = {
        **{w: (0.2, i, 10) for i, w in enumerate(language.adjectives)},
        **{w: (0.4, i, 20) for i, w in enumerate(language.nouns)},
        **{w + PLURAL: (0.4, i, 20) for i, w in enumerate(language.nouns)},
        **{w + e: (0.5, i, 10) for i, w in enumerate(language.verbs) for e in ENDINGS},
    }
    for word in words:
        if word == OF:
            bits -= math.log2(0.5)
        else:
            share, rank, count = ranks[word]
            bits -= math.log2(share / (rank + 1) / sum(1 / r for r in range(1, count + 1)))
    assert text.bits[:first].double().sum().item() == pytest.approx(bits, rel=1e-5)


def test_a_character_s_surprisal_is_the_share_of_texts_that_go_on_so(language):
    text = language.text(300_000, seed=2)
    starts = [s for s in sentences(text) if s]
    first = str(text)[0]
    share = sum(s.startswith(first) for s in starts) / len(starts)
    expected = 2 ** -text.bits[0].item()
    assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / len(starts))


def test_a_text_can_be_read_in_one_way_only(session):
    for seed in range(10):
        language = Language(seed=seed, nouns=100, verbs=100, adjectives=100)
        words = [*language.nouns, *language.verbs, *language.adjectives, OF]
        assert len(set(words)) == len(words) == 301
        for first, second in itertools.combinations(language.tables.values(), 2):
            assert set(first) & set(second) <= {f"{OF} "}
        for table in language.tables.values():
            spelled = sorted(table)
            assert not any(b.startswith(a) for a, b in itertools.pairwise(spelled))
            assert sum(table.values()) == pytest.approx(1)


def test_every_drawn_sentence_is_accepted_and_agrees_with_its_first_noun(language):
    drawn = sentences(language.text(20_000, seed=3))
    assert all(map(language.accepts, drawn))
    for sentence in drawn:
        first = next(w for w in sentence.split() if w.removesuffix(PLURAL) in language.nouns)
        assert sentence.endswith(ENDINGS[first.endswith(PLURAL)])


def test_what_cannot_be_drawn_is_not_accepted(language):
    noun, verb, adjective = language.nouns[0], language.verbs[0], language.adjectives[0]
    assert language.accepts(f"{adjective} {noun}{PLURAL} ke {noun} {verb}q")
    assert language.accepts(f"{noun} {verb}w. ")
    for wrong in (
        f"{noun} {verb}q", f"{noun}{PLURAL} ke {noun} {verb}w", f"{noun} ke {verb}w", f"{verb}w",
        f"{noun} {adjective} {verb}w", f"{noun} {noun} {verb}w", f"{noun} {verb}", noun, "", "ke",
        f"{adjective}{PLURAL} {noun} {verb}w", f"{noun}  {verb}w", f"{noun} {verb}w. {noun}",
        f"{noun} {verb}w. {noun} {verb}w",
        f"{noun} {verb}w {noun}", f"x{noun} {verb}w",
    ):  # fmt: skip
        assert not language.accepts(wrong), wrong


def test_verbs_are_found_with_the_nouns_in_between(language):
    text = language.text(20_000, seed=4)
    found = language.verbs_in(text)
    string = str(text)
    assert [p for p, c in enumerate(string) if c in "qw"] == found[:, 0].tolist()
    expected = [s.count(" ke ") for s in string.split(". ")]
    assert found[:, 1].tolist() == expected[: len(found)]


def test_texts_repeat_and_differ_by_seed(language):
    a, b, c = language.text(500, 1), Language(seed=0).text(500, 1), language.text(500, 2)
    assert str(a) == str(b) and torch.equal(a.bits, b.bits) and str(a) != str(c)
    assert str(language.text(200, 1)) == str(a)[:200]
    assert str(Language(seed=1).text(500, 1)) != str(a)
    assert a.vocabulary == ALPHABET and len(a) == 500 == len(a.bits)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nouns": 0}, "nouns=0 is not allowed"),
        ({"verbs": 2.5}, "verbs=2.5 is not allowed"),
        ({"more": 1.0}, "more=1.0 is not allowed"),
        ({"adjective": -0.1}, "adjective=-0.1 is not allowed"),
        ({"more": float("nan")}, "more=nan is not allowed"),
        ({"nouns": 3000}, "3020 words are too many: use 2000"),
        ({"seed": -1}, "seed=-1 is not allowed"),
    ],
)
def test_a_language_refuses_bad_numbers(session, options, message):
    with pytest.raises(ValueError, match=message):
        Language(**options)
    with pytest.raises(ValueError, match="characters=0"):
        Language().text(0)


# Texts and windows


def test_windows_are_slices_and_targets_one_later(language):
    text = language.text(300, seed=1)
    batches = text.batches(batch_size=4, context=10, steps=3, seed=5)
    assert len(batches) == 3 and len(list(batches)) == 3
    for x, y in batches:
        assert x.shape == y.shape == (4, 10)
        for row, target in zip(x, y, strict=True):
            piece = str(Text(row, text.vocabulary)) + text.vocabulary[target[-1]]
            assert piece in str(text) and str(Text(target, text.vocabulary)) == piece[1:]


def test_every_start_can_be_drawn(language):
    text = language.text(12, seed=1)
    numbered = Text(torch.arange(12), tuple("abcdefghijkl"))
    x = torch.cat([x for x, _ in numbered.batches(50, 10, steps=4, seed=0)])
    assert set(x[:, 0].tolist()) == {0, 1} and len(text) == 12


def test_an_epoch_repeats_and_the_next_one_differs(language):
    text = language.text(500, seed=1)
    batches = text.batches(4, 10, seed=1)
    first, second = (torch.cat([x for x, _ in batches]) for _ in range(2))
    batches.set_epoch(0)
    assert torch.equal(torch.cat([x for x, _ in batches]), first) and not torch.equal(first, second)
    other = torch.cat([x for x, _ in text.batches(4, 10, seed=2)])
    assert not torch.equal(other, first)
    assert len(batches) == 500 // 40


def test_a_text_refuses_what_does_not_fit(language):
    text = language.text(50, seed=1)
    for options, message in [
        ({"context": 50}, "context=50 does not fit into 50 tokens: use 49"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"steps": 0}, "steps=0"),
        ({"seed": -1}, "seed=-1"),
    ]:
        with pytest.raises(ValueError, match=message):
            text.batches(**{"batch_size": 2, "context": 10, **options})
    with pytest.raises(ValueError, match="'ü' is not in the alphabet"):
        Text.from_string("für", tuple("fr"))


def test_a_changed_text_has_another_fingerprint(language):
    a, b = language.text(100, 1), language.text(100, 1)
    assert digest(describe(a)) == digest(describe(b))
    b.tokens[3] = (b.tokens[3] + 1) % 24
    assert digest(describe(a)) != digest(describe(b))


def trained(text, run):
    """Train a small GPT for two epochs of ten steps, with a schedule."""
    torch.manual_seed(0)
    model = GPT(24, width=16, heads=2, context=16)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1e-2, total_steps=20, cycle_momentum=False
    )

    def step(batch):
        x, y = batch
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        return {"loss": loss}

    state = {"model": model, "optimizer": optimizer, "schedule": schedule}
    train(step, text.batches(4, 16, steps=10, seed=1), epochs=2, state=state, run=run)
    return model.state_dict()


@pytest.mark.parametrize("stop", [4, 15])
def test_a_run_stopped_inside_an_epoch_goes_on_to_the_same_weights(language, monkeypatch, stop):
    text = language.text(2000, seed=1)
    whole = trained(text, "00/whole")
    collect, calls = epoch._collect, itertools.count(1)

    def stopping(pending, progress):
        if next(calls) == stop:
            signal.raise_signal(signal.SIGINT)
        return collect(pending, progress)

    monkeypatch.setattr(epoch, "FETCH_SECONDS", 0.0)  # metrics are collected after every step
    monkeypatch.setattr(epoch, "_collect", stopping)
    with pytest.raises(KeyboardInterrupt, match=f"in epoch {1 + stop // 11}, after step"):
        trained(text, "00/stopped")
    resumed = trained(text, "00/stopped")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


# Sources


def test_a_file_is_split_in_its_order(session, tmp_path):
    string = "".join(f"line {i} ü\n" for i in range(400))
    (tmp_path / "own.txt").write_text(string, encoding="utf-8")
    data = load_text(tmp_path / "own.txt")
    assert str(data.train) + str(data.val) + str(data.test) == string
    assert len(data.train) == int(0.8 * len(string)) and data.source == "own.txt"
    assert str(load_text(str(tmp_path / "own.txt"), train_size=100).train) == string[:100]
    assert "ü" in data.vocabulary and not data.stand_in and data.language is None


def test_files_that_will_not_do(session, tmp_path):
    (tmp_path / "short.txt").write_text("too short", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(b"f\xfcr " * 1000)
    with pytest.raises(FileNotFoundError, match=r"there is no file .*none\.txt"):
        load_text(tmp_path / "none.txt")
    with pytest.raises(DataError, match="9 characters: use a text of 1,000"):
        load_text(tmp_path / "short.txt")
    with pytest.raises(DataError, match="not UTF-8"):
        load_text(tmp_path / "latin.txt")
    (tmp_path / "long.txt").write_text("abc " * 300, encoding="utf-8")
    with pytest.raises(ValueError, match="train_size=961 is too large"):
        load_text(tmp_path / "long.txt", train_size=961)
    with pytest.raises(ValueError, match=r"did you mean 'shakespeare'\?"):
        load_text("shakespear")
    with pytest.raises(ValueError, match="train_size=0"):
        load_text("language", train_size=0)


def test_the_smoke_budget_and_a_missing_network_get_the_drawn_language(start, monkeypatch, capsys):
    session = start("smoke")
    data = load_text("docstrings")
    assert data.stand_in and "the smoke budget" in capsys.readouterr().out
    assert session.sources["docstrings"].startswith("docstrings, stand-in")

    def no_network(*args, **options):
        raise OSError("no network here")

    session = start("laptop")
    monkeypatch.setattr(texts.urllib.request, "urlopen", no_network)
    data = load_text("shakespeare", train_size=3000)
    assert data.stand_in and "no network here" in capsys.readouterr().out
    assert len(data.train) == 3000 and not (session.data / "shakespeare.txt").exists()


class Reply:
    def __init__(self, content):
        self.content = content

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def read(self):
        return self.content


def test_a_download_is_checked_and_kept(start, monkeypatch, capsys):
    session = start("laptop")
    monkeypatch.setattr(texts, "SHAKESPEARE_LENGTH", 2000)
    for content, stand_in in [(b"a" * 1999, True), (b"ab" * 1000, False)]:
        monkeypatch.setattr(
            texts.urllib.request, "urlopen", lambda *a, content=content, **k: Reply(content)
        )
        assert load_text("shakespeare").stand_in is stand_in
        assert (session.data / "shakespeare.txt").exists() is not stand_in
    monkeypatch.setattr(texts.urllib.request, "urlopen", None)  # the second time from the folder
    assert str(load_text("shakespeare").train[:4]) == "abab"
    assert "part of it" in capsys.readouterr().out


def test_docstrings_are_sentences(start, monkeypatch, tmp_path):
    start("laptop")
    package = tmp_path / "somewhere"
    package.mkdir()
    sentence = "This is a sentence of plain English that is long enough to be kept as prose."
    code = ">>> this is no prose at all, however long the line may be, since it is an example."
    (package / "__init__.py").write_text(
        f'"""{sentence}\n\n{code}\n\nshort.\n"""\ndef f():\n    """{sentence[:-1]} two."""\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(texts, "PACKAGES", ("somewhere",))
    monkeypatch.syspath_prepend(tmp_path)
    lines = texts._docstrings().split("\n")
    assert set(lines) == {sentence, sentence[:-1] + " two."} and len(lines) == 2


def test_docstrings_are_met_in_the_order_in_which_python_walks_a_module():
    source = """
try:
    def a(): 'in try'
except E:
    class B:
        'in except'
        def c(self): 'a method'
match x:
    case 1:
        async def d(): 'in case'
def e(x=lambda: 0): 'at the top'
if y: pass
else:
    def f(): 'in else'
"""
    module = texts.ast.parse(source)
    walked = [node for node in texts.ast.walk(module) if texts._is_statement(node)]
    assert list(texts._statements(module)) == [module, *walked]


# Byte pairs


def plain_merges(string, alphabet, count):
    """Learn `count` merges as the paper's listing does: every count from the start again."""
    number = {c: i for i, c in enumerate(alphabet)}
    words = [[number[c] for c in w] for w in texts.re.findall(r"\s?\S+|\s", string)]
    merges = []
    for new in range(len(alphabet), len(alphabet) + count):
        pairs = Counter(pair for w in words for pair in itertools.pairwise(w))
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for i, word in enumerate(words):
            k = 0
            while k < len(word) - 1:
                if (word[k], word[k + 1]) == best:
                    word[k : k + 2] = [new]
                k += 1
            words[i] = word
    return merges, [token for word in words for token in word]


@pytest.mark.parametrize("string", ["aaa aaaa aa aaa\naaaaa", "low low lower newest newest widest"])
def test_pairs_are_those_of_a_plain_loop_on_words_that_repeat_letters(session, string):
    text = Text.from_string(string, tuple(sorted(set(string))))
    count = 4
    pairs = BytePairs(text, len(text.vocabulary) + count)
    merges, tokens = plain_merges(string, text.vocabulary, count)
    assert list(pairs.merges) == merges and pairs.encode(text).tokens.tolist() == tokens


def test_pairs_are_those_of_a_plain_loop_on_a_longer_text(language):
    text = language.text(4000, seed=1)
    pairs = BytePairs(text, 24 + 60)
    merges, tokens = plain_merges(str(text), text.vocabulary, 60)
    assert list(pairs.merges) == merges and pairs.encode(text).tokens.tolist() == tokens


def test_encoding_loses_nothing_and_tokens_hold_one_word(language):
    text = language.text(20_000, seed=1)
    pairs = BytePairs(text, 120)
    other = language.text(3000, seed=2)
    encoded = pairs.encode(other)
    assert str(encoded) == str(other) and len(encoded) < 0.5 * len(other)
    assert encoded.lengths.sum() == len(other)
    assert not any(" " in entry[1:] for entry in pairs.vocabulary)


def test_pairs_refuse_what_they_cannot_do(language):
    text = Text.from_string("ab ab", tuple(" ab"))
    with pytest.raises(ValueError, match="size=2 is not allowed: use a whole number from 3"):
        BytePairs(text, 2)
    with pytest.raises(ValueError, match="size=6 is too large: use 5 at most"):
        BytePairs(text, 6)
    with pytest.raises(ValueError, match="another alphabet"):
        BytePairs(text, 4).encode(Text.from_string("abc", tuple(" abc")))


def test_pairs_are_those_of_tokenizers(language):
    tokenizers = pytest.importorskip("tokenizers")
    text = language.text(30_000, seed=1)
    size = 150
    ours = BytePairs(text, size)
    theirs = tokenizers.Tokenizer(tokenizers.models.BPE())
    split = tokenizers.Regex(r"\s?\S+|\s")
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.Split(split, "isolated")
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=size, show_progress=False)
    theirs.train_from_iterator([str(text)], trainer)
    assert set(theirs.get_vocab()) == set(ours.vocabulary)
    other = language.text(2000, seed=2)
    mine = [ours.vocabulary[token] for token in ours.encode(other).tokens.tolist()]
    assert theirs.encode(str(other)).tokens == mine
