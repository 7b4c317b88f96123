"""Lab 04's own functions, taken from its notebook: the factor per layer, cosines along a line."""

import math

import pytest
import torch
import torch.nn.functional as F
from notebook_code import compiled

import labhelpers as lab

NAMES = ["typical_factor", "line_similarity", "settle"]


@pytest.fixture
def notebook():
    return compiled("04-gradient-flow.ipynb", NAMES, {"torch": torch, "F": F, "math": math})


def test_a_wide_layer_divides_the_gradient_by_the_root_of_six(notebook):
    lab.seed_everything(1)
    assert notebook["typical_factor"](128, networks=100) == pytest.approx(math.sqrt(6), rel=0.03)


def test_a_narrow_layer_typically_divides_it_by_more(notebook):
    lab.seed_everything(1)
    found = notebook["typical_factor"](16, networks=1000)
    assert found == pytest.approx(math.sqrt(6) * math.exp(5 / 64), rel=0.03)


def test_gradients_of_a_linear_function_agree_everywhere(notebook):
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 3))
    cosines = notebook["line_similarity"](model, torch.rand(3, 2, 2), torch.rand(3, 2, 2), points=5)
    torch.testing.assert_close(cosines, torch.ones(5, 5, dtype=torch.float64))


def test_settled_batch_norm_has_the_statistics_of_its_one_batch(notebook):
    norm, x = torch.nn.BatchNorm2d(2), 3 * torch.randn(16, 2, 4, 4) + 1
    settled = notebook["settle"](torch.nn.Sequential(norm), x)
    assert not settled.training
    torch.testing.assert_close(norm.running_mean, x.mean((0, 2, 3)))
