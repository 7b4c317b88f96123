"""Lab 08, exercise `clip_together`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def clip_together(gradients, limit):
    """One factor for all: the limit over the norm of everything, at most 1."""
    norm = sum(g.square().sum() for g in gradients) ** 0.5
    factor = min(1.0, limit / norm.item()) if norm > 0 else 1.0
    return [factor * g for g in gradients]


def _inputs():
    generator = torch.Generator().manual_seed(84)
    cases = []
    for shapes, limit in (([(3,), (2, 2)], 1.0), ([(4,), (2, 3), (1,)], 0.5), ([(2,), (3,)], 50.0)):
        cases.append(([torch.randn(s, generator=generator) for s in shapes], limit))
    cases.append(([torch.zeros(3), torch.zeros(2)], 1.0))
    return cases


exercise = Exercise(
    clip_together,
    _inputs,
    hints=[
        "The norm is that of one long vector in which all gradients stand one after the other.",
        "Its square is the sum of all squares of all tensors.",
        "One factor, limit / norm but never above 1, for every tensor. What if the norm is 0?",
    ],
    observe=lambda gradients, limit: gradients,
)


@exercise.mistake(
    "each tensor is clipped by itself, which changes the direction of the step: take one norm "
    "over all."
)
def _each(gradients, limit):
    return [part for g in gradients for part in clip_together([g], limit)]


@exercise.mistake(
    "the entries are cut off one by one, which changes the direction: scale by one factor."
)
def _entries(gradients, limit):
    return [g.clamp(-limit, limit) for g in gradients]


@exercise.mistake("a gradient that is short enough is stretched: the factor must not exceed 1.")
def _always(gradients, limit):
    norm = (sum(g.square().sum() for g in gradients) ** 0.5).item()
    return [limit / norm * g if norm else g for g in gradients]


@exercise.mistake("the norms are added: add their squares, then take the root.")
def _sum_of_norms(gradients, limit):
    norm = sum(g.norm() for g in gradients).item()
    return [min(1.0, limit / norm) * g if norm else g for g in gradients]


@exercise.mistake("gradients of zero give 0 / 0: leave them as they are.")
def _zero(gradients, limit):
    norm = sum(g.square().sum() for g in gradients) ** 0.5
    if norm == 0:
        return [g * float("nan") for g in gradients]
    return clip_together(gradients, limit)


@exercise.mistake("the result is right, but the given tensors are changed: return new ones.")
def _in_place(gradients, limit):
    for g, new in zip(gradients, clip_together(gradients, limit), strict=True):
        g.copy_(new)
    return list(gradients)


@exercise.mistake("this is the limit over the squared norm: take the root of the sum of squares.")
def _squared_norm(gradients, limit):
    norm = sum(g.square().sum() for g in gradients).item()
    return [min(1.0, limit / norm) * g if norm else g for g in gradients]


@exercise.mistake(
    "the longest tensor alone sets the factor: together they are longer. Take one norm over all."
)
def _largest_norm(gradients, limit):
    norm = max(g.norm() for g in gradients).item()
    return [min(1.0, limit / norm) * g if norm else g for g in gradients]
