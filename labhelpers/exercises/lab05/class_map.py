"""Lab 05, exercise `class_map`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def class_map(features, weight, k):
    """The feature maps, each times the class's weight for it, added up."""
    return torch.einsum("d,dhw->hw", weight[k], features)


def _maps_and_weights():
    generator = torch.Generator().manual_seed(51)
    return [
        (torch.rand(d, h, w, generator=generator), torch.randn(10, d, generator=generator), k)
        for d, h, w, k in ((3, 2, 2, 0), (8, 4, 4, 3), (16, 4, 6, 9))
    ]


exercise = Exercise(
    class_map,
    _maps_and_weights,
    hints=[
        "Section 2: which weights belong to class k, and what does each of them multiply?",
        "weight[k] has D numbers, one for each of the D feature maps.",
        "(weight[k][:, None, None] * features) has shape (D, H, W): now add up over the maps.",
    ],
)


@exercise.mistake("this is the mean over the feature maps: the head adds them up.")
def _mean_instead_of_sum(features, weight, k):
    return (weight[k][:, None, None] * features).mean(0)


@exercise.mistake(
    "this is the logit without its bias: do not average over the positions, that is what "
    "the map is for."
)
def _pooled(features, weight, k):
    return weight[k] @ features.mean((1, 2))


@exercise.mistake(
    "the row of weight belongs to the class, the column to the feature map: take weight[k]."
)
def _weight_by_column(features, weight, k):
    return torch.einsum("d,dhw->hw", weight[:, k][: len(features)], features[: len(weight)])


@exercise.mistake("the weights are missing: a feature map can speak against the class.")
def _unweighted(features, weight, k):
    return features.sum(0)


@exercise.mistake("these are the maps of all classes: return that of class k.")
def _all_classes(features, weight, k):
    return torch.einsum("kd,dhw->khw", weight, features)


@exercise.mistake(
    "the negative part is cut off: evidence against the class belongs to the logit too, so "
    "the mean no longer fits."
)
def _positive_only(features, weight, k):
    return class_map(features, weight, k).relu()


@exercise.mistake(
    "scaled to 0…1: the values are no longer logits, and a weak map looks as strong as any."
)
def _scaled_to_one(features, weight, k):
    cam = class_map(features, weight, k)
    return (cam - cam.min()) / (cam.max() - cam.min())
