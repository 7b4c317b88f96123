"""Lab 11, exercise `main_effect`."""

from __future__ import annotations

import itertools
import math

import numpy as np

from labhelpers.exercises.grading import Exercise


def main_effect(errors, knob):
    """Mean of the logarithms with the knob on, minus the mean with it off."""
    logs = {setting: math.log2(error) for setting, error in errors.items()}
    means = [
        np.mean([value for setting, value in logs.items() if setting[knob] == level])
        for level in (0, 1)
    ]
    return float(means[1] - means[0])


def _inputs():
    generator = np.random.default_rng(11)
    tables = []
    for knobs in (2, 3, 4):
        settings = list(itertools.product((0, 1), repeat=knobs))
        found = generator.uniform(0.01, 0.4, len(settings)).tolist()
        tables.append(dict(zip(settings, found, strict=True)))
    return [(tables[0], 0), (tables[1], 2), (tables[1], 0), (tables[2], 1)]


exercise = Exercise(
    main_effect,
    _inputs,
    hints=[
        "Half of the settings have the knob on, half have it off: setting[knob] tells which.",
        "Take the logarithm of each error first, then the two means.",
        "With the knob minus without: a knob that lowers the error has a negative effect.",
    ],
)


@exercise.mistake("the logarithm comes after the mean: take it of each error first.")
def _log_of_means(errors, knob):
    on, off = (
        np.mean([error for setting, error in errors.items() if setting[knob] == level])
        for level in (1, 0)
    )
    return float(np.log2(on / off))


@exercise.mistake("the sign is turned round: it is with the knob minus without it.")
def _turned_round(errors, knob):
    return -main_effect(errors, knob)


@exercise.mistake("these are errors, not their logarithms: the scale is doublings.")
def _no_logarithm(errors, knob):
    on, off = (
        np.mean([error for setting, error in errors.items() if setting[knob] == level])
        for level in (1, 0)
    )
    return float(on - off)


@exercise.mistake("the natural logarithm: doublings need the one to the base 2.")
def _natural(errors, knob):
    return main_effect(errors, knob) * math.log(2)


@exercise.mistake(
    "this compares two settings only, all off against this knob on: a main effect is an average "
    "over what the other knobs may be."
)
def _at_the_baseline(errors, knob):
    size = len(next(iter(errors)))
    on = tuple(int(i == knob) for i in range(size))
    return math.log2(errors[on] / errors[(0,) * size])


@exercise.mistake("half of the effect: this is the mean of ± the logarithms over all settings.")
def _half(errors, knob):
    return main_effect(errors, knob) / 2
