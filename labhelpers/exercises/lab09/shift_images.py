"""Lab 09, exercise `shift_images`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def shift_images(images, down, right):
    """Copy the part that stays in view into an image of zeros."""
    height, width = images.shape[-2:]
    moved = torch.zeros_like(images)
    if abs(down) < height and abs(right) < width:
        rows, columns = height - abs(down), width - abs(right)
        top, left, new_top, new_left = max(-down, 0), max(-right, 0), max(down, 0), max(right, 0)
        moved[..., new_top : new_top + rows, new_left : new_left + columns] = images[
            ..., top : top + rows, left : left + columns
        ]
    return moved


def _images():
    generator = torch.Generator().manual_seed(91)

    def draw(*shape):
        return torch.randint(1, 256, shape, generator=generator).byte()

    moves = [
        ((2, 1, 4, 5), 1, 2),
        ((1, 3, 6, 4), -2, 1),
        ((2, 1, 5, 5), 0, -3),
        ((1, 1, 3, 3), 1, 0),
    ]
    return [(draw(*shape), down, right) for shape, down, right in [*moves, ((1, 1, 3, 4), -3, 1)]]


exercise = Exercise(
    shift_images,
    _images,
    hints=[
        "What leaves on one side must not come in on the other: start from an image of zeros.",
        (
            "A slice of the old image goes into a slice of the new one, of height H - "
            "|down| and width W - |right|."
        ),
        (
            "With down > 0, rows 0 … H - down - 1 of the old image become rows down … H - 1 "
            "of the new one."
        ),
    ],
    observe=lambda images, down, right: images,
)


@exercise.mistake(
    "torch.roll lets in on one side what it pushed out on the other: fill with zeros."
)
def _rolled(images, down, right):
    return images.roll((down, right), (-2, -1))


@exercise.mistake("it moves in the opposite direction: down and right are positive.")
def _backwards(images, down, right):
    return shift_images(images, -down, -right)


@exercise.mistake("rows and columns are swapped: `down` moves along the last but one dimension.")
def _swapped(images, down, right):
    return shift_images(images, right, down)


@exercise.mistake("it moves down only: `right` is not used.")
def _down_only(images, down, right):
    return shift_images(images, down, 0)


@exercise.mistake("the pixels at the edge are repeated: what moves in is zero.")
def _edge_repeated(images, down, right):
    rows = (torch.arange(images.shape[-2]) - down).clamp(0, images.shape[-2] - 1)
    columns = (torch.arange(images.shape[-1]) - right).clamp(0, images.shape[-1] - 1)
    return images[..., rows, :][..., columns]


@exercise.mistake("the images come back as numbers in 0…1: keep their type and values.")
def _as_float(images, down, right):
    return shift_images(images, down, right).float() / 255
