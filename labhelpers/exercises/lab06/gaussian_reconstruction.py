"""Lab 06, exercise `gaussian_reconstruction`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise


def gaussian_reconstruction(prediction, x, deviation):
    """The squared error in units of 2σ², and the price of σ itself: summed over pixels, averaged
    over images.
    """
    error = (x - prediction).square() / (2 * deviation**2)
    return (error + _price_of(deviation)).sum(1).mean()


def _price_of(deviation):
    """What each pixel costs where the prediction is exact."""
    return math.log(deviation) + 0.5 * math.log(2 * math.pi)


def _batches():
    generator = torch.Generator().manual_seed(66)
    return [
        (
            torch.rand(n, pixels, generator=generator),
            torch.rand(n, pixels, generator=generator),
            deviation,
        )
        for n, pixels, deviation in ((2, 4, 0.5), (3, 9, 0.1), (6, 25, 2.0))
    ]


exercise = Exercise(
    gaussian_reconstruction,
    _batches,
    hints=[
        "Write the density of one normally distributed pixel, and take minus its logarithm.",
        "Three parts for each pixel: (x - prediction)² / (2σ²), log σ, and ½ log 2π.",
        "Sum over the pixels, axis 1, as the Bernoulli term does; then the mean over the images.",
    ],
)


@exercise.mistake(
    "this is the squared error: it is −log p(x|z) only up to a constant, and only for σ² = 1/2."
)
def _squared_error(prediction, x, deviation):
    return (x - prediction).square().sum(1).mean()


@exercise.mistake(
    "the pixels are averaged: that weighs the KL as many times too much as there are pixels. Sum."
)
def _pixels_averaged(prediction, x, deviation):
    return gaussian_reconstruction(prediction, x, deviation) / x.shape[1]


@exercise.mistake(
    "log σ and ½ log 2π are missing: then a small σ costs nothing, and cannot be learned."
)
def _without_the_constants(prediction, x, deviation):
    return ((x - prediction).square() / (2 * deviation**2)).sum(1).mean()


@exercise.mistake("½ log 2π is missing: each pixel owes it, and nats are compared with it.")
def _without_pi(prediction, x, deviation):
    error = (x - prediction).square() / (2 * deviation**2)
    return (error + math.log(deviation)).sum(1).mean()


@exercise.mistake("the error is divided by 2σ: the exponent holds the variance, 2σ².")
def _deviation_for_variance(prediction, x, deviation):
    error = (x - prediction).square() / (2 * deviation)
    return (error + _price_of(deviation)).sum(1).mean()


@exercise.mistake("the ½ before the squared error is missing.")
def _without_the_half(prediction, x, deviation):
    error = (x - prediction).square() / deviation**2
    return (error + _price_of(deviation)).sum(1).mean()


@exercise.mistake("the sum over images grows with the batch: take the mean over them.")
def _summed_over_images(prediction, x, deviation):
    return gaussian_reconstruction(prediction, x, deviation) * len(x)


@exercise.mistake("this is log p(x|z), which one would make large: the loss is its negative.")
def _sign(prediction, x, deviation):
    return -gaussian_reconstruction(prediction, x, deviation)


@exercise.mistake("this is the mean squared error: neither summed over pixels nor in units of 2σ².")
def _mean_squared_error(prediction, x, deviation):
    return (x - prediction).square().mean()


@exercise.mistake("log σ² without its ½ counts log σ twice.")
def _log_of_the_variance(prediction, x, deviation):
    return gaussian_reconstruction(prediction, x, deviation) + x.shape[1] * math.log(deviation)


@exercise.mistake("log σ and ½ log 2π count once for each image: every pixel owes them.")
def _constants_once(prediction, x, deviation):
    return _without_the_constants(prediction, x, deviation) + _price_of(deviation)
