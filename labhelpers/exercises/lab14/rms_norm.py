"""Lab 14, exercise `rms_norm`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def rms_norm(h, weight, eps):
    """Divide by the root of the mean square, then scale."""
    return weight * h / (h.square().mean(dim=-1, keepdim=True) + eps).sqrt()


def _inputs():
    generator = torch.Generator().manual_seed(6)
    cases = []
    for shape, eps in (((4, 4), 0.01), ((2, 3, 5), 0.1), ((6,), 0.5)):
        h = 1 + torch.randn(*shape, generator=generator)
        cases.append((h, 2 * torch.randn(shape[-1], generator=generator), eps))
    return cases


exercise = Exercise(
    rms_norm,
    _inputs,
    hints=[
        "The mean of the squares over the last dimension, with keepdim=True.",
        "Add ε to it, take the root, divide h by it.",
        "Last, multiply by the weight. Nothing is subtracted.",
    ],
)


@exercise.mistake("the mean is subtracted: that is layer norm. RMS norm leaves it.")
def _layer_norm(h, weight, eps):
    return rms_norm(h - h.mean(dim=-1, keepdim=True), weight, eps)


@exercise.mistake("ε is added outside the root: it belongs to the mean square, inside.")
def _outside(h, weight, eps):
    return weight * h / (h.square().mean(dim=-1, keepdim=True).sqrt() + eps)


@exercise.mistake("this divides by the length of the vector: take the *mean* of the squares.")
def _norm(h, weight, eps):
    return weight * h / (h.square().sum(dim=-1, keepdim=True) + eps).sqrt()


@exercise.mistake("the root is missing: this divides by the mean square itself.")
def _no_root(h, weight, eps):
    return weight * h / (h.square().mean(dim=-1, keepdim=True) + eps)


@exercise.mistake("the weight is not used.")
def _no_weight(h, weight, eps):
    return rms_norm(h, torch.ones_like(weight), eps)


@exercise.mistake("the mean runs over all dimensions: each place has its own, over the last one.")
def _over_all(h, weight, eps):
    return weight * h / (h.square().mean() + eps).sqrt()


@exercise.mistake("one is added to the weight, as in Gemma; in Llama it multiplies as it is.")
def _one_added(h, weight, eps):
    return rms_norm(h, 1 + weight, eps)


@exercise.mistake("ε is missing: a place where all is 0 would be divided by 0.")
def _no_epsilon(h, weight, eps):
    return rms_norm(h, weight, 0.0)


@exercise.mistake(
    "this divides by the standard deviation, of which the mean is subtracted: take the mean of the "
    "squares themselves."
)
def _deviation(h, weight, eps):
    return weight * h / (h.var(dim=-1, keepdim=True, correction=0) + eps).sqrt()


@exercise.mistake(
    "torch.var subtracts the mean, and divides by D − 1: take the mean of the squares themselves."
)
def _deviation_of_a_sample(h, weight, eps):
    return weight * h / (h.var(dim=-1, keepdim=True) + eps).sqrt()


@exercise.mistake(
    "torch.std subtracts the mean, and ε stands outside the root: take the mean of the squares, "
    "add ε, then take the root."
)
def _deviation_and_outside(h, weight, eps):
    return weight * h / (h.std(dim=-1, keepdim=True) + eps)
