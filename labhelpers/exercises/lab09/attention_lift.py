"""Lab 09, exercise `attention_lift`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def attention_lift(attention, boxes):
    """(attention inside / all attention) / (cells inside / all cells), image by image."""
    share = (attention * boxes).sum((1, 2)) / attention.sum((1, 2))
    return share / boxes.float().mean((1, 2))


def _attention_and_boxes():
    generator = torch.Generator().manual_seed(93)
    attention = (
        torch.rand(3, 6, 8, generator=generator) * torch.tensor([1.0, 5.0, 0.2])[:, None, None]
    )
    boxes = torch.zeros(3, 6, 8, dtype=torch.bool)
    boxes[0, 1:4, 2:5] = boxes[1, :2, :] = boxes[2, 5:, 7:] = True
    return [
        (attention, boxes),
        (torch.ones(2, 6, 8), boxes[:2]),
        (attention.square(), boxes.flip(0)),
    ]


exercise = Exercise(
    attention_lift,
    _attention_and_boxes,
    hints=[
        ("First the share: attention inside the box, divided by all attention of the same image."),
        "Sum over dimensions 1 and 2 only, so that one number per image remains.",
        "The box's share of the area is the mean of its zeros and ones, again image by image.",
    ],
)


@exercise.mistake("this is the share of the attention: divide by the box's share of the area.")
def _share_only(attention, boxes):
    return (attention * boxes).sum((1, 2)) / attention.sum((1, 2))


@exercise.mistake("one number per image, please: this is the mean over the images.")
def _one_number(attention, boxes):
    return attention_lift(attention, boxes).mean()


@exercise.mistake("the attention of all images is in the denominator: each image has its own sum.")
def _over_all_images(attention, boxes):
    return (attention * boxes).sum((1, 2)) / attention.sum() / boxes.float().mean((1, 2))


@exercise.mistake("this compares inside with outside: compare inside with the whole image.")
def _inside_by_outside(attention, boxes):
    inside, outside = (
        (attention * part).sum((1, 2)) / part.sum((1, 2)) for part in (boxes, ~boxes)
    )
    return inside / outside


@exercise.mistake(
    "this is the mean attention inside the box, which grows with the map's scale: divide by "
    "the mean over the image."
)
def _mean_inside(attention, boxes):
    return (attention * boxes).sum((1, 2)) / boxes.sum((1, 2))


@exercise.mistake("the boxes differ in size: use each image's own, not their average.")
def _mean_box(attention, boxes):
    return _share_only(attention, boxes) / boxes.float().mean()
