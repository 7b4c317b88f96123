"""Lab 14, exercise `pooled`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def pooled(hidden, mask):
    """Sum over real tokens by their number; the last real one by its place."""
    real = mask[..., None].to(hidden)
    count = mask.sum(dim=1)
    mean = (hidden * real).sum(dim=1) / count.clamp(min=1)[:, None]
    last = hidden[torch.arange(len(hidden)), (count - 1).clamp(min=0)]
    return mean, last * (count > 0)[:, None]


def _inputs():
    generator = torch.Generator().manual_seed(2)
    cases = []
    for counts, places, size in (((4, 2, 3), 4, 3), ((1, 5), 6, 2), ((0, 3), 3, 4)):
        hidden = torch.randn(len(counts), places, size, generator=generator)
        mask = (torch.arange(places) < torch.tensor(counts)[:, None]).long()
        cases.append((hidden, mask))
    return cases


exercise = Exercise(
    pooled,
    _inputs,
    hints=[
        "Multiply by mask[..., None], so that padding adds nothing, and sum over tokens.",
        "Divide by the number of *real* tokens; clamp(min=1) keeps an empty text from 0 / 0.",
        "The last real token of row i is hidden[i, count[i] - 1]; an empty text has none: zeros.",
    ],
)


@exercise.mistake("padding is averaged in: multiply by the mask, divide by the real tokens.")
def _plain_mean(hidden, mask):
    return hidden.mean(dim=1), pooled(hidden, mask)[1]


@exercise.mistake(
    "padding adds nothing, but is counted: divide by the number of real tokens, mask.sum(dim=1)."
)
def _divided_by_all(hidden, mask):
    return (hidden * mask[..., None]).mean(dim=1), pooled(hidden, mask)[1]


@exercise.mistake(
    "the last column is taken for the last token: in shorter rows it is padding. Take place count "
    "- 1."
)
def _last_column(hidden, mask):
    last = hidden[:, -1] * (mask.sum(dim=1) > 0)[:, None]
    return pooled(hidden, mask)[0], last


@exercise.mistake("one place too far: the last of `count` tokens stands at count - 1.")
def _one_too_far(hidden, mask):
    count = mask.sum(dim=1)
    place = count.clamp(max=mask.shape[1] - 1)
    return pooled(hidden, mask)[0], hidden[torch.arange(len(hidden)), place] * (count > 0)[:, None]


@exercise.mistake("a text without tokens gives 0 / 0: its vectors are zero.")
def _empty(hidden, mask):
    mean = (hidden * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
    return mean, pooled(hidden, mask)[1]


@exercise.mistake("the first token is taken for the last one: its place is count - 1.")
def _first(hidden, mask):
    return pooled(hidden, mask)[0], hidden[:, 0] * (mask.sum(dim=1) > 0)[:, None]


@exercise.mistake("the two results are in the wrong order: first the mean, then the last token.")
def _exchanged(hidden, mask):
    mean, last = pooled(hidden, mask)
    return last, mean
