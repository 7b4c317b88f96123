"""Lab 08, exercise `rate_limit`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def rate_limit(hessian):
    """Two over the largest eigenvalue."""
    return 2 / torch.linalg.eigvalsh(hessian).max().item()


def _inputs():
    generator = torch.Generator().manual_seed(83)
    cases = [(torch.diag(torch.tensor([0.5, 4.0])).double(),)]
    for n in (2, 3, 5):
        root = torch.randn(n, n, generator=generator).double()
        cases.append((root @ root.T + 0.1 * torch.eye(n).double(),))
    return cases


exercise = Exercise(
    rate_limit,
    _inputs,
    hints=[
        "In the direction of an eigenvector the loss is a bowl with the eigenvalue as curvature.",
        "Every direction has to shrink, so the steepest one sets the limit: 2 / largest.",
        "torch.linalg.eigvalsh gives the eigenvalues of a symmetric matrix.",
    ],
)


@exercise.mistake("this is the smallest eigenvalue's limit: the steepest direction diverges first.")
def _flattest(hessian):
    return 2 / torch.linalg.eigvalsh(hessian).min().item()


@exercise.mistake(
    "1 / λ is the rate that lands in the minimum at once; up to 2 / λ it still shrinks."
)
def _one_step(hessian):
    return 1 / torch.linalg.eigvalsh(hessian).max().item()


@exercise.mistake(
    "the curvatures along the axes are not the steepest ones: take the eigenvalues, not the "
    "diagonal."
)
def _diagonal(hessian):
    return 2 / hessian.diagonal().max().item()


@exercise.mistake(
    "this is the best rate, 2 / (largest + smallest): the limit is where it stops to converge."
)
def _best(hessian):
    values = torch.linalg.eigvalsh(hessian)
    return 2 / (values.max() + values.min()).item()


@exercise.mistake(
    "the trace is the sum of all eigenvalues: the limit belongs to the largest alone."
)
def _trace(hessian):
    return 2 / hessian.trace().item()
