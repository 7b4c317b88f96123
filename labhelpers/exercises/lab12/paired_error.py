"""Lab 12, exercise `paired_error`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def paired_error(prediction, target):
    """Give both one dimension before they meet: (N, 1) against (N,) would broadcast to (N, N)."""
    return (prediction.flatten() - target.flatten()).square().mean().item()


def _pairs():
    generator = torch.Generator().manual_seed(123)
    inputs = []
    for n, shape, other in (
        (4, (4, 1), (4,)),
        (5, (5,), (5, 1)),
        (6, (6,), (6,)),
        (3, (3, 1), (3, 1)),
    ):
        prediction, target = (2 * torch.randn(2, n, generator=generator)).unbind()
        inputs.append((prediction.reshape(shape), target.reshape(other)))
    right = torch.tensor([1.0, 5.0, -2.0])
    return [*inputs, (right[:, None], right), (torch.tensor([[2.0]]), torch.tensor([5.0]))]


exercise = Exercise(
    paired_error,
    _pairs,
    hints=[
        "Print (prediction - target).shape for a prediction (4, 1) and a target (4,).",
        (
            "A dimension of length 1 is stretched: (4, 1) - (4,) is (4, 4), every prediction "
            "against every target. Both have to have one dimension first."
        ),
        "x.flatten() gives (N,) for (N, 1) as well as for (N,).",
    ],
)


@exercise.mistake(
    "(N, 1) - (N,) is broadcast to (N, N): this compares every prediction with every target, and "
    "says nothing about pairs. Not even a perfect prediction has error 0."
)
def _broadcast(prediction, target):
    return (prediction - target).square().mean().item()


@exercise.mistake(
    "squeeze on the prediction alone helps where that is (N, 1). Here the target has the second "
    "dimension."
)
def _one_side(prediction, target):
    return (prediction.squeeze(-1) - target).square().mean().item()


@exercise.mistake(
    "a dimension is added to the target whatever its shape: where both are (N,) this makes the "
    "(N, N) that it should prevent."
)
def _always_added(prediction, target):
    return (prediction - target.reshape(-1, 1)).square().mean().item()


@exercise.mistake("this is the sum over the pairs: divide by N.")
def _sum(prediction, target):
    return (prediction.flatten() - target.flatten()).square().sum().item()


@exercise.mistake("this is the mean of the differences, where signs cancel: square each first.")
def _not_squared(prediction, target):
    return (prediction.flatten() - target.flatten()).mean().item()


@exercise.mistake("this is the mean absolute difference: square, do not take the absolute value.")
def _absolute(prediction, target):
    return (prediction.flatten() - target.flatten()).abs().mean().item()
