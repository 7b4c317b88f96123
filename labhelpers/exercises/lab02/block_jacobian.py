"""Lab 02, exercise `block_jacobian`."""

from __future__ import annotations

import functools

import torch

from labhelpers.exercises.grading import Exercise


def block_jacobian(h, weight, bias):
    """The identity, and the rows of the weights whose output the ReLU lets through."""
    return torch.eye(len(h)) + weight * (weight @ h + bias > 0)[:, None]


def _block_inputs():
    generator = torch.Generator().manual_seed(2)
    draw = functools.partial(torch.randn, generator=generator)
    return [(draw(n), draw(n, n), draw(n)) for n in (3, 4, 6)]


exercise = Exercise(
    block_jacobian,
    _block_inputs,
    hints=[
        "Differentiate the two summands one by one: what is the derivative of h by h?",
        (
            "ReLU's derivative is 1 where its input is positive and 0 elsewhere: a diagonal "
            "matrix D. What is its input here?"
        ),
        (
            "The chain rule gives D W: D multiplies the rows of W. "
            "weight * (weight @ h + bias > 0)[:, None] does it by broadcasting."
        ),
    ],
)


@exercise.mistake("the identity is missing: this is the Jacobian of the branch alone.")
def _branch_only(h, weight, bias):
    return weight * (weight @ h + bias > 0)[:, None]


@exercise.mistake(
    "this is the block of section 4, with the ReLU before the weights: here it comes after them, "
    "so it switches rows off, the outputs, and its input is weight @ h + bias."
)
def _relu_before(h, weight, bias):
    return torch.eye(len(h)) + weight * (h > 0)


@exercise.mistake(
    "the right mask, on the columns: ReLU acts on the outputs of the weights, so it switches "
    "rows off."
)
def _mask_on_columns(h, weight, bias):
    return torch.eye(len(h)) + weight * (weight @ h + bias > 0)


@exercise.mistake("the mask looks at h: the input of this ReLU is weight @ h + bias.")
def _mask_by_h(h, weight, bias):
    return torch.eye(len(h)) + weight * (h > 0)[:, None]


@exercise.mistake("the bias is forgotten in the mask: it helps to decide which units are on.")
def _mask_without_bias(h, weight, bias):
    return torch.eye(len(h)) + weight * (weight @ h > 0)[:, None]


@exercise.mistake("the ReLU is forgotten: where its input is negative it lets nothing through.")
def _no_mask(h, weight, bias):
    return torch.eye(len(h)) + weight


@exercise.mistake("this is the transpose: outputs are rows, inputs are columns.")
def _transposed(h, weight, bias):
    return block_jacobian(h, weight, bias).T


@exercise.mistake("the derivative of ReLU is 1 or 0, not the value of ReLU itself.")
def _relu_for_mask(h, weight, bias):
    return torch.eye(len(h)) + weight * (weight @ h + bias).relu()[:, None]


@exercise.mistake("the shortcut does not pass through the ReLU: only the weights are masked.")
def _identity_masked(h, weight, bias):
    return (torch.eye(len(h)) + weight) * (weight @ h + bias > 0)[:, None]
