"""Lab 06, exercise `leave_one_out_gradient`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def leave_one_out_gradient(values, scores):
    """Each draw's value is judged against the mean of the others, which do not depend on it."""
    baseline = (values.sum() - values) / (len(values) - 1)
    return ((values - baseline)[:, None] * scores).mean(0)


def _draws():
    generator = torch.Generator().manual_seed(67)
    return [
        (3 + torch.randn(k, generator=generator), torch.randn(k, units, generator=generator))
        for k, units in ((2, 1), (4, 3), (9, 2))
    ]


exercise = Exercise(
    leave_one_out_gradient,
    _draws,
    hints=[
        "The mean of the others: the sum of all, less the own value, divided by k - 1.",
        "Each score (D,) counts with its own value less its own baseline; then the mean over k.",
        "With the mean of all draws the own value is in its baseline: the estimate shrinks.",
    ],
)


@exercise.mistake(
    "the baseline is the mean of all draws, the own one included: it depends on the draw that it "
    "judges, and the estimate comes out too small by 1 - 1/k."
)
def _mean_of_all(values, scores):
    return ((values - values.mean())[:, None] * scores).mean(0)


@exercise.mistake("there is no baseline: right on average, with all the scatter.")
def _without(values, scores):
    return (values[:, None] * scores).mean(0)


@exercise.mistake("this is the sum over the draws: the estimate is their mean.")
def _summed(values, scores):
    return leave_one_out_gradient(values, scores) * len(values)


@exercise.mistake(
    "values and scores are averaged separately: the product of two means is not the mean of the "
    "products, and the mean score is near 0."
)
def _means_multiplied(values, scores):
    baseline = (values.sum() - values) / (len(values) - 1)
    return (values - baseline).mean() * scores.mean(0)


@exercise.mistake("divide by k - 1: only the other draws are in the sum.")
def _divided_by_all(values, scores):
    baseline = (values.sum() - values) / len(values)
    return ((values - baseline)[:, None] * scores).mean(0)


@exercise.mistake("the sign is turned: a value above its baseline speaks for its draw.")
def _sign(values, scores):
    return -leave_one_out_gradient(values, scores)


@exercise.mistake("the scores count with the baseline: subtract it from the value.")
def _baseline_alone(values, scores):
    return _without(values, scores) - leave_one_out_gradient(values, scores)


@exercise.mistake("these are the estimates of single draws: take their mean.")
def _not_averaged(values, scores):
    baseline = (values.sum() - values) / (len(values) - 1)
    return (values - baseline)[:, None] * scores
