"""Lab 13, exercise `multi_head`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise


def multi_head(q, k, v, heads):
    """Cut the width into heads, let each read alone, put what they read side by side."""
    places, width = q.shape
    q, k, v = (x.view(places, heads, width // heads).transpose(0, 1) for x in (q, k, v))
    scores = q @ k.transpose(1, 2) / math.sqrt(width // heads)  # (heads, T, T)
    hidden = torch.ones(places, places, dtype=torch.bool).triu(1)
    weights = scores.masked_fill(hidden, -math.inf).softmax(dim=-1)
    return (weights @ v).transpose(0, 1).reshape(places, width)


def _read(q, k, v, heads, scale, axis=-1, causal=True):
    places, width = q.shape
    q, k, v = (x.view(places, heads, width // heads).transpose(0, 1) for x in (q, k, v))
    scores = q @ k.transpose(1, 2) / scale
    if causal:
        hidden = torch.ones(places, places, dtype=torch.bool).triu(1)
        scores = scores.masked_fill(hidden, -math.inf)
    return scores.softmax(dim=axis) @ v


def _inputs():
    generator = torch.Generator().manual_seed(4)
    cases = [(5, 8, 2), (4, 6, 3), (6, 4, 1)]
    return [
        (*(torch.randn(3, places, width, generator=generator)), heads)
        for places, width, heads in cases
    ]


exercise = Exercise(
    multi_head,
    _inputs,
    hints=[
        "x.view(T, heads, D).transpose(0, 1) gives each head its own D = width / heads columns.",
        "Each head has T × T scores of its own. The sum in a score has D terms: divide by √D.",
        "Back again: (heads, T, D) → transpose(0, 1) → (T, heads, D) → reshape(T, width).",
    ],
)


@exercise.mistake("the scores are not divided by √D: the softmax gets too sharp.")
def _no_scale(q, k, v, heads):
    return _read(q, k, v, heads, 1.0).transpose(0, 1).reshape(q.shape)


@exercise.mistake(
    "divided by the root of the whole width: a head's product has only width / heads terms."
)
def _whole_width(q, k, v, heads):
    return _read(q, k, v, heads, math.sqrt(q.shape[1])).transpose(0, 1).reshape(q.shape)


@exercise.mistake("divided by D, not by its root.")
def _not_the_root(q, k, v, heads):
    return _read(q, k, v, heads, q.shape[1] // heads).transpose(0, 1).reshape(q.shape)


@exercise.mistake(
    "the softmax runs over the queries: each query shares out its attention over the keys."
)
def _wrong_axis(q, k, v, heads):
    scale = math.sqrt(q.shape[1] // heads)
    return _read(q, k, v, heads, scale, axis=-2).transpose(0, 1).reshape(q.shape)


@exercise.mistake("nothing is hidden: a place must not read from those behind it.")
def _sees_the_future(q, k, v, heads):
    scale = math.sqrt(q.shape[1] // heads)
    return _read(q, k, v, heads, scale, causal=False).transpose(0, 1).reshape(q.shape)


@exercise.mistake(
    "the heads are put together without transpose(0, 1): places and heads are mixed up."
)
def _mixed_up(q, k, v, heads):
    return _read(q, k, v, heads, math.sqrt(q.shape[1] // heads)).reshape(q.shape)


@exercise.mistake("this is one head over the whole width: the heads do not share their weights.")
def _one_head(q, k, v, heads):
    return _read(q, k, v, 1, math.sqrt(q.shape[1])).transpose(0, 1).reshape(q.shape)


@exercise.mistake("the result is still (heads, T, D): put the heads side by side, (T, width).")
def _not_joined(q, k, v, heads):
    return _read(q, k, v, heads, math.sqrt(q.shape[1] // heads))


def _cut_by_rows(q, k, v, heads):
    places, width = q.shape
    q, k, v = (x.view(heads, places, width // heads) for x in (q, k, v))
    scores = q @ k.transpose(1, 2) / math.sqrt(width // heads)
    hidden = torch.ones(places, places, dtype=torch.bool).triu(1)
    return scores.masked_fill(hidden, -math.inf).softmax(dim=-1) @ v


@exercise.mistake(
    "x.view(heads, T, D) gives the first head the first *places*, cut into pieces. Each head gets "
    "all places and some columns: view(T, heads, D), then transpose(0, 1)."
)
def _places_cut(q, k, v, heads):
    return _cut_by_rows(q, k, v, heads).transpose(0, 1).reshape(q.shape)


@exercise.mistake(
    "both transposes are missing: x.view(heads, T, D) cuts places instead of columns, and the "
    "reshape at the end cannot mend it. Use view(T, heads, D).transpose(0, 1), and the way back."
)
def _never_transposed(q, k, v, heads):
    return _cut_by_rows(q, k, v, heads).reshape(q.shape)
