"""Lab 04, exercise `layer_gradient_norms`."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from labhelpers.exercises.grading import Exercise


def layer_gradient_norms(model, x, y):
    """Norm of the cross-entropy's gradient for every module over its own parameters, by name."""
    model.zero_grad()  # what an earlier backward left would be added to
    F.cross_entropy(model(x), y).backward()
    norms = {}
    for name, module in model.named_modules():
        grads = [p.grad for p in module.parameters(recurse=False) if p.grad is not None]
        if grads:
            norms[name] = math.sqrt(sum(grad.square().sum().item() for grad in grads))
    return norms


class _Pair(nn.Module):
    """Two layers and a scale of its own: a module with both parameters and children."""

    def __init__(self, inner):
        super().__init__()
        self.scale, self.inner, self.unused = (
            nn.Parameter(torch.tensor([2.0])),
            inner,
            nn.Linear(2, 2),
        )

    def forward(self, x):
        return self.scale * self.inner(x)


def _models():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        plain = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
        nested = _Pair(
            nn.Sequential(
                nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3)
            )
        )
        labels = torch.randint(3, (6,))
        return [(plain, torch.randn(6, 4), labels), (nested, torch.randn(6, 1, 4, 4), labels)]


exercise = Exercise(
    layer_gradient_norms,
    _models,
    hints=[
        "Forward, cross-entropy, backward; then look at .grad.",
        (
            "model.named_modules() gives every module; module.parameters(recurse=False) "
            "those it owns itself."
        ),
        "The norm over weight and bias together is the root of the sum of all squares in both.",
        (
            "A layer that the loss does not reach has .grad None: leave it out, and modules "
            "for which nothing is left."
        ),
    ],
)


def _norms_with(model, x, y, combine, recurse=False):
    F.cross_entropy(model(x), y).backward()
    found = {
        name: list(module.parameters(recurse=recurse)) for name, module in model.named_modules()
    }
    reached = {name: [p for p in own if p.grad is not None] for name, own in found.items()}
    return {name: combine(own) for name, own in reached.items() if own}


@exercise.mistake(
    "weight and bias are two parts of one long vector: add their squares and take the root "
    "at the end, do not add their norms."
)
def _add_norms(model, x, y):
    return _norms_with(model, x, y, lambda own: sum(p.grad.norm().item() for p in own))


@exercise.mistake("this is the sum of the squares: the root is missing.")
def _forget_root(model, x, y):
    return _norms_with(model, x, y, lambda own: sum(p.grad.square().sum().item() for p in own))


@exercise.mistake(
    "a module's parameters() include those of its children, so containers count their "
    "layers again: use recurse=False."
)
def _count_children(model, x, y):
    return _norms_with(
        model,
        x,
        y,
        lambda own: torch.cat([p.grad.flatten() for p in own]).norm().item(),
        recurse=True,
    )


@exercise.mistake(
    "only `weight` is counted: biases have gradients too, and so have parameters of other names."
)
def _weights_only(model, x, y):
    F.cross_entropy(model(x), y).backward()
    weights = {name: getattr(module, "weight", None) for name, module in model.named_modules()}
    return {
        name: w.grad.norm().item()
        for name, w in weights.items()
        if w is not None and w.grad is not None
    }


@exercise.mistake(
    "these are the norms of the parameters themselves, not of their gradients: use p.grad."
)
def _norm_of_parameters(model, x, y):
    return _norms_with(
        model, x, y, lambda own: torch.cat([p.detach().flatten() for p in own]).norm().item()
    )
