"""Lab 08b, exercise `best_lr`."""

# mypy: disable-error-code="arg-type"
# (`key=means.get`, which students write too, has a type that mypy does not accept)

from __future__ import annotations

import math
import statistics

from labhelpers.exercises.grading import Exercise


def _diverged(value):
    return value is None or math.isnan(value)


def best_lr(losses):
    """The lowest mean among the learning rates of which no run diverged."""
    means = {
        lr: sum(values) / len(values)
        for lr, values in losses.items()
        if not any(map(_diverged, values))
    }
    return min(means, key=means.get) if means else None


def _loss_tables():
    nan = float("nan")
    return [
        ({0.01: [0.5, 0.6], 0.1: [0.2, 0.3], 1.0: [0.1, None]},),
        ({0.001: [0.9, 0.8, 0.9], 0.01: [0.3, 0.3, 0.3], 0.1: [0.1, 0.7, 0.8]},),
        ({0.3: [nan, 0.1], 0.1: [0.4, 0.5], 0.03: [0.6, 0.4]},),
        ({0.1: [None, None], 1.0: [nan, None]},),
        ({0.01: [0.4, 0.5, 0.4], 0.1: [0.3, 0.2, 1.8]},),  # the better median has the worse mean
        ({0.01: [0.5, 0.5, 0.5], 0.1: [0.2, 0.3, 0.6]},),  # the better mean has the worst seed
        ({0.1: [0.9, None], 1.0: [0.5, 0.6]},),  # with 0 for its None, 0.1 would be best
    ]


exercise = Exercise(
    best_lr,
    _loss_tables,
    hints=[
        "First decide which learning rates are in the race at all, then compare means.",
        (
            "None and NaN both mean diverged. NaN is not equal to anything, not even "
            "itself: ask math.isnan."
        ),
        (
            "min(means, key=means.get) gives the key with the lowest mean, and fails on an "
            "empty dictionary."
        ),
    ],
)


@exercise.mistake(
    "the diverged runs are left out of the mean, which flatters a learning rate that fails "
    "on some seeds: put the whole learning rate out of the race."
)
def _survivors(losses):
    means = {}
    for lr, values in losses.items():
        if kept := [value for value in values if not _diverged(value)]:
            means[lr] = sum(kept) / len(kept)
    return min(means, key=means.get) if means else None


@exercise.mistake("the lowest single loss decides: that rewards one lucky seed. Compare the means.")
def _lucky_seed(losses):
    whole = {lr: min(values) for lr, values in losses.items() if not any(map(_diverged, values))}
    return min(whole, key=whole.get) if whole else None


@exercise.mistake(
    "np.nanmean leaves the diverged runs out, and is NaN where nothing is left: put every learning "
    "rate with a diverged run out of the race, and return None if none is left."
)
def _mean_of_the_rest(losses):
    means = {}
    for lr, values in losses.items():
        kept = [value for value in values if not _diverged(value)]
        means[lr] = sum(kept) / len(kept) if kept else math.nan
    return min(means, key=means.get)


@exercise.mistake("the highest single loss decides: that is one unlucky seed. Compare the means.")
def _unlucky_seed(losses):
    whole = {lr: max(values) for lr, values in losses.items() if not any(map(_diverged, values))}
    return min(whole, key=whole.get) if whole else None


@exercise.mistake("the median sees only the seed in the middle: compare the means, which see all.")
def _median(losses):
    whole = {lr: values for lr, values in losses.items() if not any(map(_diverged, values))}
    medians = {lr: statistics.median(values) for lr, values in whole.items()}
    return min(medians, key=medians.get) if medians else None


@exercise.mistake("a diverged run counts as zero, the best loss there is.")
def _diverged_is_zero(losses):
    means = {
        lr: sum(0 if _diverged(v) else v for v in values) / len(values)
        for lr, values in losses.items()
    }
    return min(means, key=means.get) if means else None


@exercise.mistake(
    "NaN is not caught: every comparison with NaN is False, so it can pass as the minimum."
)
def _only_none(losses):
    means = {lr: sum(values) / len(values) for lr, values in losses.items() if None not in values}
    return min(means, key=means.get) if means else None


@exercise.mistake("this is the lowest mean loss: return the learning rate that it belongs to.")
def _mean_not_lr(losses):
    best = best_lr(losses)
    return None if best is None else sum(losses[best]) / len(losses[best])


@exercise.mistake("this is the learning rate with the highest mean: a low loss is a good one.")
def _highest_mean(losses):
    means = {
        lr: sum(values) / len(values)
        for lr, values in losses.items()
        if not any(map(_diverged, values))
    }
    return max(means, key=means.get) if means else None


@exercise.mistake(
    "when every learning rate had a diverged run, there is nothing to choose: return None."
)
def _best_of_nothing(losses):
    return best_lr(losses) or min(losses)
