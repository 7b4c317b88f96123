"""Lab 06b, exercise `importance_bound`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise


def importance_bound(log_weights):
    """logsumexp takes out the largest logarithm first, so that nothing under- or overflows."""
    return log_weights.logsumexp(0) - math.log(len(log_weights))


def _log_weights():
    generator = torch.Generator().manual_seed(64)
    levels = (
        (5, 3, 0),
        (20, 4, -8),
        (8, 3, -1e3),
        (6, 3, torch.tensor([0.0, -1e3, -2e3])),  # each image has a level of its own
    )
    return [(2 * torch.randn(k, n, generator=generator) + level,) for k, n, level in levels]


exercise = Exercise(
    importance_bound,
    _log_weights,
    hints=[
        "Average the weights, not their logarithms; then take the logarithm.",
        (
            "The exponential of -1000 is 0. Take the largest logarithm out of the sum "
            "first, and add it at the end."
        ),
        (
            "torch.logsumexp does that. From the sum to the mean it is a division by k, in "
            "logarithms a subtraction."
        ),
    ],
)


@exercise.mistake(
    "the mean of the logarithms is the ELBO with k draws: no tighter than with one. Average "
    "the weights first, then take the logarithm."
)
def _mean_of_logs(log_weights):
    return log_weights.mean(0)


@exercise.mistake(
    "right on paper, but exp underflows: around -1000 every weight is 0, and its logarithm "
    "minus infinity. Use logsumexp."
)
def _underflow(log_weights):
    return log_weights.exp().mean(0).log()


@exercise.mistake(
    "this is the logarithm of the sum: subtract log(k) for the mean. Without it the bound "
    "grows with k forever."
)
def _sum_of_weights(log_weights):
    return log_weights.logsumexp(0)


@exercise.mistake("the mean runs over images: average over the k draws of each image, axis 0.")
def _over_images(log_weights):
    return log_weights.logsumexp(1) - math.log(log_weights.shape[1])


@exercise.mistake("the largest weight alone: an average has all of them.")
def _largest(log_weights):
    return log_weights.amax(0)


@exercise.mistake("return one bound for each image, not their mean.")
def _one_number(log_weights):
    return importance_bound(log_weights).mean()


@exercise.mistake(
    "one maximum for all images: where another image's weights are far larger, an image's "
    "own underflow. Take each image's largest, or logsumexp(0)."
)
def _one_maximum(log_weights):
    return (log_weights - log_weights.max()).exp().mean(0).log() + log_weights.max()


@exercise.mistake("return the logarithm: p(x) itself is too small to be handled.")
def _weights_not_logs(log_weights):
    return importance_bound(log_weights).exp()
