"""Lab 14, exercise `lora_start`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def lora_start(m, n, rank, generator):
    """A random, B zero."""
    A = torch.randn(rank, n, generator=generator) / n**0.5
    return A, torch.zeros(m, rank)


def _inputs():
    sizes = ((4, 9, 2), (6, 4, 3), (5, 5, 1))
    return [(*size, torch.Generator().manual_seed(seed)) for seed, size in enumerate(sizes)]


exercise = Exercise(
    lora_start,
    _inputs,
    hints=[
        "At the start the adapted layer has to give what the frozen one gives: B A = 0.",
        "The gradient of B contains A, that of A contains B: one of them must not be zero. Which?",
        "A = torch.randn(rank, n, generator=generator) / n**0.5, B = torch.zeros(m, rank).",
    ],
)


@exercise.mistake("both matrices are zero: then both gradients are zero too, and nothing moves.")
def _both_zero(m, n, rank, generator):
    return torch.zeros(rank, n), torch.zeros(m, rank)


@exercise.mistake("both matrices are random: the model is changed before the first step.")
def _both_random(m, n, rank, generator):
    A = torch.randn(rank, n, generator=generator) / n**0.5
    return A, torch.randn(m, rank, generator=generator) / n**0.5


@exercise.mistake("the wrong one is zero: here A is random, and B starts at zero.")
def _exchanged(m, n, rank, generator):
    return torch.zeros(rank, n), torch.randn(m, rank, generator=generator) / n**0.5


@exercise.mistake("not divided by √n: each row of A meets n numbers, whose products add up.")
def _not_scaled(m, n, rank, generator):
    return torch.randn(rank, n, generator=generator), torch.zeros(m, rank)


@exercise.mistake("divided by n: the *deviation* is to be 1/√n.")
def _by_n(m, n, rank, generator):
    return torch.randn(rank, n, generator=generator) / n, torch.zeros(m, rank)


@exercise.mistake("divided by the root of the rank: a row of A meets n inputs.")
def _by_rank(m, n, rank, generator):
    return torch.randn(rank, n, generator=generator) / rank**0.5, torch.zeros(m, rank)


@exercise.mistake("the shapes are transposed: A is (rank, n), B is (m, rank).")
def _transposed(m, n, rank, generator):
    A, B = lora_start(m, n, rank, generator)
    return A.T, B.T
