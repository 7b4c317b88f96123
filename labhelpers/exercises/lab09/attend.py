"""Lab 09, exercise `attend`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise


def attend(h, w_query, w_key, w_value):
    """Places as rows; weights from queries and keys; weighted means of the values."""
    t = h.flatten(2).transpose(1, 2)  # (N, places, C)
    q, k, v = (t @ w.T for w in (w_query, w_key, w_value))
    weights = (q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])).softmax(-1)
    return _as_maps(weights @ v, h)


def _as_maps(y, h):
    return y.transpose(1, 2).unflatten(2, h.shape[2:])


def _parts(h, w_query, w_key, w_value):
    t = h.flatten(2).transpose(1, 2)
    q, k, v = (t @ w.T for w in (w_query, w_key, w_value))
    return q @ k.transpose(1, 2), v, math.sqrt(q.shape[-1])


def _inputs():
    generator = torch.Generator().manual_seed(94)
    shapes = [((2, 3, 4, 5), 4), ((1, 2, 3, 3), 9), ((3, 4, 2, 6), 2)]
    return [
        (
            torch.randn(*shape, generator=generator),
            *(torch.randn(d, shape[1], generator=generator) for _ in range(3)),
        )
        for shape, d in shapes
    ]


exercise = Exercise(
    attend,
    _inputs,
    hints=[
        "h.flatten(2).transpose(1, 2) has one row for each place: (N, places, C).",
        "A matrix (d, C) acts on rows as rows @ matrix.T; do so three times.",
        "Divide the scores by the root of d, not of C, and let each row of weights add up to 1.",
    ],
)


@exercise.mistake(
    "the scores are not divided by √d: the wider the queries, the sharper the softmax."
)
def _not_scaled(h, w_query, w_key, w_value):
    scores, v, _ = _parts(h, w_query, w_key, w_value)
    return _as_maps(scores.softmax(-1) @ v, h)


@exercise.mistake("the root is of the number of channels of h: it is the width d of the queries.")
def _root_of_channels(h, w_query, w_key, w_value):
    scores, v, _ = _parts(h, w_query, w_key, w_value)
    return _as_maps((scores / math.sqrt(h.shape[1])).softmax(-1) @ v, h)


@exercise.mistake(
    "the softmax runs over the places that ask: each of them shares out its weight over the places "
    "that answer, the last dimension."
)
def _wrong_axis(h, w_query, w_key, w_value):
    scores, v, root = _parts(h, w_query, w_key, w_value)
    return _as_maps((scores / root).softmax(1) @ v, h)


@exercise.mistake(
    "queries and keys are exchanged: it is the query of a place that does the asking."
)
def _exchanged(h, w_query, w_key, w_value):
    return attend(h, w_key, w_query, w_value)


@exercise.mistake(
    "the values are forgotten: what is averaged is W_v h, and this averages the keys."
)
def _keys_for_values(h, w_query, w_key, w_value):
    return attend(h, w_query, w_key, w_key)


@exercise.mistake(
    "the rows of the answer are read as channels: transpose before the places become a picture."
)
def _not_transposed(h, w_query, w_key, w_value):
    scores, v, root = _parts(h, w_query, w_key, w_value)
    y = (scores / root).softmax(-1) @ v
    return y.reshape(len(h), -1, *h.shape[2:])


@exercise.mistake("divided by d itself: the deviation of a sum of d products is the root of d.")
def _divided_by_d(h, w_query, w_key, w_value):
    scores, v, root = _parts(h, w_query, w_key, w_value)
    return _as_maps((scores / root**2).softmax(-1) @ v, h)
