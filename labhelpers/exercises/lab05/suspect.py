"""Lab 05, exercise `suspect`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def suspect(heats, masks, labels):
    """The class whose maps lie, in the mean over its images, least on the object."""
    return _lowest(_shares(heats.relu(), masks), labels)


def _shares(weights, masks):
    """For each image the share of its weight that lies on the object: (N,)."""
    return (weights * masks).sum((1, 2)) / weights.sum((1, 2)).clamp(min=1e-12)


def _lowest(values, labels):
    """The class with the lowest mean of `values` (N,) over its images."""
    classes = labels.unique()
    means = torch.stack([values[labels == k].mean() for k in classes])
    return int(classes[means.argmin()])


def _case(seed, cheat, easy, faint, flood, once):
    """Images of six classes, so made that every wrong way suspects another one.

    `cheat` looks beside its large object, `easy` at the object, `once` at it in all images but one.
    `faint` has weak maps and one strong one beside the object, `flood` much evidence against it
    there. The maps of the sixth class are the weakest of all.
    """
    draw = torch.Generator().manual_seed(seed)
    labels = torch.arange(6).repeat(6)[torch.randperm(36, generator=draw)]
    masks = torch.zeros(36, 6, 6, dtype=torch.bool)
    heats = 0.005 * torch.rand(36, 6, 6, generator=draw)
    for i, label in enumerate(labels.tolist()):
        size = 4 if label == cheat else 2  # a large object lies under much of any map
        masks[i, 1 : 1 + size, 1 : 1 + size] = True
        on = {cheat: 0.35, easy: 1.0, faint: 0.9}.get(label, 0.6)
        heats[i, 1:3, 1:3] += on
        heats[i, 5, :4] += 1 - on
        if label == flood:
            heats[i, 0] = -5.0

    first_once, first_faint = (int((labels == k).nonzero()[0]) for k in (once, faint))
    heats[first_once] = heats[first_once].roll(3, 0) * ~masks[first_once]
    heats[labels == faint] *= 0.02
    heats[first_faint, 5, :4] = 50.0
    heats[labels == 15 - cheat - easy - faint - flood - once] *= 0.001
    return heats, masks, labels


def _maps_masks_and_labels():
    return [_case(1, 2, 0, 4, 3, 5), _case(2, 0, 3, 1, 4, 2), _case(3, 4, 1, 2, 0, 3)]


exercise = Exercise(
    suspect,
    _maps_masks_and_labels,
    hints=[
        "First a share for every image, as in exercise 10.2: (N,) numbers from 0 to 1.",
        "Then the mean of these shares over the images of each class: shares[labels == k].mean().",
        "A class that cheats by the background has little of its maps on the object.",
    ],
)


@exercise.mistake(
    "all weights of a class are added up before dividing: one strong map then outvotes the others. "
    "Take the share of each image first, then their mean."
)
def _pooled(heats, masks, labels):
    weights = heats.relu()
    classes = labels.unique()
    shares = [(weights * masks)[labels == k].sum() / weights[labels == k].sum() for k in classes]
    return int(classes[torch.stack(shares).argmin()])


@exercise.mistake("the class with the highest share looks at its object most: suspect the lowest.")
def _highest(heats, masks, labels):
    return _lowest(-_shares(heats.relu(), masks), labels)


@exercise.mistake(
    "the size of the map counts evidence against the class as looking: keep the positive part."
)
def _sizes(heats, masks, labels):
    return _lowest(_shares(heats.abs(), masks), labels)


@exercise.mistake(
    "this is how strong the map is on the object: a class with weak maps is no cheat. Take shares."
)
def _strength(heats, masks, labels):
    return _lowest((heats.relu() * masks).sum((1, 2)), labels)


@exercise.mistake(
    "this returns the class of the single image with the lowest share: take the mean over the "
    "images of a class."
)
def _one_image(heats, masks, labels):
    return int(labels[_shares(heats.relu(), masks).argmin()])
