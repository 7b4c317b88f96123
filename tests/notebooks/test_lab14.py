"""Lab 14's own functions, taken from its cells: equal terms, seeds apart, nothing leaks."""

import pytest
import torch
import torch.nn.functional as F
from notebook_code import compiled
from sklearn.linear_model import LogisticRegression

import labhelpers as lab
from labhelpers.data.characters import Text

NOTEBOOK = "14-pretrained-language-models.ipynb"


@pytest.fixture
def cells(session):
    scope = {
        "torch": torch, "F": F, "lab": lab, "session": session, "Text": Text,
        "LogisticRegression": LogisticRegression, "context": 16, "steps": 3, "base_steps": 3,
        "characters": 1_000, "language": lab.Language(seed=0), "each": 12, "held_each": 3,
        "amounts": [2, 4], "packages": ["numpy", "scipy"], "swap": str.maketrans("qw", "wq"),
        "dialect": lab.Language(seed=0, more=0.3, adjective=0.5),
    }  # fmt: skip
    functions = ["split", "fitted", "spoken", "learn", "newborn", "grown", "Untied", "adapted"]
    return compiled(NOTEBOOK, functions, scope)


def test_parts_of_a_split_are_apart_and_the_test_part_does_not_depend_on_the_labels(cells):
    few, many = cells["split"](0, 2), cells["split"](0, 4)
    assert [len(part) for part in few] == [4, 6, 10] and len(many[0]) == 8
    assert torch.equal(few[1], many[1]) and torch.equal(few[2], many[2])
    assert len({int(i) for part in many for i in part}) == 24
    assert {*few[0].tolist()} < {*many[0].tolist()}  # more labels keep the fewer ones


def test_the_kind_is_chosen_on_validation_and_scored_on_test(cells):
    y = torch.tensor([0, 1] * 12).numpy()
    signal = torch.tensor(y)[:, None] * 2.0 - 1
    noise = torch.randn(24, 1, generator=torch.Generator().manual_seed(0))
    places = torch.arange(24).numpy()
    train, val, test = places[:8], places[8:14], places[14:]
    assert cells["fitted"]([noise.numpy(), signal.numpy()], y, train, val, test) == 100
    wrong = signal.clone()
    wrong[8:14] *= -1  # useless on validation only: never chosen, though it is right on test
    assert cells["fitted"]([wrong.numpy(), noise.numpy()], y, train, val, test) < 100


def test_the_dialect_has_the_words_and_exchanged_endings_and_keeps_its_surprisals(cells):
    text, plain = cells["spoken"](2_000, seed=3), cells["dialect"].text(2_000, seed=3)
    back = str(text).translate(cells["swap"])
    assert back == str(plain) != str(text) and torch.equal(text.bits, plain.bits)


WEIGHTS = {"head only": 24 * 64, "LoRA, rank 2": 2 * 2 * (4 * 2 * 64 + 3 * (64 + 170))}


def test_each_way_trains_its_own_weights_from_the_same_start(cells):
    weights, text = cells["grown"](0), cells["spoken"](500, seed=1)
    everything = sum(p.numel() for p in cells["newborn"](0).parameters())
    counts = WEIGHTS | {"all weights": everything, "from scratch": everything}
    for way, expected in counts.items():
        model, trained = cells["adapted"](way, weights, text, 1e-2, seed=0)
        assert trained == expected, way
        now = model.state_dict()
        prefix = "body." if way == "head only" else ""
        unchanged = torch.equal(now[f"{prefix}embed_tokens.weight"], weights["embed_tokens.weight"])
        assert unchanged == (way in WEIGHTS), way


def test_the_head_alone_starts_as_the_whole_model(cells):
    model = cells["newborn"](0)
    x = torch.randint(24, (2, 16))
    before = model(x)
    assert torch.equal(cells["Untied"](model)(x), before)
