"""Lab 04, exercise `neighbour_agreement`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises.grading import Exercise


def neighbour_agreement(gradients):
    """Mean cosine between each gradient and the next; gradients is (points, values)."""
    return F.cosine_similarity(gradients[:-1], gradients[1:], dim=1).mean().item()


def _lines():
    generator = torch.Generator().manual_seed(7)
    lines = [
        torch.randn(n, size, generator=generator).cumsum(0) for n, size in ((6, 4), (9, 3), (3, 20))
    ]
    return [(line,) for line in (*lines, torch.tensor([[1.0, 0.0], [-2.0, 0.0], [0.0, 3.0]]))]


exercise = Exercise(
    neighbour_agreement,
    _lines,
    hints=[
        "gradients[:-1] and gradients[1:] put each point beside the next.",
        (
            "The cosine divides the dot product by both lengths; F.cosine_similarity does "
            "it along a dimension."
        ),
    ],
)


@exercise.mistake(
    "dot products grow with the length of the gradients: divide by both lengths to compare "
    "directions."
)
def _dot_products(gradients):
    return (gradients[:-1] * gradients[1:]).sum(1).mean().item()


@exercise.mistake(
    "this averages over all pairs, far ones and each point with itself included: compare "
    "each with the next."
)
def _all_pairs(gradients):
    unit = F.normalize(gradients, dim=1)
    return (unit @ unit.T).mean().item()


@exercise.mistake("this compares every point with the first one: compare each with the next.")
def _with_the_first(gradients):
    return F.cosine_similarity(gradients[:1], gradients[1:], dim=1).mean().item()


@exercise.mistake(
    "the wrong dimension: the cosine is taken over the values of one gradient, dim=1."
)
def _across_points(gradients):
    return F.cosine_similarity(gradients[:-1], gradients[1:], dim=0).mean().item()


@exercise.mistake(
    "a gradient that turns round has cosine -1, and that is disagreement: keep the sign."
)
def _no_sign(gradients):
    return F.cosine_similarity(gradients[:-1], gradients[1:], dim=1).abs().mean().item()
