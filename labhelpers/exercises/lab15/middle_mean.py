"""Lab 15, exercise `middle_mean`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def middle_mean(values):
    """Sort, cut a quarter off either end, take the mean."""
    ordered = values.sort().values
    cut = len(ordered) // 4
    return ordered[cut : len(ordered) - cut].mean()


def _inputs():
    generator = torch.Generator().manual_seed(1)
    return [(100 * torch.rand(n, generator=generator) ** 3,) for n in (8, 10, 5, 3, 15)]


exercise = Exercise(
    middle_mean,
    _inputs,
    hints=[
        "Which values are lowest and highest? Sort first.",
        "cut = len(values) // 4 values go at either end.",
        "ordered[cut : len(ordered) - cut]: why not ordered[cut:-cut] when cut is 0?",
    ],
)


@exercise.mistake("the values were not sorted: the first and last ones went, not the extremes.")
def _unsorted(values):
    cut = len(values) // 4
    return values[cut : len(values) - cut].mean()


@exercise.mistake("this is the plain mean: leave out a quarter at either end.")
def _mean(values):
    return values.mean()


@exercise.mistake("this is the median: it uses one or two values, and wastes the rest.")
def _median(values):
    return values.quantile(0.5)


@exercise.mistake("only the lowest quarter is left out: that flatters. Cut both ends.")
def _one_end(values):
    return values.sort().values[len(values) // 4 :].mean()


@exercise.mistake("only the highest quarter is left out: cut both ends.")
def _other_end(values):
    return values.sort().values[: len(values) - len(values) // 4].mean()


@exercise.mistake(
    "the quarters themselves were averaged, (Q1 + Q3) / 2: take the mean of what lies between."
)
def _midhinge(values):
    return (values.quantile(0.25) + values.quantile(0.75)) / 2


@exercise.mistake("the number of values cut was rounded up: round down.")
def _rounded_up(values):
    cut = min(-(-len(values) // 4), (len(values) - 1) // 2)
    return values.sort().values[cut : len(values) - cut].mean()


@exercise.mistake(
    "extreme values are pulled in (a winsorised mean) rather than left out: drop them."
)
def _winsorised(values):
    ordered = values.sort().values
    cut = len(ordered) // 4
    return ordered.clamp(ordered[cut].item(), ordered[len(ordered) - cut - 1].item()).mean()


@exercise.mistake(
    "with fewer than four values there is nothing to cut, and ordered[0:-0] is empty: write the "
    "end of the slice as len(ordered) - cut."
)
def _empty_slice(values):
    cut = len(values) // 4
    return values.sort().values[cut:-cut].mean()


@exercise.mistake("the number of values cut was rounded to the nearest: round down.")
def _rounded(values):
    cut = round(len(values) / 4)
    return values.sort().values[cut : len(values) - cut].mean()
