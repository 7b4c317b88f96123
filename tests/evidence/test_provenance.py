"""Rows remember the data sets that they were measured on, and no others."""

import dataclasses
import functools
import types

import pandas as pd
import pytest
import torch
from torch import nn

import labhelpers as lab
from labhelpers import session as sessions
from labhelpers.store.fingerprint import describe

# Loaded by each case below, with the smoke budget: stand-ins all
LOADED = {"mnist", "cifar10", "shakespeare"}
PARTS = ("images", "labels", "mean", "std")


@functools.cache
def loaded_once():
    found = {name: lab.load_data(name) for name in ("mnist", "cifar10")}
    found["shakespeare"] = lab.load_text("shakespeare")
    return found, dict(sessions.current().sources)


@pytest.fixture
def data(session):
    found, sources = loaded_once()
    session.sources.update(sources)
    assert set(session.sources) == LOADED
    return found


def sources(experiment, **grid):
    return set(lab.study(experiment, run="00/provenance", seeds=1, **grid).attrs["sources"])


def using(*items):
    """An experiment that holds some objects."""
    return lambda seed: {"n": len(items)}


def relabelled(mnist):
    split = dataclasses.replace(mnist.train, labels=mnist.train.labels.flip(0))
    return dataclasses.replace(mnist, train=split)


@pytest.mark.parametrize(
    ("pick", "found"),
    [
        (lambda data: data["mnist"], {"mnist"}),
        (lambda data: data["cifar10"].test, {"cifar10"}),
        (lambda data: data["mnist"].train[:7], {"mnist"}),
        (lambda data: data["mnist"].val.batches(8), {"mnist"}),
        (lambda data: relabelled(data["mnist"]), {"mnist"}),
        (lambda data: [data["mnist"], {"more": data["cifar10"]}], {"mnist", "cifar10"}),
        (lambda data: data["shakespeare"], {"shakespeare"}),
        (lambda data: data["shakespeare"].val[:50], {"shakespeare"}),
        (lambda data: data["shakespeare"].train.batches(2, 8), {"shakespeare"}),
        (lambda data: lab.load_text("language").train, set()),
        (lambda data: 3, set()),
        (lambda data: torch.tensor(3.0), set()),
        (lambda data: nn.CrossEntropyLoss(), set()),
        (lambda data: types.SimpleNamespace(origin=[0, 0]), set()),  # an origin of another kind
        (lambda data: lab.ImageData, set()),  # the class itself
    ],
)
def test_rows_name_the_data_that_their_experiment_uses(data, pick, found):
    assert sources(using(pick(data))) == found


@pytest.mark.parametrize(
    "pick",
    [
        lambda data: data["mnist"].train.images.float().mean((0, 1)),
        lambda data: data["mnist"].train.labels.numpy(),
        lambda data: pd.DataFrame({"label": data["mnist"].train.labels}),
        lambda data: lab.Split(*(getattr(data["mnist"].val, name) for name in PARTS)),
        lambda data: nn.Linear(2, 1),  # trained on one of them, perhaps
        lambda data: lab.load_data,
        lambda data: [data["cifar10"], torch.zeros(3)],
    ],
)
def test_where_numbers_may_come_from_any_data_all_are_named(data, pick):
    assert sources(using(pick(data))) == LOADED


def test_a_data_set_among_the_factors_counts(data):
    assert sources(lambda seed, part: {"n": len(part)}, part=[data["cifar10"].val]) == {"cifar10"}


def test_what_a_call_loads_counts(data):
    @functools.cache
    def loaded():
        return lab.load_data("cifar10")

    assert "cifar10" in sources(lambda seed: {"n": len(lab.load_data("cifar10").val)})
    assert "cifar10" in sources(lambda seed: {"n": len(loaded().val)})
    assert "cifar10" in sources(lambda seed: {"n": len(loaded().val)})  # which loads nothing now


def test_the_name_of_a_data_set_is_no_part_of_its_fingerprint(data):
    """Or every published row would be lost."""
    split, text = data["mnist"].val, data["shakespeare"].val
    assert describe(split) == describe(dataclasses.replace(split, origin="other"))
    assert describe(text) == describe(dataclasses.replace(text, _origin="other"))
