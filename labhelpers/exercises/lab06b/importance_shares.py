"""Lab 06b, exercise `importance_shares`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def importance_shares(log_weights):
    """The derivative of log Σ exp is the softmax, over the draws of each image."""
    return log_weights.softmax(0)


def _logarithms():
    generator = torch.Generator().manual_seed(68)
    return [
        (5 * torch.randn(3, 2, generator=generator),),
        (torch.randn(6, 4, generator=generator) - 1000,),
        (3 * torch.randn(2, 2, generator=generator) - 90,),
        (torch.randn(4, 3, generator=generator) + torch.tensor([0.0, -1e3, -300.0]),),  # by image
    ]


exercise = Exercise(
    importance_shares,
    _logarithms,
    hints=[
        "Differentiate log (1/k) Σ exp(log w) by one log w: what stands in the denominator?",
        "Each image has its own draws: its shares sum to 1 over axis 0.",
        "exp(-1000) is 0 for a computer: use a function that takes logarithms.",
    ],
)


@exercise.mistake("these sum to 1 over the images: the draws of one image share, axis 0.")
def _over_images(log_weights):
    return log_weights.softmax(1)


@exercise.mistake("all draws of all images share here: each image has its own k draws.")
def _over_everything(log_weights):
    return log_weights.flatten().softmax(0).view_as(log_weights)


@exercise.mistake("every draw counts alike here: that is the gradient of the plain bound.")
def _equal(log_weights):
    return torch.full_like(log_weights, 1 / len(log_weights))


@exercise.mistake("these are the logarithms of the shares: take their exponential.")
def _logarithm(log_weights):
    return log_weights.log_softmax(0)


@exercise.mistake("the shares are divided by k once more: they have to sum to 1.")
def _mean(log_weights):
    return log_weights.softmax(0) / len(log_weights)


@exercise.mistake("the sign is turned: the *most* probable draws count most.")
def _sign(log_weights):
    return (-log_weights).softmax(0)


@exercise.mistake(
    "exp underflows: around -1000 every weight is 0, and 0 / 0 is not a number. softmax(0) takes "
    "the logarithms as they are."
)
def _underflow(log_weights):
    weights = log_weights.exp()
    return weights / weights.sum(0)


@exercise.mistake(
    "one maximum for all images: where another image's weights are far larger, an image's own "
    "underflow. Each image has its own: softmax(0)."
)
def _one_maximum(log_weights):
    return _underflow(log_weights - log_weights.max())
