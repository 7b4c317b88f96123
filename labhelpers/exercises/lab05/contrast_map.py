"""Lab 05, exercise `contrast_map`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def contrast_map(features, weight, k, j):
    """The feature maps, each times the difference of the two classes' weights for it."""
    return torch.einsum("d,dhw->hw", weight[k] - weight[j], features)


def _maps_and_weights():
    generator = torch.Generator().manual_seed(51)
    shapes = ((3, 2, 2, 0, 2), (8, 4, 4, 3, 1), (16, 4, 6, 9, 4))
    return [
        (torch.rand(d, h, w, generator=generator), torch.randn(10, d, generator=generator), k, j)
        for d, h, w, k, j in shapes
    ]


exercise = Exercise(
    contrast_map,
    _maps_and_weights,
    hints=[
        "Write both logits out as in section 2 and subtract them before you do anything else.",
        "Which weight does feature map d have in the difference of the two logits?",
        "weight[k] - weight[j] has D numbers: multiply the D maps with them and add up.",
    ],
)


@exercise.mistake("this is the map of class k alone: class j is not subtracted.")
def _one_class(features, weight, k, j):
    return torch.einsum("d,dhw->hw", weight[k], features)


@exercise.mistake("the order is swapped: positive places have to speak for k and against j.")
def _swapped(features, weight, k, j):
    return contrast_map(features, weight, j, k)


@exercise.mistake(
    "the positive parts are taken before the subtraction: evidence against j is evidence for k "
    "rather than j, so keep the signs."
)
def _positive_parts(features, weight, k, j):
    maps = [torch.einsum("d,dhw->hw", weight[i], features).relu() for i in (k, j)]
    return maps[0] - maps[1]


@exercise.mistake(
    "the distance of the two maps is never negative: keep the sign, which says for whom a place "
    "speaks."
)
def _distance(features, weight, k, j):
    return contrast_map(features, weight, k, j).abs()


@exercise.mistake("this is the mean over the feature maps: the head adds them up.")
def _mean_instead_of_sum(features, weight, k, j):
    return contrast_map(features, weight, k, j) / len(features)


@exercise.mistake(
    "this is the difference of the logits, one number: do not average over the positions."
)
def _pooled(features, weight, k, j):
    return (weight[k] - weight[j]) @ features.mean((1, 2))


@exercise.mistake(
    "this is the sum of both maps: where they agree it is strong, and that does not tell k from j."
)
def _sum(features, weight, k, j):
    return torch.einsum("d,dhw->hw", weight[k] + weight[j], features)


@exercise.mistake("the negative places are cut off: they speak for j, so keep them.")
def _cut_off(features, weight, k, j):
    return contrast_map(features, weight, k, j).relu()


@exercise.mistake(
    "this is divided by the number of places: their mean, not their sum, is the logit."
)
def _divided_by_places(features, weight, k, j):
    return contrast_map(features, weight, k, j) / features[0].numel()


@exercise.mistake("these are the parts of the single feature maps: add them up, to (H, W).")
def _not_summed(features, weight, k, j):
    return (weight[k] - weight[j])[:, None, None] * features
