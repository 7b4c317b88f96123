"""Lab 07, exercise `coverage`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def coverage(real, fake, k):
    """The share of real examples with a fake in the ball that reaches to their k-th neighbour."""
    radius = torch.cdist(real, real).kthvalue(k + 1).values  # the nearest is itself, at 0
    covered = torch.cdist(real, fake).min(1).values < radius
    return covered.double().mean().item()


def _inputs():
    generator = torch.Generator().manual_seed(74)
    real = torch.randn(20, 2, generator=generator)
    sizes = [(12, 1.0, 2), (40, 0.5, 3), (15, 1.5, 1)]
    fakes = [(scale * torch.randn(n, 2, generator=generator), k) for n, scale, k in sizes]
    return [(real, fake, k) for fake, k in fakes]


exercise = Exercise(
    coverage,
    _inputs,
    hints=[
        "One radius for each real example: the distance to its k-th nearest other real one.",
        "torch.cdist(real, real).kthvalue(k + 1).values: each is its own nearest, at distance 0.",
        "A real example is covered if its nearest fake is nearer than its radius.",
    ],
)


@exercise.mistake("each real example is its own nearest neighbour: take the (k + 1)-th distance.")
def _counts_itself(real, fake, k):
    radius = torch.cdist(real, real).kthvalue(k).values
    return (torch.cdist(real, fake).min(1).values < radius).double().mean().item()


@exercise.mistake("this is recall: the balls are those of the fakes, outliers and all.")
def _recall(real, fake, k):
    radius = torch.cdist(fake, fake).kthvalue(k + 1).values
    return (torch.cdist(real, fake) < radius).any(1).double().mean().item()


@exercise.mistake("this is precision, the share of fakes in some real ball: count real examples.")
def _precision(real, fake, k):
    radius = torch.cdist(real, real).kthvalue(k + 1).values
    return (torch.cdist(fake, real) < radius).any(1).double().mean().item()


@exercise.mistake("this is density, how many balls cover a fake: count each real example once.")
def _density(real, fake, k):
    radius = torch.cdist(real, real).kthvalue(k + 1).values
    return (torch.cdist(fake, real) < radius).double().sum(1).mean().item() / k


@exercise.mistake("this is the share of real examples that are *not* covered.")
def _uncovered(real, fake, k):
    return 1 - coverage(real, fake, k)
