"""Lab 10, exercise `running_statistics`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def running_statistics(batches, momentum):
    """Go the share `momentum` of the way to each batch's mean and unbiased variance."""
    mean, var = torch.zeros(batches[0].shape[1]), torch.ones(batches[0].shape[1])
    for x in batches:
        mean = (1 - momentum) * mean + momentum * x.mean((0, 2, 3))
        var = (1 - momentum) * var + momentum * x.var((0, 2, 3))
    return mean, var


def _batches():
    generator = torch.Generator().manual_seed(102)
    batches = [i + (1 + i) * torch.randn(2, 3, 2, 2, generator=generator) for i in range(4)]
    return [(batches[:1], 0.1), (batches, 0.1), (batches[1:3], 0.3)]


exercise = Exercise(
    running_statistics,
    _batches,
    hints=[
        "Statistics are per channel: over dimensions 0, 2 and 3.",
        "In each step: new = (1 - momentum) · old + momentum · batch's.",
        (
            "For the running variance PyTorch takes the variance that divides by n - 1, "
            "which x.var does by default."
        ),
    ],
)


def _follow(batches, momentum, variance, mean_0=0.0, var_0=1.0):
    channels = batches[0].shape[1]
    mean, var = torch.full((channels,), mean_0), torch.full((channels,), var_0)
    for x in batches:
        mean = (1 - momentum) * mean + momentum * x.mean((0, 2, 3))
        var = (1 - momentum) * var + momentum * variance(x)
    return mean, var


@exercise.mistake(
    "the variance is the one that divides by n: the batch is normalised with that one, but "
    "the running variance collects the unbiased one."
)
def _biased(batches, momentum):
    return _follow(batches, momentum, lambda x: x.var((0, 2, 3), correction=0))


@exercise.mistake("this follows the standard deviation: the variance is asked for.")
def _deviation(batches, momentum):
    return _follow(batches, momentum, lambda x: x.std((0, 2, 3)))


@exercise.mistake("old and new are swapped: in PyTorch, momentum is the weight of the *new* batch.")
def _momentum_swapped(batches, momentum):
    return running_statistics(batches, 1 - momentum)


@exercise.mistake("the running variance starts from 1, not from 0.")
def _variance_starts_at_zero(batches, momentum):
    return _follow(batches, momentum, lambda x: x.var((0, 2, 3)), var_0=0.0)


@exercise.mistake("only the last batch has been seen: keep the statistics from batch to batch.")
def _last_batch_only(batches, momentum):
    return running_statistics(batches[-1:], momentum)


@exercise.mistake(
    "these are the last batch's own statistics: the layer remembers all batches before, too."
)
def _no_memory(batches, momentum):
    return batches[-1].mean((0, 2, 3)), batches[-1].var((0, 2, 3))


@exercise.mistake("one number per channel, please: average over the places as well.")
def _over_the_batch_only(batches, momentum):
    mean, var = torch.zeros(batches[0].shape[1:]), torch.ones(batches[0].shape[1:])
    for x in batches:
        mean = (1 - momentum) * mean + momentum * x.mean(0)
        var = (1 - momentum) * var + momentum * x.var(0)
    return mean, var
