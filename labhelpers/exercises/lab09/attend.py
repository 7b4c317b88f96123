"""Lab 09, exercise `attend`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise


def attend(h, w_query, w_key, w_value, heads):
    """Places as rows, heads as a dimension of their own; weights and weighted means for each."""
    t = h.flatten(2).transpose(1, 2)  # (N, places, C)
    q, k, v = (_split(t @ w.T, heads) for w in (w_query, w_key, w_value))
    weights = (q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])).softmax(-1)
    return _as_maps(weights @ v, h)


def _split(rows, heads):
    return rows.unflatten(2, (heads, -1)).transpose(1, 2)  # (N, heads, places, d / heads)


def _as_maps(y, h):
    y = y.transpose(1, 2).flatten(2)  # (N, places, d): the heads side by side
    return y.transpose(1, 2).unflatten(2, h.shape[2:])


def _parts(h, w_query, w_key, w_value, heads, split=_split):
    t = h.flatten(2).transpose(1, 2)
    q, k, v = (split(t @ w.T, heads) for w in (w_query, w_key, w_value))
    return q @ k.transpose(2, 3), v, math.sqrt(q.shape[-1])


def _inputs():
    generator = torch.Generator().manual_seed(94)
    shapes = [((2, 3, 4, 5), 4, 2), ((1, 2, 3, 3), 9, 3), ((3, 4, 2, 6), 6, 1)]
    return [
        (
            torch.randn(*shape, generator=generator),
            *(torch.randn(d, shape[1], generator=generator) for _ in range(3)),
            heads,
        )
        for shape, d, heads in shapes
    ]


exercise = Exercise(
    attend,
    _inputs,
    hints=[
        "h.flatten(2).transpose(1, 2) has one row for each place: (N, places, C). A matrix (d, C) "
        "acts on rows as rows @ matrix.T.",
        "rows.unflatten(2, (heads, -1)).transpose(1, 2) gives the heads a dimension of their own.",
        "Each head's queries are d / heads wide: divide its scores by the root of that.",
    ],
)


@exercise.mistake(
    "the scores are not divided by a root: the wider the queries, the sharper the softmax."
)
def _not_scaled(h, w_query, w_key, w_value, heads):
    scores, v, _ = _parts(h, w_query, w_key, w_value, heads)
    return _as_maps(scores.softmax(-1) @ v, h)


@exercise.mistake("the root is of d: each head's sum has only d / heads products.")
def _root_of_all(h, w_query, w_key, w_value, heads):
    scores, v, _ = _parts(h, w_query, w_key, w_value, heads)
    return _as_maps((scores / math.sqrt(len(w_query))).softmax(-1) @ v, h)


@exercise.mistake("divided by the width itself: the deviation of a sum of d products is its root.")
def _divided_by_width(h, w_query, w_key, w_value, heads):
    scores, v, root = _parts(h, w_query, w_key, w_value, heads)
    return _as_maps((scores / root**2).softmax(-1) @ v, h)


@exercise.mistake(
    "the softmax runs over the places that ask: each of them shares out its weight over the places "
    "that answer, the last dimension."
)
def _wrong_axis(h, w_query, w_key, w_value, heads):
    scores, v, root = _parts(h, w_query, w_key, w_value, heads)
    return _as_maps((scores / root).softmax(2) @ v, h)


@exercise.mistake(
    "queries and keys are exchanged: it is the query of a place that does the asking."
)
def _exchanged(h, w_query, w_key, w_value, heads):
    return attend(h, w_key, w_query, w_value, heads)


@exercise.mistake(
    "the values are forgotten: what is averaged is W_v h, and this averages the keys."
)
def _keys_for_values(h, w_query, w_key, w_value, heads):
    return attend(h, w_query, w_key, w_key, heads)


@exercise.mistake("this is one head: split queries, keys and values into `heads` parts.")
def _one_head(h, w_query, w_key, w_value, heads):
    return attend(h, w_query, w_key, w_value, 1)


@exercise.mistake("`heads` is taken for the width of a head: it is how many there are.")
def _heads_as_width(h, w_query, w_key, w_value, heads):
    return attend(h, w_query, w_key, w_value, len(w_query) // heads)


@exercise.mistake("a head's channels are neighbours: the first d / heads of them are one head's.")
def _every_other(h, w_query, w_key, w_value, heads):
    def split(rows, heads):
        return rows.unflatten(2, (-1, heads)).permute(0, 3, 1, 2)

    scores, v, root = _parts(h, w_query, w_key, w_value, heads, split)
    y = ((scores / root).softmax(-1) @ v).permute(0, 2, 3, 1).flatten(2)
    return y.transpose(1, 2).unflatten(2, h.shape[2:])


@exercise.mistake("the heads share the mean of their weights: each keeps its own.")
def _mean_of_weights(h, w_query, w_key, w_value, heads):
    scores, v, root = _parts(h, w_query, w_key, w_value, heads)
    return _as_maps((scores / root).softmax(-1).mean(1, keepdim=True) @ v, h)


@exercise.mistake("the answers of the heads are averaged: they stand side by side.")
def _mean_of_heads(h, w_query, w_key, w_value, heads):
    scores, v, root = _parts(h, w_query, w_key, w_value, heads)
    return _as_maps(((scores / root).softmax(-1) @ v).mean(1, keepdim=True), h)


@exercise.mistake(
    "the rows of the answer are read as channels: transpose before the places become a picture."
)
def _not_transposed(h, w_query, w_key, w_value, heads):
    scores, v, root = _parts(h, w_query, w_key, w_value, heads)
    y = ((scores / root).softmax(-1) @ v).transpose(1, 2).flatten(2)
    return y.reshape(len(h), -1, *h.shape[2:])


def _cut(rows, heads):
    """To (N, heads, places, d / heads) without a transposition: a head gets some of the places."""
    return rows.reshape(len(rows), heads, rows.shape[1], -1)


@exercise.mistake(
    "reshaped straight into heads, a head gets some of the places with all their channels: split "
    "the channels, (N, places, heads, d / heads), then transpose."
)
def _reshaped(h, w_query, w_key, w_value, heads):
    scores, v, root = _parts(h, w_query, w_key, w_value, heads, _cut)
    y = ((scores / root).softmax(-1) @ v).reshape(len(h), -1, len(w_query))  # and straight back
    return y.transpose(1, 2).unflatten(2, h.shape[2:])


@exercise.mistake(
    "a reshape does not move the heads before the places, it cuts the rows into other pieces: "
    "unflatten(2, (heads, -1)), then transpose(1, 2)."
)
def _reshaped_before(h, w_query, w_key, w_value, heads):
    scores, v, root = _parts(h, w_query, w_key, w_value, heads, _cut)
    return _as_maps((scores / root).softmax(-1) @ v, h)


@exercise.mistake(
    "a reshape does not put the heads side by side: transpose heads and places back, then flatten."
)
def _reshaped_after(h, w_query, w_key, w_value, heads):
    scores, v, root = _parts(h, w_query, w_key, w_value, heads)
    y = ((scores / root).softmax(-1) @ v).reshape(len(h), -1, len(w_query))
    return y.transpose(1, 2).unflatten(2, h.shape[2:])


@exercise.mistake(
    "the heads of one place attend to each other: transpose heads and places, so that the scores "
    "are (N, heads, places, places)."
)
def _heads_to_heads(h, w_query, w_key, w_value, heads):
    def split(rows, heads):
        return rows.unflatten(2, (heads, -1))

    scores, v, root = _parts(h, w_query, w_key, w_value, heads, split)
    y = ((scores / root).softmax(-1) @ v).flatten(2)
    return y.transpose(1, 2).unflatten(2, h.shape[2:])
