"""Lab 14, exercise `lora_forward`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def lora_forward(x, W, A, B, alpha):
    """The frozen layer, plus α/r times what the thin matrices make of x."""
    return x @ W.T + alpha / len(A) * (x @ A.T @ B.T)


def _inputs():
    generator = torch.Generator().manual_seed(3)
    cases = []
    for shape, m, n, rank, alpha in (
        ((5,), 4, 4, 2, 8.0),
        ((2, 3), 4, 6, 3, 1.0),
        ((1,), 3, 3, 1, 5),
    ):
        x = torch.randn(*shape, n, generator=generator)
        W = torch.randn(m, n, generator=generator)
        A = torch.randn(rank, n, generator=generator)
        B = torch.randn(m, rank, generator=generator)
        cases.append((x, W, A, B, alpha))
    return cases


exercise = Exercise(
    lora_forward,
    _inputs,
    hints=[
        "A linear layer gives x @ W.T. What does W + α/r · B A give?",
        "The rank is the number of rows of A.",
        "x @ A.T is (…, r), and (x @ A.T) @ B.T is (…, m): B A itself is never formed.",
    ],
)


@exercise.mistake("the factor α/r is missing.")
def _no_factor(x, W, A, B, alpha):
    return x @ W.T + x @ A.T @ B.T


@exercise.mistake("multiplied by α alone: divide by the rank, so that ranks can be compared.")
def _alpha_only(x, W, A, B, alpha):
    return x @ W.T + alpha * (x @ A.T @ B.T)


@exercise.mistake("the frozen layer's part is missing: the product is *added* to it.")
def _no_base(x, W, A, B, alpha):
    return alpha / len(A) * (x @ A.T @ B.T)


@exercise.mistake("α/r multiplies the frozen part too: it belongs to the product only.")
def _all_scaled(x, W, A, B, alpha):
    return alpha / len(A) * (x @ W.T + x @ A.T @ B.T)


@exercise.mistake("multiplied by r/α: the factor is α/r.")
def _inverted(x, W, A, B, alpha):
    return x @ W.T + len(A) / alpha * (x @ A.T @ B.T)


@exercise.mistake("divided by the number of inputs: r is the number of rows of A.")
def _by_inputs(x, W, A, B, alpha):
    return x @ W.T + alpha / A.shape[1] * (x @ A.T @ B.T)


@exercise.mistake("this divides by √r, a later variant (rsLoRA): here the factor is α/r.")
def _root(x, W, A, B, alpha):
    return x @ W.T + alpha / len(A) ** 0.5 * (x @ A.T @ B.T)
