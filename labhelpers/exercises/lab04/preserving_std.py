"""Lab 04, exercise `preserving_std`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise


def preserving_std(weight):
    """He et al. 2015, equation 14: the square root of 2 / fan-out."""
    fan_out = weight[:, 0].numel()  # all that one input feeds: outputs × height × width
    return math.sqrt(2 / fan_out)


def _inputs():
    return [
        (torch.zeros(16, 8, 3, 3),),
        (torch.zeros(8, 32, 1, 1),),
        (torch.zeros(4, 3, 5, 5),),
    ]


exercise = Exercise(
    preserving_std,
    _inputs,
    hints=[
        "On the way back an input collects a product from every output that it feeds. How many?",
        "ReLU passes half of the power, so that number · variance / 2 has to be 1.",
        (
            "An input feeds every output channel at height × width places: the fan-out. The "
            "standard deviation is the root of the variance."
        ),
    ],
)


@exercise.mistake(
    "this uses the fan-in, inputs × area: it preserves the signal on the way forward, not the "
    "gradient on the way back."
)
def _fan_in(weight):
    return math.sqrt(2 / weight[0].numel())


@exercise.mistake(
    "an input feeds every output channel at height × width places: the kernel's area counts too."
)
def _forget_kernel_area(weight):
    return math.sqrt(2 / weight.shape[0])


@exercise.mistake(
    "1 / fan-out is right without a nonlinearity: ReLU passes only half of the power, hence He's 2."
)
def _forget_relu(weight):
    return math.sqrt(1 / weight[:, 0].numel())


@exercise.mistake("this is the variance: the standard deviation is its root.")
def _variance(weight):
    return 2 / weight[:, 0].numel()


@exercise.mistake("one input does not meet all the weights: leave the number of inputs out.")
def _all_weights(weight):
    return math.sqrt(2 / weight.numel())


@exercise.mistake(
    "this is the mean of fan-in and fan-out, a compromise (Glorot and Bengio 2010): the way back "
    "alone asks for the fan-out."
)
def _mean_of_both(weight):
    return math.sqrt(4 / (weight[0].numel() + weight[:, 0].numel()))


@exercise.mistake(
    "this is Glorot's, for fan-in and fan-out together and without ReLU: the way back alone asks "
    "for 2 / fan-out."
)
def _glorot(weight):
    return math.sqrt(2 / (weight[0].numel() + weight[:, 0].numel()))
