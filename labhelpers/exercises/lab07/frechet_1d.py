"""Lab 07, exercise `frechet_1d`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def frechet_1d(a, b):
    """The squared difference of the means plus that of the standard deviations."""
    return ((a.mean() - b.mean()) ** 2 + (a.std() - b.std()) ** 2).item()


def _line_inputs():
    generator = torch.Generator().manual_seed(73)
    draws = [torch.randn(n, generator=generator, dtype=torch.float64) for n in (9, 5, 30, 20)]
    return [
        (draws[0], 3 + 2 * draws[1]),
        (draws[2], 0.2 * draws[3] - 1),
        (draws[1], draws[1] + 0.5),
    ]


exercise = Exercise(
    frechet_1d,
    _line_inputs,
    hints=[
        "Fit a Gaussian to each set: two numbers each.",
        "In one dimension σ² + s² - 2 √(σ² s²) is a square. Of what?",
        "(a.mean() - b.mean())² + (a.std() - b.std())²",
    ],
)


@exercise.mistake(
    "the means alone do not see a collapse: a set of equal samples can have the right mean."
)
def _means_only(a, b):
    return ((a.mean() - b.mean()) ** 2).item()


@exercise.mistake(
    "it is the standard deviations that are subtracted and squared, not the variances."
)
def _variances(a, b):
    return ((a.mean() - b.mean()) ** 2 + (a.var() - b.var()) ** 2).item()


@exercise.mistake("no root at the end: like FID, this is the squared distance.")
def _root_taken(a, b):
    return frechet_1d(a, b) ** 0.5


@exercise.mistake("the differences are squared.")
def _absolute(a, b):
    return ((a.mean() - b.mean()).abs() + (a.std() - b.std()).abs()).item()


@exercise.mistake(
    "the variances are those that divide by n, as NumPy does: fit the Gaussians with n - 1, "
    "as torch.std and lab.frechet_distance do."
)
def _divided_by_n(a, b):
    return ((a.mean() - b.mean()) ** 2 + (a.std(correction=0) - b.std(correction=0)) ** 2).item()


@exercise.mistake("the cross term -2 σ s is missing: equal sets must have the distance 0.")
def _no_cross_term(a, b):
    return ((a.mean() - b.mean()) ** 2 + a.var() + b.var()).item()


@exercise.mistake("σ² + s² - 2 σ s is (σ - s)², not |σ² - s²|.")
def _variance_difference(a, b):
    return ((a.mean() - b.mean()) ** 2 + (a.var() - b.var()).abs()).item()


@exercise.mistake("the root is missing in the cross term: it is 2 √(σ² s²), that is 2 σ s.")
def _cross_without_root(a, b):
    return ((a.mean() - b.mean()) ** 2 + a.var() + b.var() - 2 * a.var() * b.var()).item()
