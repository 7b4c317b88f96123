"""Lab 06b, exercise `active_units`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def active_units(means, threshold=0.01):
    """A unit is active when its mean moves from image to image."""
    return means.var(0) > threshold


def _latent_means():
    generator = torch.Generator().manual_seed(62)
    scale = torch.tensor([1.0, 0.2, 0.05, 0.001, 0.0, 0.5])
    # The fourth is far from zero, but never moves.
    shift = torch.tensor([0.0, 0.0, 0.0, 1.0, 0.0, -1.0])
    return [
        (torch.randn(50, 6, generator=generator) * scale + shift,),
        (torch.randn(40, 6, generator=generator) * scale.flip(0) + shift,),
        (torch.randn(30, 3, generator=generator) * torch.tensor([0.05, 1.0, 0.3]), 0.001),
    ]


exercise = Exercise(
    active_units,
    _latent_means,
    hints=[
        "A collapsed unit gives every image the same mean. Which axis runs over images?",
        ("The variance over images, means.var(0), against the threshold: a boolean for each unit."),
    ],
)


@exercise.mistake(
    "this is the variance over units, one number for each image: take it over images, axis 0."
)
def _spread_over_units(means, threshold=0.01):
    return means.var(1) > threshold


@exercise.mistake(
    "this compares the standard deviation with a threshold that is meant for the variance."
)
def _deviation(means, threshold=0.01):
    return means.std(0) > threshold


@exercise.mistake(
    "the mean square is not the variance: a unit that gives the same mean to all images "
    "says nothing, however far that mean lies from 0."
)
def _mean_square(means, threshold=0.01):
    return means.square().mean(0) > threshold


@exercise.mistake("return which units are active, one boolean each, not how many.")
def _number(means, threshold=0.01):
    return active_units(means, threshold).sum()


@exercise.mistake("upside down: these are the units that are not active.")
def _silent(means, threshold=0.01):
    return means.var(0) <= threshold


@exercise.mistake(
    "the average of the means tells where a unit sits, not whether it moves: take the "
    "variance over images."
)
def _mean_far_from_zero(means, threshold=0.01):
    return means.mean(0).abs() > threshold
