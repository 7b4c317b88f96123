"""Lab 02, exercise `signal_sizes`."""

from __future__ import annotations

import torch
from torch import nn

from labhelpers.exercises.grading import Exercise


def signal_sizes(h, layers, order):
    """The root mean square of h after each residual layer."""
    sizes = []
    for layer in layers:
        h = h + (layer(h.relu()) if order == "before" else layer(h).relu())
        sizes.append(h.square().mean().sqrt().item())
    return sizes


def _layer_inputs():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(22)
        layers = [nn.Linear(8, 8) for _ in range(4)]
        h = torch.randn(6, 8)
        return [
            (h, layers, "before"),
            (h, layers, "after"),
            (torch.randn(3, 8), layers[:2], "before"),
        ]


exercise = Exercise(
    signal_sizes,
    _layer_inputs,
    hints=[
        "In both orders the shortcut carries h unchanged. Only the branch differs.",
        "Before: layer(h.relu()). After: layer(h).relu().",
        "Root mean square: h.square().mean().sqrt(), over examples and units together.",
    ],
)


@exercise.mistake(
    "the two orders are swapped: the name says where the ReLU stands relative to the weights."
)
def _orders_swapped(h, layers, order):
    return signal_sizes(h, layers, "after" if order == "before" else "before")


@exercise.mistake("the shortcut is missing: these are plain layers.")
def _plain_layers(h, layers, order):
    sizes = []
    for layer in layers:
        h = layer(h.relu()) if order == "before" else layer(h).relu()
        sizes.append(h.square().mean().sqrt().item())
    return sizes


@exercise.mistake(
    'with order "after" the ReLU is applied to the sum, so the shortcut passes through it '
    "too. Apply it to the branch alone."
)
def _relu_of_the_sum(h, layers, order):
    sizes = []
    for layer in layers:
        h = h + layer(h.relu()) if order == "before" else (h + layer(h)).relu()
        sizes.append(h.square().mean().sqrt().item())
    return sizes


@exercise.mistake('with order "before" the shortcut carries relu(h): it must carry h.')
def _relu_of_the_shortcut(h, layers, order):
    sizes = []
    for layer in layers:
        h = h.relu() + layer(h.relu()) if order == "before" else h + layer(h).relu()
        sizes.append(h.square().mean().sqrt().item())
    return sizes


@exercise.mistake("this is the mean square: take the root.")
def _mean_square_sizes(h, layers, order):
    return [size**2 for size in signal_sizes(h, layers, order)]


@exercise.mistake("the first number is the size of the input: start after the first layer.")
def _input_too(h, layers, order):
    return [h.square().mean().sqrt().item(), *signal_sizes(h, layers, order)]


@exercise.mistake(
    "this is the standard deviation, which takes the mean away: the root mean square does not."
)
def _standard_deviation(h, layers, order):
    sizes = []
    for layer in layers:
        h = h + (layer(h.relu()) if order == "before" else layer(h).relu())
        sizes.append(h.std().item())
    return sizes
