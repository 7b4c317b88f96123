"""Lab 16, exercise `explained_variance`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def explained_variance(value, goal):
    """1 for perfect values, 0 for any constant, negative for worse than a constant."""
    return 1 - (goal - value).var() / goal.var()


def _inputs():
    generator = torch.Generator().manual_seed(7)
    cases = []
    for n, noise, shift in ((50, 0.3, 0.0), (20, 1.0, 5.0), (30, 9.0, -2.0)):
        goal = 4 * torch.randn(n, generator=generator)
        value = goal + noise * torch.randn(n, generator=generator) + shift
        cases.append((value, goal))
    return cases


exercise = Exercise(
    explained_variance,
    _inputs,
    hints=[
        "Which share of the goals' variance is left in the errors?",
        "1 − Var(goal − value) / Var(goal).",
        "A constant shift of all values changes no variance, so it must change nothing here.",
    ],
)


@exercise.mistake("this is the share that is *not* explained: subtract it from 1.")
def _left_over(value, goal):
    return (goal - value).var() / goal.var()


@exercise.mistake(
    "the mean squared error counts a constant shift, too (this is R²): use the errors' variance."
)
def _r_squared(value, goal):
    return 1 - (goal - value).square().mean() / goal.var(correction=0)


@exercise.mistake("divided by the variance of the values: it belongs below that of the goals.")
def _by_values(value, goal):
    return 1 - (goal - value).var() / value.var()


@exercise.mistake(
    "Var(value) / Var(goal): values that vary as much as the goals, but elsewhere, would be "
    "perfect. What counts is the error."
)
def _share(value, goal):
    return value.var() / goal.var()


@exercise.mistake("standard deviations instead of variances: square them.")
def _deviations(value, goal):
    return 1 - (goal - value).std() / goal.std()


@exercise.mistake(
    "the squared correlation: it forgives values of the wrong size, which advantages do not."
)
def _correlation(value, goal):
    return torch.corrcoef(torch.stack([value, goal]))[0, 1].square()


@exercise.mistake(
    "clipped at 0: a negative number is a warning (worse than a constant) that one wants to see."
)
def _clipped(value, goal):
    return (1 - (goal - value).var() / goal.var()).clamp(min=0)


@exercise.mistake(
    "the errors are squared without taking off their mean, so a constant shift counts: use their "
    "variance."
)
def _squared_errors(value, goal):
    return 1 - (goal - value).square().mean() / goal.var()
