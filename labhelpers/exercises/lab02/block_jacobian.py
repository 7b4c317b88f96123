"""Lab 02, exercise `block_jacobian`."""

from __future__ import annotations

import functools

import torch

from labhelpers.exercises.grading import Exercise


def block_jacobian(h, weight):
    """The identity, and the columns of the weights whose unit is switched on."""
    return torch.eye(len(h)) + weight * (h > 0)


def _block_inputs():
    generator = torch.Generator().manual_seed(2)
    draw = functools.partial(torch.randn, generator=generator)
    return [(draw(n), draw(n, n)) for n in (2, 3, 5)]


exercise = Exercise(
    block_jacobian,
    _block_inputs,
    hints=[
        "Differentiate the two summands one by one: what is the derivative of h by h?",
        (
            "ReLU's derivative is 1 where its input is positive and 0 elsewhere: a diagonal "
            "matrix D."
        ),
        (
            "W D multiplies the columns of W by the entries of D: weight * (h > 0) does it "
            "by broadcasting."
        ),
    ],
)


@exercise.mistake("the identity is missing: this is the Jacobian of a plain layer.")
def _plain_jacobian(h, weight):
    return weight * (h > 0)


@exercise.mistake(
    "the mask is on the rows, the outputs: ReLU acts on the inputs, so it switches columns off."
)
def _mask_on_rows(h, weight):
    return torch.eye(len(h)) + weight * (h > 0)[:, None]


@exercise.mistake("the ReLU is forgotten: where h is negative it lets nothing through.")
def _no_mask(h, weight):
    return torch.eye(len(h)) + weight


@exercise.mistake("this is the transpose: outputs are rows, inputs are columns.")
def _transposed(h, weight):
    return (torch.eye(len(h)) + weight * (h > 0)).T


@exercise.mistake("the derivative of ReLU is 1 or 0, not the value of ReLU itself.")
def _relu_for_mask(h, weight):
    return torch.eye(len(h)) + weight * h.relu()


@exercise.mistake("the shortcut does not pass through the ReLU: only the weights are masked.")
def _identity_masked(h, weight):
    return (torch.eye(len(h)) + weight) * (h > 0)
