"""Lab 07, exercise `spectral_norm`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises.grading import Exercise


def spectral_norm(weight, u, steps):
    """weight / σ, with σ = uᵀ W v after power iteration from u."""
    for _ in range(steps):
        v = F.normalize(weight.T @ u, dim=0)
        u = F.normalize(weight @ v, dim=0)
    return weight / (u @ weight @ v)


def _inputs():
    generator = torch.Generator().manual_seed(76)
    inputs = []
    for (rows, columns), steps in {(3, 4): 1, (5, 2): 3, (4, 4): 50}.items():
        weight = torch.randn(rows, columns, generator=generator, dtype=torch.float64)
        start = torch.randn(rows, generator=generator, dtype=torch.float64)
        inputs.append((weight, F.normalize(start, dim=0), steps))
    return inputs


exercise = Exercise(
    spectral_norm,
    _inputs,
    hints=[
        "u has one entry per output, v one per input. W v has one per output: which is which?",
        "v = F.normalize(weight.T @ u, dim=0), then u = F.normalize(weight @ v, dim=0).",
        "σ = u @ weight @ v, at the end, with the last u and the last v.",
    ],
)


@exercise.mistake("this is σ itself: divide the matrix by it.")
def _sigma(weight, u, steps):
    return (weight / spectral_norm(weight, u, steps))[0, 0]


@exercise.mistake("this is the Frobenius norm, of *all* singular values together.")
def _frobenius(weight, u, steps):
    return weight / weight.norm()


@exercise.mistake("multiply by σ? The layer shall stretch by at most 1: divide.")
def _multiplied(weight, u, steps):
    return weight * (weight / spectral_norm(weight, u, steps))[0, 0]


@exercise.mistake("one step only: use all of `steps`.")
def _one_step(weight, u, steps):
    return spectral_norm(weight, u, 1)


@exercise.mistake("exact, by singular values: right in the limit, but not after so few steps.")
def _exact(weight, u, steps):
    return weight / torch.linalg.matrix_norm(weight, 2)
