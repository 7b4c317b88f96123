"""Lab 13's own functions, taken from its cells: what repeats repeats, the toy looks back only."""

import math

import pytest
import torch
import torch.nn.functional as F
from notebook_code import compiled

import labhelpers as lab

NOTEBOOK = "13-language-models.ipynb"


@pytest.fixture
def cells(session):
    language = lab.Language(seed=0)
    scope = {
        "torch": torch, "F": F, "lab": lab, "session": session, "language": language,
        "steps": 6, "epochs": 2, "batch_size": 4, "context": 32, "many": 3,
        "shapes": {"1 layer": (1, 16), "2 layers": (2, 16)}, "D": 16,
    }  # fmt: skip
    torch.manual_seed(0)
    scope |= {name: torch.randn(16, 16) / 4 for name in ("query", "key", "value")}
    functions = ["entropy", "attend", "learn", "fit", "repeats", "copier", "judged"]
    return compiled(NOTEBOOK, functions, scope)


def test_what_repeats_repeats_and_the_known_part_is_what_can_be_copied(cells):
    symbols, known = cells["repeats"](50, seed=1)
    assert symbols.shape == (50, 33) and known.shape == (50, 32)
    for row, second in zip(symbols.tolist(), known.tolist(), strict=True):
        period = second.index(True)  # known[t] belongs to symbol t + 1, copied from t + 1 - period
        assert 6 <= period <= 15 and all(second[period:])
        assert all(row[t] == row[t - period] for t in range(period, 33))


def test_attention_by_hand_reads_nothing_from_later_places(cells):
    h = torch.randn(9, 16)
    read, weights = cells["attend"](h)
    later = h.clone()
    later[5:] = 0
    torch.testing.assert_close(cells["attend"](later)[0][:5], read[:5])
    assert (weights.triu(1) == 0).all()


def test_the_entropy_of_equal_counts_is_the_logarithm_of_their_number(cells):
    assert cells["entropy"](torch.full((8,), 3.0)).item() == pytest.approx(3)
    assert cells["entropy"](torch.tensor([0.0, 5.0])).item() == 0


def test_each_kind_is_fitted_and_starts_from_its_seed(cells):
    train = cells["language"].text(2000, seed=1)
    counts = cells["fit"]("n-gram", train, 3, seed=0)
    assert isinstance(counts, lab.NGram) and counts.order == 3
    models = [cells["fit"](kind, train, 1e-2, seed=0) for kind in ("1 layer", "2 layers") * 2]
    assert [len(model.blocks) for model in models] == [1, 2, 1, 2]
    for first, second in ((0, 2), (1, 3)):
        pairs = zip(models[first].parameters(), models[second].parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)


def test_learning_lowers_the_loss(cells):
    cells["steps"] = 40
    torch.manual_seed(0)
    model = lab.GPT(24, width=16, context=32)
    run = cells["learn"](model, cells["language"].text(3000, seed=1), 1e-2, seed=0)
    assert run.history[0]["loss"] < math.log(24) and run.history[-1]["loss"] < 2.9


def test_a_text_is_judged_by_its_whole_sentences(cells, monkeypatch):
    language = cells["language"]
    vocabulary = language.text(10).vocabulary
    noun, verb = language.nouns[0], language.verbs[0]
    good, bad = f"{noun} {verb}w. ", f"{noun} {verb}q. "
    texts = [good + good + noun, bad + good + "x", good + bad + noun]
    length = min(map(len, texts))
    rows = torch.tensor([[vocabulary.index(c) for c in ". " + t[:length]] for t in texts])
    monkeypatch.setattr(lab, "generate", lambda *args, **options: rows)
    found = cells["judged"](None, rows[0, :2], vocabulary, {})
    assert found == {"good": pytest.approx(100 * 4 / 6), "different": pytest.approx(100 * 2 / 6)}
