"""Lab 07, exercise `best_value`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise


def best_value(p, q):
    """Σ p ln(p / (p + q)) + q ln(q / (p + q)), where 0 ln 0 counts as 0."""

    def terms(x):
        return torch.special.xlogy(x, x)  # x ln x, and 0 at 0

    return (terms(p) + terms(q) - terms(p + q)).sum().item()


def _inputs():
    pairs = [
        ([0.5, 0.3, 0.2], [0.2, 0.2, 0.6]),
        ([0.25, 0.25, 0.5], [0.25, 0.25, 0.5]),  # equal: -2 ln 2
        ([0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.1, 0.9]),  # no overlap: 0
        ([0.125] * 8 + [0.0], [1 / 3] * 3 + [0.0] * 6),  # the ring, and a place without points
    ]
    return [tuple(torch.tensor(x, dtype=torch.float64) for x in pair) for pair in pairs]


exercise = Exercise(
    best_value,
    _inputs,
    hints=[
        "The best discriminator is D = p / (p + q), outcome by outcome: put it into V.",
        "Σ p ln D + q ln(1 - D), with 1 - D = q / (p + q).",
        "An outcome of probability 0 adds nothing, but 0 * log(0) is NaN. torch.special.xlogy(x, y)"
        " is x ln y, and 0 where x is 0.",
    ],
)


@exercise.mistake("0 · ln 0 comes out as NaN: an outcome of probability 0 must add nothing.")
def _not_a_number(p, q):
    D = p / (p + q)
    return (p * D.log() + q * (1 - D).log()).sum().item()


@exercise.mistake("this is the Jensen-Shannon divergence: the value is twice that, less 2 ln 2.")
def _divergence(p, q):
    return best_value(p, q) / 2 + math.log(2)


@exercise.mistake("this is the value at D = 1/2, which is the best one only if p = q.")
def _half(p, q):
    return -2 * math.log(2)


@exercise.mistake("the logarithm is the natural one.")
def _bits(p, q):
    return best_value(p, q) / math.log(2)


@exercise.mistake("the fakes' half is missing: the expectation of ln(1 - D) under q.")
def _real_half(p, q):
    return torch.special.xlogy(p, p).sum().item() - torch.special.xlogy(p, p + q).sum().item()


@exercise.mistake("this is the value with its sign turned: the discriminator's loss.")
def _loss(p, q):
    return -best_value(p, q)


@exercise.mistake("p and q are probabilities: their terms are summed, not averaged over outcomes.")
def _mean(p, q):
    return best_value(p, q) / len(p)


@exercise.mistake("this is half of it: the value is the sum of the two expectations, not a mean.")
def _halved(p, q):
    return best_value(p, q) / 2
