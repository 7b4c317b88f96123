"""Lab 14, exercise `pad_left`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def pad_left(rows, padding):
    """Fill each row from the left up to the longest."""
    longest = max(map(len, rows))
    tokens = torch.tensor([[padding] * (longest - len(row)) + list(row) for row in rows])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    return tokens, mask, (mask.cumsum(dim=1) - 1).clamp(min=0)


def _inputs():
    return [
        ([[5, 3, 8], [7], [2, 9]], 0),
        ([[1, 0, 4, 4], [6, 0]], 0),
        ([[3, 2], [9, 9, 9, 1, 2]], 11),
    ]


exercise = Exercise(
    pad_left,
    _inputs,
    hints=[
        "How many are missing in each row? [padding] * missing + row.",
        "The mask comes from the lengths, not from the tokens: a real token may equal the padding.",
        "mask.cumsum(dim=1) - 1 counts the real tokens from 0; clamp what falls below 0.",
    ],
)


@exercise.mistake(
    "padded on the right: the last column, behind which the model writes on, is then padding."
)
def _right(rows, padding):
    longest = max(map(len, rows))
    tokens = torch.tensor([list(row) + [padding] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return tokens, mask, (mask.cumsum(dim=1) - 1).clamp(min=0)


@exercise.mistake(
    "the mask asks which tokens differ from the padding: a real token can have that number too. "
    "Take it from the lengths."
)
def _mask_by_token(rows, padding):
    tokens, _, _ = pad_left(rows, padding)
    mask = (tokens != padding).long()
    return tokens, mask, (mask.cumsum(dim=1) - 1).clamp(min=0)


@exercise.mistake(
    "positions count the columns, padding too: the first real token of every row has position 0."
)
def _columns(rows, padding):
    tokens, mask, _ = pad_left(rows, padding)
    return tokens, mask, torch.arange(tokens.shape[1]).repeat(len(rows), 1)


@exercise.mistake("positions begin at 1: the first real token has position 0.")
def _from_one(rows, padding):
    tokens, mask, _ = pad_left(rows, padding)
    return tokens, mask, mask.cumsum(dim=1)


@exercise.mistake("the mask is the wrong way round: 1 is a real token.")
def _mask_inverted(rows, padding):
    tokens, mask, places = pad_left(rows, padding)
    return tokens, 1 - mask, places


@exercise.mistake("padding has position -1: it gets 0, since there is no place before the first.")
def _minus_one(rows, padding):
    tokens, mask, _ = pad_left(rows, padding)
    return tokens, mask, mask.cumsum(dim=1) - 1
