"""Lab 12, exercise `smoothed_floor`."""

from __future__ import annotations

import math

from labhelpers.exercises.grading import Exercise


def smoothed_floor(num_classes, smoothing):
    """Cross-entropy is least where the answer is the target, and is the target's entropy there."""
    other = smoothing / num_classes
    right = 1 - smoothing + other
    floor = -right * math.log(right)
    return floor - (num_classes - 1) * other * math.log(other) if other else floor


def _inputs():
    return [(10, 0.1), (2, 0.2), (100, 0.05), (10, 0.9), (10, 0.0)]


exercise = Exercise(
    smoothed_floor,
    _inputs,
    hints=[
        "Write down the K numbers that are the target now. They add up to 1.",
        (
            "Among all answers the cross-entropy is least for the answer that *is* the target "
            "(lab 13 calls what lies above it the divergence). Put it in."
        ),
        "One term for the right class, K - 1 equal ones for the others: the target's entropy.",
    ],
)


def _entropy(right, other, others):
    terms = [right, *[other] * others]
    return -sum(p * math.log(p) for p in terms if p > 0)


@exercise.mistake(
    "0 is the floor without smoothing. An answer that is certain now pays for the part of the "
    "target that lies on the other classes."
)
def _no_floor(num_classes, smoothing):
    return 0.0


@exercise.mistake(
    "PyTorch spreads the smoothing over all K classes, the right one included: it keeps "
    "1 - smoothing + smoothing / K."
)
def _spread_over_the_others(num_classes, smoothing):
    return _entropy(1 - smoothing, smoothing / (num_classes - 1), num_classes - 1)


@exercise.mistake(
    "the right class gets its own share of the smoothing as well: the target has to add up to 1."
)
def _does_not_add_up(num_classes, smoothing):
    return _entropy(1 - smoothing, smoothing / num_classes, num_classes - 1)


@exercise.mistake("this is the right class's term alone: the other classes have a share, too.")
def _right_class_only(num_classes, smoothing):
    return _entropy(1 - smoothing + smoothing / num_classes, 0, 0)


@exercise.mistake(
    "this is what the answer gives to the right class alone, as for labels without smoothing: "
    "weight the K logarithms with the target."
)
def _unweighted(num_classes, smoothing):
    return -math.log(1 - smoothing + smoothing / num_classes)


@exercise.mistake("one other class counts here: there are K - 1 of them.")
def _one_other(num_classes, smoothing):
    other = smoothing / num_classes
    return _entropy(1 - smoothing + other, other, 1)


@exercise.mistake("this is in bits: nats come from the natural logarithm.")
def _in_bits(num_classes, smoothing):
    return smoothed_floor(num_classes, smoothing) / math.log(2)


@exercise.mistake(
    "this is the price of giving the right class 1 - smoothing: the others have terms, too, and "
    "the right one keeps its smoothing / K."
)
def _price_of_the_rest(num_classes, smoothing):
    return -math.log(1 - smoothing)
