"""Lab 12, exercise `softmax_floor`."""

from __future__ import annotations

import math

from labhelpers.exercises.grading import Exercise


def softmax_floor(num_classes):
    """The best that softmax can hand over is 1 for the right class and 0 for the others."""
    return -math.log(math.e / (math.e + num_classes - 1))


def _inputs():
    return [(10,), (2,), (100,)]


exercise = Exercise(
    softmax_floor,
    _inputs,
    hints=[
        (
            "What are the best ten numbers that a softmax can hand over, and what does "
            "cross-entropy make of them?"
        ),
        (
            "It takes 1 for the right class and 0 for each other as logits, and applies "
            "softmax once more."
        ),
        "The right class gets e / (e + K - 1) then. The loss is minus the logarithm of that.",
    ],
)


@exercise.mistake(
    "0 is the floor of a loss that is fed logits without bound. These lie between 0 and 1."
)
def _no_floor(num_classes):
    return 0.0


@exercise.mistake("ln K is the loss of a network without opinion. This one may be certain.")
def _blind(num_classes):
    return math.log(num_classes)


@exercise.mistake("besides the right class there are K - 1 others.")
def _one_class_too_many(num_classes):
    return -math.log(math.e / (math.e + num_classes))


@exercise.mistake("this is the probability: the loss is minus its logarithm.")
def _probability(num_classes):
    return math.e / (math.e + num_classes - 1)


@exercise.mistake("this is in bits: nats come from the natural logarithm.")
def _in_bits(num_classes):
    return softmax_floor(num_classes) / math.log(2)
