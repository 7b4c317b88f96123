"""Lab 16b, exercise `shuffled_layer`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def shuffled_layer(weight, order):
    """Each pixel keeps its weights, W'[:, j] = W[:, order[j]]: the same sum in another order.

    Place j of the shuffled screen holds x[order[j]], so Σⱼ W[:, order[j]] x[order[j]] meets every
    pixel i once, with W[:, i] beside it, as Σᵢ W[:, i] x[i] does.

    A kernel of 3 × 3 cannot do so: it weighs nine neighbouring places alone, with the same weights
    everywhere, and the pixels that belonged together now lie far apart.
    """
    return weight[:, order]


def _inputs():
    generator = torch.Generator().manual_seed(163)
    # No order is its own inverse; the last weights are square, so that whole rows can be shuffled.
    orders = ([2, 0, 1, 4, 3], [5, 3, 0, 7, 1, 2, 4, 6], [1, 2, 3, 0])
    return [
        (torch.randn(units, len(order), generator=generator), torch.tensor(order))
        for units, order in zip((2, 3, 4), orders, strict=True)
    ]


exercise = Exercise(
    shuffled_layer,
    _inputs,
    hints=[
        "Write one output as a sum over places of the shuffled screen: Σⱼ W'[u, j] x[order[j]].",
        "It has to equal Σᵢ W[u, i] x[i]. Which pixel i is met at place j?",
        "W'[u, j] = W[u, order[j]]: columns are taken in the same order as the pixels.",
    ],
)


@exercise.mistake(
    "this is the inverse order: it would undo a shuffle of the weights. Place j holds pixel "
    "order[j], so column j is the column of that pixel."
)
def _inverse(weight, order):
    return weight[:, order.argsort()]


@exercise.mistake(
    "these are shuffled *rows*: the units have changed places, not the pixels. A row is a unit, a "
    "column a pixel."
)
def _rows(weight, order):
    return weight[order]  # an IndexError where there are fewer units than pixels


@exercise.mistake(
    "the weights as they were: each now meets another pixel, and the outputs are others."
)
def _unchanged(weight, order):
    return weight.clone()


@exercise.mistake("transposed: units are rows, pixels are columns, before and after.")
def _transposed(weight, order):
    return weight[:, order].T


@exercise.mistake("sorted: order says where pixels come from, it is no key to sort the weights by.")
def _sorted(weight, order):
    return weight.sort(dim=1).values
