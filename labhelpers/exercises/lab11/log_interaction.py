"""Lab 11, exercise `log_interaction`."""

from __future__ import annotations

import math
import statistics

from labhelpers.exercises.grading import Exercise


def log_interaction(base, first, second, both):
    """What both do, less what each does alone, per seed."""
    seeds = zip(base, first, second, both, strict=True)
    return statistics.fmean(
        math.log2(d / a) - math.log2(b / a) - math.log2(c / a) for a, b, c, d in seeds
    )


def _corners():
    return [
        ([0.08, 0.10, 0.06], [0.04, 0.06, 0.05], [0.05, 0.05, 0.03], [0.03, 0.04, 0.03]),
        ([0.20, 0.10], [0.10, 0.05], [0.05, 0.04], [0.025, 0.02]),
        (
            [0.05, 0.04, 0.06, 0.05],
            [0.02, 0.03, 0.03, 0.02],
            [0.04, 0.02, 0.05, 0.03],
            [0.01, 0.01, 0.02, 0.01],
        ),
    ]


exercise = Exercise(
    log_interaction,
    _corners,
    hints=[
        "On the logarithmic scale an effect is log2(changed / base). There are three of them.",
        "If ratios multiply, logarithms add: what do you expect of both, and what did you get?",
        "Per seed log2(both / base) - log2(first / base) - log2(second / base), then the mean.",
    ],
)


@exercise.mistake("the baseline is missing: each of the three effects is relative to it.")
def _baseline_forgotten(base, first, second, both):
    seeds = zip(first, second, both, strict=True)
    return statistics.fmean(math.log2(d) - math.log2(b) - math.log2(c) for b, c, d in seeds)


@exercise.mistake("the baseline enters with the wrong sign: log2 of it is added once in the end.")
def _baseline_subtracted(base, first, second, both):
    seeds = zip(base, first, second, both, strict=True)
    return statistics.fmean(
        math.log2(d) - math.log2(b) - math.log2(c) - math.log2(a) for a, b, c, d in seeds
    )


@exercise.mistake(
    "these are plain differences of errors: two changes that each halve the errors would "
    "seem to interact. Take logarithms."
)
def _plain_differences(base, first, second, both):
    seeds = zip(base, first, second, both, strict=True)
    return statistics.fmean(d - b - c + a for a, b, c, d in seeds)


@exercise.mistake("the sign is turned round: both, less what the two promise.")
def _upside_down(base, first, second, both):
    return -log_interaction(base, first, second, both)


@exercise.mistake("this is the natural logarithm: doublings need math.log2.")
def _natural_logarithm(base, first, second, both):
    return log_interaction(base, first, second, both) * math.log(2)


@exercise.mistake(
    "the errors are averaged before the logarithm: pair by seed first, and average last."
)
def _logarithm_of_means(base, first, second, both):
    return math.log2(
        statistics.fmean(both)
        * statistics.fmean(base)
        / (statistics.fmean(first) * statistics.fmean(second))
    )


@exercise.mistake("this is the ratio itself: take its base-2 logarithm before averaging.")
def _ratio(base, first, second, both):
    return statistics.fmean(
        d * a / (b * c) for a, b, c, d in zip(base, first, second, both, strict=True)
    )


@exercise.mistake("half of it: the effect of both, less those of the two, is not divided by 2.")
def _halved(base, first, second, both):
    return log_interaction(base, first, second, both) / 2
