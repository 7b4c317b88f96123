"""Lab 04, exercise `loss_slice`."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import nn

from labhelpers.exercises.grading import Exercise


def loss_slice(model, x, y, direction, radii):
    """Cross-entropy at weights + r * direction for every r; everything happens to a copy of the
    model.
    """
    moved, losses = copy.deepcopy(model), []
    with torch.no_grad():
        for r in radii:
            for start, weight, d in zip(
                model.parameters(), moved.parameters(), direction, strict=True
            ):
                weight.copy_(start + r * d)
            losses.append(F.cross_entropy(moved(x), y).item())
    return losses


def _slices():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(8)
        model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
        model(2 * torch.randn(16, 3) + 1)  # the running statistics leave their initial values
        x, y = torch.randn(12, 3), torch.randint(3, (12,))
        direction = [torch.randn_like(weight) for weight in model.parameters()]
        evaluated = copy.deepcopy(model).eval()
        radii = [-0.5, 0.1, 0.7]
        return [(model.train(), x, y, direction, radii), (evaluated, x, y, direction, [0.2, 0.4])]


exercise = Exercise(
    loss_slice,
    _slices,
    hints=[
        "Each r is measured from the original weights, not from where the last r ended.",
        (
            "Restoring the weights is not enough: a forward pass in training mode also "
            "moves running statistics."
        ),
        "copy.deepcopy(model) gives a model that you may change as you like.",
    ],
    observe=lambda model, x, y, direction, radii: (
        model.training,
        dict(model.state_dict()),
        [(weight.requires_grad, weight.grad is None) for weight in model.parameters()],
    ),
)


def _walk(model, x, y, direction, radii, back):
    losses, weights = [], list(model.parameters())
    start = [weight.detach().clone() for weight in weights]
    with torch.no_grad():
        for r in radii:
            for weight, origin, d in zip(weights, start, direction, strict=True):
                weight.copy_(origin + r * d)
            losses.append(F.cross_entropy(model(x), y).item())
        for weight, origin in zip(weights, start, strict=True):
            if back:
                weight.copy_(origin)
    return losses


@exercise.mistake(
    "the losses are right, but the model is left at the last r: put the weights back, or "
    "work on a copy."
)
def _stay_there(model, x, y, direction, radii):
    return _walk(model, x, y, direction, radii, back=False)


@exercise.mistake(
    "the losses are right and the weights are back, but batch norm's running statistics "
    "have moved: every forward pass in training mode changes them. Work on a copy."
)
def _forget_statistics(model, x, y, direction, radii):
    return _walk(model, x, y, direction, radii, back=True)


@exercise.mistake("the steps add up: each r has to start from the original weights.")
def _steps_add_up(model, x, y, direction, radii):
    moved, losses = copy.deepcopy(model), []
    with torch.no_grad():
        for r in radii:
            for weight, d in zip(moved.parameters(), direction, strict=True):
                weight.add_(r * d)
            losses.append(F.cross_entropy(moved(x), y).item())
    return losses


@exercise.mistake("this walks the other way: weights + r * direction.")
def _other_way(model, x, y, direction, radii):
    return loss_slice(model, x, y, [-d for d in direction], radii)


@exercise.mistake(
    "the losses are right, but they leave gradients in the model, which the next training "
    "step would add to its own: no backward() is needed here."
)
def _leave_gradients(model, x, y, direction, radii):
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    return loss_slice(model, x, y, direction, radii)


@exercise.mistake(
    "this switches to eval mode, so batch norm uses other statistics than in training: "
    "leave the mode."
)
def _in_eval_mode(model, x, y, direction, radii):
    return loss_slice(copy.deepcopy(model).eval(), x, y, direction, radii)
