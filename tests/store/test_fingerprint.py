"""Fingerprints: what counts as a change, and how it is put into words."""

import dataclasses
import functools
import itertools
import linecache
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labhelpers as lab
from labhelpers.store.fingerprint import describe, differences, digest

CELLS = itertools.count()


def function(source, **names):
    """Define ``f`` as a notebook cell would, in a namespace of its own."""
    space = {"__name__": "__main__", "F": F, "torch": torch, **names}
    name = f"<cell {next(CELLS)}>"
    linecache.cache[name] = (
        len(source),
        None,
        source.splitlines(keepends=True),
        name,
    )  # as IPython
    exec(compile(source, name, "exec"), space)
    return space["f"]


def changes(old, new):
    return ", ".join(differences({"step": describe(old)}, {"step": describe(new)}))


def test_a_changed_global_is_named_with_both_values():
    source = "def f(x):\n    return beta * x"
    assert (
        changes(function(source, beta=1.0), function(source, beta=4.0))
        == "beta changed from 1.0 to 4.0"
    )
    assert changes(function(source, beta=1.0), function(source, beta=1.0)) == ""


def test_changed_code_shows_but_moved_lines_and_attributes_do_not():
    first = function("def f(x):\n    return x.mean() * 2")
    assert changes(first, function("\n\ndef f(x):\n    # why\n    return x.mean() * 2")) == ""
    assert changes(first, function("def f(x):\n    return x.mean() * 2", mean=3)) == ""
    assert changes(first, function("def f(x):\n    return x.mean() * 3")) == "the code of f changed"


def test_helpers_that_a_function_calls_count():
    source = "def f(x):\n    return helper(x)"
    helpers = [function(f"def f(x):\n    return x + {n}") for n in (1, 1, 2)]
    first, same, other = (function(source, helper=helper) for helper in helpers)
    assert changes(first, same) == ""
    assert changes(first, other) == "the code of f changed"


def test_defaults_closures_partials_and_classes_count():
    def outer(k):
        return lambda x: x * k

    assert changes(outer(1), outer(2)) == "k changed from 1 to 2"
    assert changes(functools.partial(max, 1), functools.partial(max, 2)) == "step changed"
    assert (
        changes(function("def f(x, n=1): return n"), function("def f(x, n=2): return n"))
        == "defaults changed"
    )
    nets = [function(f"class f:\n    def g(self):\n        return {n}") for n in (1, 1, 2)]
    assert changes(nets[0], nets[1]) == "" and changes(nets[0], nets[2]) == "the code of f changed"


def test_tensors_that_are_used_count_and_parameters_do_not():
    source = "def f(x):\n    return weights * x"
    first, other = torch.ones(3), torch.zeros(3)
    assert (
        changes(function(source, weights=first), function(source, weights=other))
        == "weights changed"
    )
    trained = [nn.Parameter(first), nn.Parameter(other)]
    assert changes(function(source, weights=trained[0]), function(source, weights=trained[1])) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (nn.Conv2d(1, 2, 3, stride=1), nn.Conv2d(1, 2, 3, stride=2)),
        (nn.Dropout(0.1), nn.Dropout(0.2)),
        (nn.Sequential(nn.ReLU()), nn.Sequential(nn.Tanh())),
    ],
)
def test_an_architecture_shows_where_the_weights_do_not(old, new):
    assert changes(old, new) == "step changed" and changes(old, old) == ""


def test_training_does_not_change_how_an_optimizer_and_its_schedule_are_described():
    model = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    before = describe([optimizer, schedule])
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    schedule.step()
    model.eval()
    assert describe([optimizer, schedule]) == before
    assert changes(
        schedule, torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    ) == ("step_size changed from 1 to 2")
    assert (
        changes(optimizer, torch.optim.Adam(model.parameters(), lr=0.2))
        == "lr changed from 0.1 to 0.2"
    )


