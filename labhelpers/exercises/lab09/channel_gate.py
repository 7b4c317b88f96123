"""Lab 09, exercise `channel_gate`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def channel_gate(h, w_down, w_up):
    """Squeeze and excitation (Hu et al. 2018, eqs. 2 to 4): one number in 0…1 a channel."""
    squeezed = h.mean((2, 3))  # (N, C)
    gate = torch.sigmoid((squeezed @ w_down.T).relu() @ w_up.T)
    return gate[:, :, None, None] * h


def _maps():
    generator = torch.Generator().manual_seed(95)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    shapes = [((2, 4, 3, 5), 2), ((3, 6, 4, 4), 3), ((1, 8, 2, 3), 4)]
    return [
        (1 + 2 * draw(*shape), draw(shape[1] // r, shape[1]), draw(shape[1], shape[1] // r))
        for shape, r in shapes
    ]


exercise = Exercise(
    channel_gate,
    _maps,
    hints=[
        "The mean over dimensions 2 and 3 leaves one number a channel: (N, C).",
        "A matrix (d, C) acts on rows as rows @ matrix.T.",
        "The gate is (N, C); gate[:, :, None, None] weighs each channel at all places.",
    ],
)


def _weighed(h, squeezed, w_down, w_up, inside=torch.relu, outside=torch.sigmoid):
    return outside(inside(squeezed @ w_down.T) @ w_up.T)[:, :, None, None] * h


def _as_it_is(x):
    return x


@exercise.mistake("this is the gate alone: multiply h by it.")
def _gate_only(h, w_down, w_up):
    return torch.sigmoid((h.mean((2, 3)) @ w_down.T).relu() @ w_up.T)


@exercise.mistake("the gate is added: it multiplies.")
def _added(h, w_down, w_up):
    return h + _gate_only(h, w_down, w_up)[:, :, None, None]


@exercise.mistake("the ReLU between the two layers is missing: then they are one linear layer.")
def _no_relu(h, w_down, w_up):
    return _weighed(h, h.mean((2, 3)), w_down, w_up, inside=_as_it_is)


@exercise.mistake("the sigmoid is missing, so the weights are not between 0 and 1.")
def _no_sigmoid(h, w_down, w_up):
    return _weighed(h, h.mean((2, 3)), w_down, w_up, outside=_as_it_is)


@exercise.mistake("a softmax makes the channels compete: each has a sigmoid of its own.")
def _softmax(h, w_down, w_up):
    return _weighed(h, h.mean((2, 3)), w_down, w_up, outside=lambda scores: scores.softmax(1))


@exercise.mistake("the largest value of each channel is taken: the mean is asked for.")
def _largest(h, w_down, w_up):
    return _weighed(h, h.amax((2, 3)), w_down, w_up)


@exercise.mistake("the sum over the places is not their mean.")
def _sum_for_mean(h, w_down, w_up):
    return _weighed(h, h.sum((2, 3)), w_down, w_up)


@exercise.mistake("the mean is over the images as well: each image has a gate of its own.")
def _over_the_images(h, w_down, w_up):
    return _weighed(h, h.mean((0, 2, 3))[None], w_down, w_up)


@exercise.mistake("ReLU and sigmoid are exchanged: the ReLU comes first.")
def _exchanged(h, w_down, w_up):
    return _weighed(h, h.mean((2, 3)), w_down, w_up, torch.sigmoid, torch.relu)
