"""Lab 06b, exercise `free_bits_penalty`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def free_bits_penalty(kl, floor):
    """First the mean over images, then the floor, then the sum over units."""
    return kl.mean(0).clamp(min=floor).sum()


def _kl_values():
    generator = torch.Generator().manual_seed(63)
    per_unit = torch.tensor([2.0, 0.3, 0.02, 0.0])
    return [
        (per_unit * 2 * torch.rand(20, 4, generator=generator), floor) for floor in (0.25, 0.1, 5.0)
    ]


exercise = Exercise(
    free_bits_penalty,
    _kl_values,
    hints=[
        "A unit has its floor on average over the images: single images may spend nothing.",
        "kl.mean(0) is (D,). tensor.clamp(min=…) puts a floor under every entry.",
        "Then sum: each unit has a floor of its own.",
    ],
)


@exercise.mistake(
    "the floor stands under every single image: then an image whose code could be silent "
    "saves nothing, and a unit cannot say much about few images and little about the rest. "
    "Take the mean over images first."
)
def _floor_for_each_image(kl, floor):
    return kl.clamp(min=floor).mean(0).sum()


@exercise.mistake(
    "the floor stands under the sum: one busy unit then pays for all, and the others may "
    "collapse. Give each unit its own floor."
)
def _floor_under_the_sum(kl, floor):
    return kl.mean(0).sum().clamp(min=floor)


@exercise.mistake(
    "clamp(max=floor) is a ceiling: it takes the price away from the units that say much."
)
def _ceiling(kl, floor):
    return kl.mean(0).clamp(max=floor).sum()


@exercise.mistake(
    "this subtracts the floor. The gradient is the right one, but the value is too low by "
    "what is free; here the floor counts as paid."
)
def _excess_only(kl, floor):
    return (kl.mean(0) - floor).clamp(min=0).sum()


@exercise.mistake("sum over the units: a KL adds up.")
def _mean_of_units(kl, floor):
    return kl.mean(0).clamp(min=floor).mean()


@exercise.mistake("there is no floor: this is the plain KL.")
def _no_floor(kl, floor):
    return kl.mean(0).sum()
