"""Lab 05, exercise `grad_cam_map`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def grad_cam_map(activations, gradients):
    """Mean gradient of each map as its weight; weighted sum; then ReLU."""
    weights = gradients.mean((1, 2))
    return torch.einsum("d,dhw->hw", weights, activations).relu()


def _activations_and_gradients():
    generator = torch.Generator().manual_seed(52)
    shapes = ((4, 2, 2), (6, 4, 4), (8, 4, 6))
    return [tuple(torch.randn(shape, generator=generator) for _ in range(2)) for shape in shapes]


exercise = Exercise(
    grad_cam_map,
    _activations_and_gradients,
    hints=[
        "Each of the D maps gets one weight. Where does it come from?",
        "The weight is the mean of the gradient over the map: gradients.mean((1, 2)).",
        "First the weighted sum of the activations, then the ReLU, once.",
    ],
)


@exercise.mistake("the last step is missing: the paper keeps only the positive part.")
def _signed(activations, gradients):
    return torch.einsum("d,dhw->hw", gradients.mean((1, 2)), activations)


@exercise.mistake(
    "gradient times activation at each place is another method: Grad-CAM averages the "
    "gradient over the map first."
)
def _place_by_place(activations, gradients):
    return (activations * gradients).sum(0).relu()


@exercise.mistake(
    "the ReLU comes before the sum: then nothing can speak against the class. Add up first."
)
def _relu_before_the_sum(activations, gradients):
    return (gradients.mean((1, 2))[:, None, None] * activations).relu().sum(0)


@exercise.mistake(
    "negative gradients are dropped before they are averaged: keep their sign until the end."
)
def _positive_gradients(activations, gradients):
    return torch.einsum("d,dhw->hw", gradients.relu().mean((1, 2)), activations).relu()


@exercise.mistake("activations and gradients are swapped: the weights come from the gradients.")
def _swapped(activations, gradients):
    return grad_cam_map(gradients, activations)


@exercise.mistake("the gradient is summed, not averaged: the map is H·W times too large.")
def _summed_gradients(activations, gradients):
    return torch.einsum("d,dhw->hw", gradients.sum((1, 2)), activations).relu()


@exercise.mistake(
    "the absolute value turns evidence against the class into evidence for it: keep the "
    "positive part."
)
def _absolute(activations, gradients):
    return torch.einsum("d,dhw->hw", gradients.mean((1, 2)), activations).abs()
