"""Lab 04, exercise `preserving_std`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise


def preserving_std(weight):
    """He et al. 2015, equation 10: the square root of 2 / fan-in."""
    fan_in = weight[0].numel()  # all that one output sums over: inputs × height × width
    return math.sqrt(2 / fan_in)


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
        "How many products does one output value add up? That is the fan-in m.",
        "ReLU passes half of the power, so m · variance / 2 has to be 1.",
        "m = inputs × height × width, and the standard deviation is the root of the variance.",
    ],
)


@exercise.mistake(
    "the fan-in counts every product that an output adds up: channels × kernel height × "
    "kernel width."
)
def _forget_kernel_area(weight):
    return math.sqrt(2 / weight.shape[1])


@exercise.mistake(
    "this uses the fan-out, outputs × area: it preserves the gradient on the way back, not "
    "the signal on the way forward."
)
def _fan_out(weight):
    return math.sqrt(2 / weight[:, 0].numel())


@exercise.mistake(
    "1 / fan-in is right without a nonlinearity: ReLU passes only half of the power, hence He's 2."
)
def _forget_relu(weight):
    return math.sqrt(1 / weight[0].numel())


@exercise.mistake("this is the variance: the standard deviation is its root.")
def _variance(weight):
    return 2 / weight[0].numel()


@exercise.mistake("one output does not see all the weights: leave the number of outputs out.")
def _all_weights(weight):
    return math.sqrt(2 / weight.numel())
