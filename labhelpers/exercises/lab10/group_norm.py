"""Lab 10, exercise `group_norm`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise

EPS = 1e-5


def group_norm(x, groups):
    """Each image's groups as rows; mean 0 and variance 1 for each row (Wu and He 2018, eq. 1)."""
    rows = x.reshape(len(x), groups, -1)  # neighbouring channels and all places of a group
    mean, var = rows.mean(2, keepdim=True), rows.var(2, correction=0, keepdim=True)
    return ((rows - mean) / (var + EPS).sqrt()).reshape(x.shape)


def _inputs():
    generator = torch.Generator().manual_seed(105)

    def draw(*shape):
        # Every channel has a mean and a scale of its own, so that it matters who shares a group.
        scale = 1 + 3 * torch.rand(shape[1], 1, 1, generator=generator)
        shift = 2 * torch.randn(shape[1], 1, 1, generator=generator)
        return shift + scale * torch.randn(*shape, generator=generator)

    # The second is small: there it matters where ε is added.
    return [(draw(2, 6, 3, 4), 2), (0.005 * draw(3, 6, 4, 4), 3), (draw(1, 8, 2, 5), 2)]


exercise = Exercise(
    group_norm,
    _inputs,
    hints=[
        "x.reshape(N, groups, -1) has one row for each group of an image.",
        "Mean and variance are those of a row; keepdim=True lets them be subtracted from it.",
        "As in batch norm, the variance divides by n, and ε stands under the root.",
    ],
)


def _normed(x, dims, correction=0):
    mean, var = x.mean(dims, keepdim=True), x.var(dims, correction=correction, keepdim=True)
    return (x - mean) / (var + EPS).sqrt()


@exercise.mistake("this is batch norm: it averages over the images. Here each image is on its own.")
def _batch_norm(x, groups):
    return _normed(x, (0, 2, 3))


@exercise.mistake(
    "the statistics of a group are taken over the images as well: keep dimension 0 apart."
)
def _over_the_images(x, groups):
    parts = x.unflatten(1, (groups, -1))
    return _normed(parts, (0, 2, 3, 4)).reshape(x.shape)


@exercise.mistake("each channel is a group of its own here (instance norm): groups are larger.")
def _instance_norm(x, groups):
    return _normed(x, (2, 3))


@exercise.mistake("all channels are one group here (layer norm): split them first.")
def _layer_norm(x, groups):
    return _normed(x, (1, 2, 3))


@exercise.mistake("`groups` is the number of groups, not of channels in a group.")
def _groups_of_that_size(x, groups):
    return group_norm(x, x.shape[1] // groups)


@exercise.mistake(
    "the channels of a group are not neighbours here: the first C / groups of them are a group."
)
def _every_other_channel(x, groups):
    parts = x.unflatten(1, (-1, groups))
    return _normed(parts, (1, 3, 4)).reshape(x.shape)


@exercise.mistake("the places are kept apart: the statistics are over all places of a group.")
def _place_by_place(x, groups):
    return _normed(x.unflatten(1, (groups, -1)), (2,)).reshape(x.shape)


@exercise.mistake("the variance divides by n - 1: to normalise with, it is the one by n.")
def _unbiased(x, groups):
    return _normed(x.unflatten(1, (groups, -1)), (2, 3, 4), correction=1).reshape(x.shape)


@exercise.mistake("ε is added to the deviation: it belongs to the variance, under the root.")
def _eps_outside(x, groups):
    rows = x.reshape(len(x), groups, -1)
    deviation = rows.var(2, correction=0, keepdim=True).sqrt()
    return ((rows - rows.mean(2, keepdim=True)) / (deviation + EPS)).reshape(x.shape)


@exercise.mistake("the means are subtracted, but nothing is divided by the deviation.")
def _centred_only(x, groups):
    rows = x.reshape(len(x), groups, -1)
    return (rows - rows.mean(2, keepdim=True)).reshape(x.shape)


@exercise.mistake(
    "x.std divides by n - 1, and ε is added to it: take the variance by n, add ε, then the root."
)
def _std_of_torch(x, groups):
    rows = x.reshape(len(x), groups, -1)
    normed = (rows - rows.mean(2, keepdim=True)) / (rows.std(2, keepdim=True) + EPS)
    return normed.reshape(x.shape)
