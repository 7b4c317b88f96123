"""Lab 12's examination and rules, as they stand in the notebook, tried on the faults."""

import contextlib
import math
from dataclasses import replace

import nbformat
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from notebook_code import NOTEBOOKS, compiled
from torch import nn

import labhelpers as lab
from labhelpers.exercises.lab12.blind_loss import blind_loss
from labhelpers.exercises.lab12.near_copies import near_copies
from labhelpers.exercises.lab12.smoothed_floor import smoothed_floor

NAME = "12-failure-clinic.ipynb"
EXAMINATION = [
    "treat", "of_the_data", "record_activations", "log10", "of_the_network", "at_the_start",
    "flat", "first_steps", "on_one_batch", "accuracy", "of_the_report", "examination", "examine",
    "reference", "flags", "descend",
]  # fmt: skip


def rules():
    """The cell that holds them, run."""
    (cell,) = (c for c in nbformat.read(NOTEBOOKS / NAME, 4).cells if "rules = {" in c.source)
    scope = {}
    exec(cell.source, scope)
    return scope["rules"]


@pytest.fixture
def notebook(session):
    digits = lab.load_data("digits", train_size=1_200)
    # Both parts redrawn: images of the stand-in's own validation set are a little different.
    digits = replace(digits, train=digits.train[:900], val=digits.train[900:])
    scope = {
        "contextlib": contextlib,
        "math": math,
        "torch": torch,
        "nn": nn,
        "F": F,
        "pd": pd,
        "lab": lab,
        "session": replace(session, quiet=True),
        "mnist": digits,
        "images": 600,
        "epochs": 8,
        "one_batch_steps": 120,
        "LOST": {"loss": math.nan, "val_loss": math.nan, "accuracy": 0.1, "val_accuracy": 0.1},
        "rules": rules(),
        "home": None,
    }
    return compiled(NAME, [*EXAMINATION, "diagnosis", "diagnosed"], scope)


def admitted(notebook, name, **choices):
    return lab.admit(name, notebook["mnist"], 100, notebook["images"], **choices)


def test_every_rule_is_for_a_listed_fault():
    assert set(rules()) == set(lab.faults())


def test_the_rules_name_the_faults_they_were_written_for(notebook):
    healthy = [
        {"patient": name, "seed": seed} | notebook["examine"](seed, name)
        for seed in (100, 101, 102)
        for name in lab.faults("healthy")
    ]
    normal = pd.DataFrame(healthy)
    notebook["tests"] = [column for column in normal if column not in ("patient", "seed")]
    ranges = notebook["reference"](normal)
    assert notebook["diagnosed"](normal, ranges).named.eq("healthy").all()
    ill = [{"patient": name} | notebook["examine"](103, name) for name in lab.faults()]
    found = notebook["diagnosed"](pd.DataFrame(ill), ranges)
    wrong = found[found.named != found.truth]
    assert not len(wrong), wrong[["truth", "named"]]


def test_activations_are_recorded_and_hooks_removed(notebook):
    model, x = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), torch.randn(5, 3)
    with notebook["record_activations"](model) as seen:
        logits = model(x)
    torch.testing.assert_close(seen["0"], model[0](x))
    torch.testing.assert_close(seen["1"], model[0](x).relu())
    torch.testing.assert_close(seen["2"], logits)
    assert not any(layer._forward_hooks for layer in model)


def test_what_is_measured_of_a_network(notebook):
    model, x = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 10)), torch.randn(50, 3)
    model[0].bias.data[:2] = -50.0
    with notebook["record_activations"](model) as seen:
        model(x)
    found = notebook["of_the_network"](model, seen)
    silent = (model[1](model[0](x)) == 0).all(dim=0).float().mean().item()
    assert found["silent units"] == silent >= 0.25
    assert found["saturated units"] == 0 and found["logit rank"] <= 6
    assert math.isclose(found["signal spread"], math.log10(seen["0"].std(0).mean()), rel_tol=1e-5)
    steep = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 10))
    steep[0].bias.data[:] = 50.0
    with notebook["record_activations"](steep) as seen:
        steep(x)
    found = notebook["of_the_network"](steep, seen)
    assert found["saturated units"] == 1 and found["logit rank"] == 0


