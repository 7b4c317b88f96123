"""Lab 06b, exercise `effective_sample_size`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def effective_sample_size(log_weights):
    """(Σ w)² / Σ w² of each image, which does not change when all its weights are scaled."""
    return 1 / log_weights.softmax(0).square().sum(0)


def _log_weights():
    generator = torch.Generator().manual_seed(64)
    levels = (
        (5, 3, 0.0),
        (8, 3, -1e3),
        (6, 4, torch.tensor([0.0, -1e3, -2e3, -300.0])),  # each image has a level of its own
    )
    return [(1.5 * torch.randn(k, n, generator=generator) + level,) for k, n, level in levels]


exercise = Exercise(
    effective_sample_size,
    _log_weights,
    hints=[
        "Equal weights must give k, a single large one 1. Check both with the formula.",
        "The size of the weights does not matter: divide them by their sum before you square.",
        "log_weights.softmax(0) are these shares, however small the weights; then 1 / Σ share².",
    ],
)


@exercise.mistake(
    "exp underflows: around -1000 every weight is 0, and 0 / 0 is not a number. Use shares, by "
    "softmax."
)
def _underflow(log_weights):
    weights = log_weights.exp()
    return weights.sum(0).square() / weights.square().sum(0)


@exercise.mistake(
    "one maximum for all images: where another image's weights are far larger, an image's own "
    "underflow. Each image has its own: softmax(0)."
)
def _one_maximum(log_weights):
    weights = (log_weights - log_weights.max()).exp()
    return weights.sum(0).square() / weights.square().sum(0)


@exercise.mistake("this runs over the images: the k draws of one image share, axis 0.")
def _over_images(log_weights):
    return 1 / log_weights.softmax(1).square().sum(1)


@exercise.mistake("upside down: one draw that has all the weight must give 1, equal ones k.")
def _reciprocal(log_weights):
    return log_weights.softmax(0).square().sum(0)


@exercise.mistake("this is the share of the draws that count, from 0 to 1: multiply by k.")
def _share(log_weights):
    return effective_sample_size(log_weights) / len(log_weights)


@exercise.mistake("the shares are not squared: their sum is 1 whatever the weights.")
def _not_squared(log_weights):
    return 1 / log_weights.softmax(0).sum(0)


@exercise.mistake(
    "these are the logarithms taken for the weights: take their exponential, by softmax."
)
def _logarithms(log_weights):
    return log_weights.sum(0).square() / log_weights.square().sum(0)


@exercise.mistake(
    "this is one over the largest share, another count: here all shares are squared and added."
)
def _largest(log_weights):
    return 1 / log_weights.softmax(0).amax(0)


@exercise.mistake("k times too much: for k equal weights 1 / Σ share² is k already.")
def _times_draws(log_weights):
    return len(log_weights) * effective_sample_size(log_weights)