def test_rates_of_single_layers_count():
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))

    def groups(rate):
        return [{"params": model[0].parameters()}, {"params": model[1].parameters(), "lr": rate}]

    assert (
        changes(torch.optim.SGD(groups(0.1), lr=0.5), torch.optim.SGD(groups(0.2), lr=0.5))
        == "lr changed from 0.1 to 0.2"
    )
    optimizer = torch.optim.SGD(groups(0.1), lr=0.5)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    before = describe(optimizer)
    optimizer.step()
    schedule.step()
    assert describe(optimizer) == before  # rates that a schedule lowered are the same choice


def test_a_loader_is_described_by_its_data():
    def loader(fill, size=2):
        return torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(torch.full((4, 1), fill)), size
        )

    assert changes(loader(1.0), loader(1.0)) == ""
    assert changes(loader(1.0), loader(2.0)) == "tensors changed"
    assert changes(loader(1.0), loader(1.0, size=1)) == "batch_size changed from 2 to 1"


def test_an_object_counts_by_its_attributes_and_the_code_of_its_class():
    kinds = [
        function(f"class f:\n    def __init__(self, n): self.n = n\n    def g(self): return {k}")
        for k in (1, 2)
    ]
    assert (
        changes(kinds[0](1), kinds[0](1)) == ""
        and changes(kinds[0](1), kinds[0](2)) == "n changed from 1 to 2"
    )
    assert changes(kinds[0](1), kinds[1](1)) == "the code of f changed"


def test_an_overridden_method_counts_as_overridden():
    nets = [
        function(f"class f(Net):\n    def forward(self, x):\n        return {n} * x", Net=lab.MLP)
        for n in (1, 1, 2)
    ]
    assert changes(nets[0], nets[1]) == "" and changes(nets[0], nets[2]) == "the code of f changed"


def test_a_description_is_the_same_in_another_process(tmp_path):
    source = "def f(x):\n    return x in {'a', 'b', 'c', 'd'}"
    script = tmp_path / "script.py"
    tail = "from labhelpers.store.fingerprint import describe, digest\nprint(digest(describe(f)))\n"
    script.write_text(f"{source}\n{tail}", encoding="utf-8")
    environment = os.environ | {"PYTHONHASHSEED": "7"}  # another order of sets
    child = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, check=True
    )
    assert child.stdout.strip() == digest(describe(function(source)))


def test_the_environment_counts_by_name_and_what_was_taken_from_it_by_value(monkeypatch):
    """It differs from one machine to the next: rows of lab 14 were found nowhere else."""
    monkeypatch.setenv("MODE", "a")
    whole = function("def f(x):\n    return os.environ.get('MODE')", os=os)
    taken = [function("def f(x):\n    return MODE", MODE=os.environ["MODE"])]
    before = describe(whole)
    monkeypatch.setenv("MODE", "b")
    taken.append(function("def f(x):\n    return MODE", MODE=os.environ["MODE"]))
    assert describe(whole) == before
    assert describe(taken[0]) != describe(taken[1])


def test_each_difference_is_said_once():
    old, new = (
        {"lr": 1, "optimizer": {"lr": 1, "kind": "SGD"}},
        {"lr": 2, "optimizer": {"lr": 2, "kind": "SGD"}},
    )
    assert differences(old, new) == ["lr changed from 1 to 2"]
    assert differences({"a": "#1", "b": "adam"}, {"a": "#2", "b": "sgd"}) == [
        "a changed",
        "b changed from adam to sgd",
    ]


def test_a_function_that_reads_the_session_is_the_same_in_any_folder_and_on_any_device(session):
    """Published rows are found by it, on machines that have other folders."""

    def experiment(seed):
        return {"loss": torch.zeros(1, device=current.device)}

    current = session
    here = describe(experiment)
    elsewhere = {"data": Path("/elsewhere"), "runs": Path("/runs"), "figures": Path("/figures")}
    current = dataclasses.replace(session, **elsewhere, device=torch.device("meta"))
    current.sources["more"] = "loaded in the meantime"
    assert describe(experiment) == here
    for other in ({"budget": "full"}, {"seed": 7}):
        current = dataclasses.replace(session, **other)
        assert describe(experiment) != here