def test_what_is_measured_of_data_step_and_report(notebook):
    healthy, leaked = (admitted(notebook, name) for name in ("healthy", "validation images leaked"))
    copied = (leaked.val.images[:, None] == leaked.train.images[None]).flatten(2).all(2).any(1)
    expected = copied.double().mean().item()
    assert math.isclose(notebook["of_the_data"](leaked)["copied images"], expected)
    assert notebook["of_the_data"](healthy)["copied images"] < 0.02 < 0.5 < expected
    on_batch = notebook["on_one_batch"]
    assert math.isclose(on_batch(healthy)["carried gradient"], 1, rel_tol=1e-3)
    assert on_batch(admitted(notebook, "zero_grad missing"))["carried gradient"] > 1.5
    perfect = on_batch(admitted(notebook, "softmax before the loss"))["loss of a perfect answer"]
    assert math.isclose(perfect, -math.log(math.e / (math.e + 9)), rel_tol=1e-5)
    forgotten = admitted(notebook, "eval() forgotten")
    assert notebook["of_the_report"](forgotten, 0.5)["company matters"] > 0.1
    assert notebook["of_the_report"](healthy, 0.5)["company matters"] == 0


def test_a_blind_network_starts_at_the_logarithm_of_the_number_of_classes(notebook):
    found = notebook["at_the_start"](admitted(notebook, "all weights zero"))
    assert math.isclose(found["loss at start"], math.log(10), rel_tol=1e-6)
    assert found["logit rank"] == 0 and found["signal spread"] == -9


def test_a_loss_that_becomes_infinite_counts_as_guessing(notebook):
    lost = notebook["treat"](admitted(notebook, "learning rate too high", lr=1e6))
    assert len(lost) == notebook["epochs"] and lost[-1]["val_accuracy"] == 0.1


def test_ranges_flags_and_the_order_of_the_rules(notebook):
    notebook["tests"] = sorted({test for test, _ in rules().values()} | {"loss on one batch"})
    normal = pd.DataFrame({test: [1.0, 2.0] for test in notebook["tests"]})
    ranges = notebook["reference"](normal)
    assert ranges.low.tolist() == pytest.approx([-0.01] * len(ranges))
    assert ranges.high.tolist() == pytest.approx([3.01] * len(ranges))
    healthy = dict.fromkeys(notebook["tests"], 1.5)
    cases = [healthy, healthy | {"loss on one batch": 9.0}, healthy | {"step length": 9.0}]
    cases.append(healthy | {"step length": 9.0, "pixel scale": -9.0})
    # Two tables put together keep their row numbers: rows must be told by place.
    table = pd.DataFrame(cases, index=[0, 1, 0, 1]).assign(patient="healthy, tanh")
    found = notebook["diagnosed"](table, ranges)
    expected = ["healthy", "no name", "learning rate too high", "input not normalised"]
    assert found.named.tolist() == expected and set(found.truth) == {"healthy"}
    assert notebook["flags"](table.fillna(math.nan), ranges).abs().to_numpy().sum() == 4


def test_a_missing_zero_grad_is_momentum_without_friction(notebook):
    path = notebook["descend"](clear=False, momentum=0.0)
    torch.testing.assert_close(path, notebook["descend"](clear=True, momentum=1.0))
    assert path[-30:].abs().max() > 0.9 > notebook["descend"](clear=True, momentum=0.0)[-1]


def test_what_the_exercises_ask_for_holds_for_the_clinic(notebook):
    blind, healthy, leaked = (
        admitted(notebook, name)
        for name in ("all weights zero", "healthy", "near-duplicates leaked")
    )
    for _ in range(200):  # its biases learn how frequent each class is, and nothing else can
        blind.step((blind.train.normalise(blind.train.images), blind.train.labels))
    loss = F.cross_entropy(blind.logits(blind.train), blind.train.labels).item()
    assert math.isclose(loss, blind_loss(blind.train.labels), rel_tol=1e-3)
    shares = [near_copies(found.train.images, found.val.images) for found in (healthy, leaked)]
    assert shares[0] < 0.05 < 0.5 < shares[1]
    assert notebook["of_the_data"](leaked)["copied images"] < 0.05


def test_a_smoothed_loss_cannot_fall_below_its_floor():
    logits = torch.zeros(1, 10, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=100)

    def loss():
        optimizer.zero_grad()
        value = F.cross_entropy(logits, torch.tensor([3]), label_smoothing=0.1)
        value.backward()
        return value

    optimizer.step(loss)
    assert math.isclose(loss().item(), smoothed_floor(10, 0.1), rel_tol=1e-4)
