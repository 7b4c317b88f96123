"""Lab 13, exercise `windowed_weights`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise


def windowed_weights(scores, window):
    """Minus infinity before the softmax, outside the band."""
    places = torch.arange(scores.shape[-1])
    back = places[:, None] - places  # how far behind the query a key stands
    visible = (back >= 0) & (back < window)
    return scores.masked_fill(~visible, -math.inf).softmax(dim=-1)


def _band(scores, low, high):
    places = torch.arange(scores.shape[-1])
    back = places[:, None] - places
    return (back >= low) & (back < high)


def _inputs():
    generator = torch.Generator().manual_seed(3)
    shapes = [((5, 5), 2), ((2, 6, 6), 3), ((4, 4), 9), ((3, 3), 1)]
    return [(2 * torch.randn(*shape, generator=generator), window) for shape, window in shapes]


exercise = Exercise(
    windowed_weights,
    _inputs,
    hints=[
        (
            "places[:, None] - places is a table of how far each key stands behind each query: "
            "negative means that it lies in the future."
        ),
        "A place always sees itself: with window=1 the weights are the identity matrix.",
        "Hide before the softmax, with minus infinity; then each row still adds up to 1.",
    ],
)


@exercise.mistake(
    "the weights are set to zero after the softmax: hidden letters still took their share, and the "
    "rows no longer add up to 1."
)
def _zeroed_afterwards(scores, window):
    return scores.softmax(dim=-1) * _band(scores, 0, window)


@exercise.mistake(
    "the diagonal is hidden: a place has to see itself; the first one sees nothing else."
)
def _diagonal_hidden(scores, window):
    return scores.masked_fill(~_band(scores, 1, window + 1), -math.inf).softmax(dim=-1)


@exercise.mistake(
    "the future is visible: hide the keys that come *after* the query too, right of the diagonal."
)
def _future_visible(scores, window):
    return scores.masked_fill(~_band(scores, -math.inf, window), -math.inf).softmax(dim=-1)


@exercise.mistake("this is causal, but the window is not used: every earlier place is visible.")
def _window_ignored(scores, window):
    return scores.masked_fill(~_band(scores, 0, math.inf), -math.inf).softmax(dim=-1)


@exercise.mistake("one place too many: the place itself is one of the `window` places.")
def _one_too_many(scores, window):
    return scores.masked_fill(~_band(scores, 0, window + 1), -math.inf).softmax(dim=-1)


@exercise.mistake(
    "the softmax runs over the queries: each query shares out its attention over the keys, dim=-1."
)
def _wrong_axis(scores, window):
    return scores.masked_fill(~_band(scores, 0, window), -math.inf).softmax(dim=-2)


@exercise.mistake(
    "hidden scores are set to 0, and exp(0) = 1: that hides nothing. Minus infinity gives 0."
)
def _zeros_before(scores, window):
    return scores.masked_fill(~_band(scores, 0, window), 0.0).softmax(dim=-1)


@exercise.mistake("turned round: rows are the queries, columns are the keys; this hides the past.")
def _transposed(scores, window):
    visible = _band(scores, 0, window).transpose(-1, -2)
    return scores.masked_fill(~visible, -math.inf).softmax(dim=-1)


@exercise.mistake("the window reaches ahead as far as back: a place must not see what follows it.")
def _both_ways(scores, window):
    return scores.masked_fill(~_band(scores, 1 - window, window), -math.inf).softmax(dim=-1)
