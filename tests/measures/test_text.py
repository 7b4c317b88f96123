"""Bits against a loop over every place, agreement against reading the sentences one by one."""

import math

import pytest
import torch

from labhelpers.data.characters import Text
from labhelpers.data.grammar import Language
from labhelpers.data.pairs import BytePairs
from labhelpers.measures.text import agreement, bits_per_character, excess_bits, surprisals
from labhelpers.models.language import GPT
from labhelpers.models.ngram import NGram


@pytest.fixture
def language(session):
    return Language(seed=0)


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = GPT(24, width=16, layers=1, heads=2, context=12)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model.double()


@pytest.mark.parametrize("length", [14, 18, 19, 20, 24, 25, 43])
def test_each_scored_token_sees_half_a_context_and_none_is_scored_twice(language, model, length):
    text = language.text(length, seed=1)
    bits, scored = surprisals(model, text)
    places = range(length)[scored]
    assert len(bits) == len(places) and places[-1] == length - 1 and places[0] <= 7
    for bit, place in zip(bits.tolist(), places, strict=True):
        # Which of the allowed histories it was: one of 7 to 12 tokens gives this number.
        allowed = []
        for size in range(7, min(12, place) + 1):
            logits = model(text.tokens[None, place - size : place])[0, -1]
            allowed.append(-logits.log_softmax(-1)[text.tokens[place]].item() / math.log(2))
        assert any(abs(bit - one) < 1e-6 for one in allowed), place


def test_bits_of_an_n_gram_are_its_own_probabilities(language):
    train, text = language.text(3000, seed=1), language.text(700, seed=2)
    model = NGram(train.tokens, 24, order=3)
    nats = torch.nn.functional.nll_loss(
        model(text.tokens[None, :-1])[0], text.tokens[1:], reduction="none"
    )
    bits, scored = surprisals(model, text)
    torch.testing.assert_close(bits, nats[scored.start - 1 :] / math.log(2))


def test_a_uniform_guess_costs_the_logarithm_of_the_alphabet(language):
    class Uniform:
        context = 10

        def __call__(self, x):
            return torch.zeros(*x.shape, 24)

    text = language.text(2000, seed=1)
    assert bits_per_character(Uniform(), text) == pytest.approx(math.log2(24))
    scored = surprisals(Uniform(), text)[1]
    expected = math.log2(24) - text.bits[scored].double().mean().item()
    assert excess_bits(Uniform(), text) == pytest.approx(expected, abs=1e-6)


def test_the_true_model_has_no_excess(language):
    class Truth:
        """Knows the text: gives each token that comes its true probability."""

        context = 40

        def __init__(self, text):
            self.text = text

        def __call__(self, x):
            places = [str(self.text).index(str(Text(row, text.vocabulary))) for row in x]
            logits = torch.full((*x.shape, 24), -math.inf)
            for row, place in enumerate(places):
                for t in range(x.shape[1]):
                    p = 2 ** -self.text.bits[place + t + 1].item()
                    logits[row, t] = math.log(max(1 - p, 1e-30) / 23)
                    logits[row, t, self.text.tokens[place + t + 1]] = math.log(p)
            return logits

    text = language.text(400, seed=3)
    assert excess_bits(Truth(text), text) == pytest.approx(0, abs=1e-5)


def test_tokens_of_any_length_are_counted_by_characters(language):
    text = language.text(5000, seed=1)
    encoded = BytePairs(text, 120).encode(text)

    class Uniform:
        context = 16

        def __call__(self, x):
            return torch.zeros(*x.shape, 120)

    scored = surprisals(Uniform(), encoded)[1]
    characters = len(str(encoded[scored]))
    expected = math.log2(120) * len(encoded[scored]) / characters
    assert bits_per_character(Uniform(), encoded) == pytest.approx(expected)
    assert characters > 2 * len(encoded[scored])


def test_agreement_reads_what_stands_before_the_ending(language):
    text = language.text(40_000, seed=1)

    class Knows:
        """Reads its window as a string and finds the first noun of the last sentence."""

        context = 160

        def __init__(self, right):
            self.right = right

        def __call__(self, x):
            logits = torch.zeros(*x.shape, 24)
            for row, tokens in enumerate(x):
                sentence = str(Text(tokens, text.vocabulary)).split(". ")[-1]
                nouns = [w for w in sentence.split() if w.removesuffix("x") in language.nouns]
                ending = "q" if nouns[0].endswith("x") == self.right else "w"
                logits[row, -1, text.vocabulary.index(ending)] = 1
            return logits

    assert agreement(Knows(True), language, text, most=50) == {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}
    assert agreement(Knows(False), language, text, most=50) == {0: 0.0, 1: 0.0, 2: 0.0, 3: 0.0}


def test_a_short_history_agrees_by_chance_across_a_noun(language):
    text = language.text(100_000, seed=1)
    shares = agreement(NGram(text.tokens, 24, order=8), language, language.text(60_000, seed=2))
    assert shares[0] > 0.95 and all(0.4 < shares[between] < 0.6 for between in (1, 2))


def test_modes_and_refusals(language, model):
    text = language.text(2000, seed=1)
    model.train()
    bits_per_character(model, text)
    assert model.training
    with pytest.raises(ValueError, match="true surprisals of this text are not known"):
        excess_bits(model, Text(text.tokens, text.vocabulary))
    with pytest.raises(ValueError, match="13 tokens are too few for a context of 12"):
        bits_per_character(model, text[:13])
    with pytest.raises(TypeError, match="is no language model"):
        bits_per_character(lambda x: x, text)
    with pytest.raises(ValueError, match="no verb has 1 nouns before it"):
        agreement(model, Language(seed=0, more=0.0), Language(seed=0, more=0.0).text(500))
