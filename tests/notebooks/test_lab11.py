"""Lab 11's network, initial weights and Holm's correction, as they stand in the notebook, each
against an oracle.
"""

import itertools
import zlib

import numpy as np
import pytest
import torch
from notebook_code import compiled
from scipy.stats import false_discovery_control
from torch import nn

import labhelpers as lab
from labhelpers.exercises.lab10.receptive_field import receptive_field
from labhelpers.exercises.lab11.discoveries import discoveries


@pytest.fixture(scope="module")
def notebook():
    inits = {"zeros": nn.init.zeros_, "normal 1": lambda weight: nn.init.normal_(weight, std=1.0)}
    scope = {
        "torch": torch,
        "nn": nn,
        "np": np,
        "lab": lab,
        "pairwise": itertools.pairwise,
        "zlib": zlib,
        "inits": inits,
    }
    scope |= {"widths": (3, 4, 5), "hidden": 6}
    return compiled(
        "11-design-choices.ipynb", ("ConvUnit", "conv_blocks", "CNN", "build", "holm"), scope
    )


SWITCHES = [
    {}, {"kernel": 1}, {"kernel": 5}, {"convs": (1,)}, {"convs": (2, 2)}, {"convs": (1, 1, 1)},
    {"skip": True}, {"batch_norm": True}, {"global_pool": True},
    {"dropout": 0.5}, {"activation": nn.GELU},
]  # fmt: skip


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_every_layer_of_the_same_shape_starts_from_the_same_numbers(notebook, switches):
    torch.manual_seed(1)  # must not matter
    base, model = notebook["build"](0), notebook["build"](0, **switches)
    assert model(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    others = dict(model.named_modules())
    shared = []
    for name, layer in base.named_modules():
        twin = others.get(name)
        if (
            isinstance(layer, nn.Conv2d | nn.Linear)
            and twin
            and twin.weight.shape == layer.weight.shape
        ):
            assert torch.equal(layer.weight, twin.weight) and torch.equal(layer.bias, twin.bias)
            shared.append(name)
    assert "head" in shared
    assert not torch.equal(base.head.weight, notebook["build"](1).head.weight)


def test_a_skip_adds_the_input_before_the_activation(notebook):
    torch.manual_seed(0)
    unit = notebook["ConvUnit"](2, 4, 3, nn.Tanh, batch_norm=False, skip=True)
    x = torch.randn(3, 2, 5, 5)
    padded = torch.cat([x, torch.zeros(3, 2, 5, 5)], dim=1)
    torch.testing.assert_close(unit(x), torch.tanh(unit.conv(x) + padded))


def test_holm_is_bonferroni_on_every_group(notebook):
    p = np.random.default_rng(0).uniform(size=6) ** 4
    groups = [
        list(group) for size in range(1, 7) for group in itertools.combinations(range(6), size)
    ]
    expected = [
        max(min(1, len(group) * p[group].min()) for group in groups if i in group) for i in range(6)
    ]
    np.testing.assert_allclose(notebook["holm"](p), expected)


def test_the_receptive_field_is_what_the_gradient_reaches(notebook):
    for switches, layers in (
        ({}, [(3, 1), (2, 2), (3, 1), (2, 2)]),
        ({"kernel": 5, "convs": (1, 1, 1)}, [(5, 1), (2, 2)] * 3),
        ({"convs": (2, 2)}, [(3, 1), (3, 1), (2, 2), (3, 1), (3, 1), (2, 2)]),
    ):
        model = notebook["build"](0, activation=nn.Identity, **switches).double()
        for (
            module
        ) in model.modules():  # the mean reaches every pixel that the maximum may come from
            if isinstance(module, nn.Sequential) and isinstance(module[-1], nn.MaxPool2d):
                module[-1] = nn.AvgPool2d(2)
        x = torch.randn(1, 1, 28, 28, dtype=torch.float64, requires_grad=True)
        maps = model.blocks(x)
        middle = maps.shape[-1] // 2
        maps[0, :, middle, middle].sum().backward()
        reached = x.grad[0, 0].abs().sum(0).nonzero()
        assert reached.max() - reached.min() + 1 == min(28, receptive_field(layers))


def test_discoveries_are_those_of_scipy():
    generator = np.random.default_rng(0)
    for _ in range(50):
        p = list(generator.uniform(size=12) ** 3)
        assert discoveries(p) == [bool(value <= 0.05) for value in false_discovery_control(p)]
