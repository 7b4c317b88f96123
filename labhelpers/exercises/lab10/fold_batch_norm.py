"""Lab 10, exercise `fold_batch_norm`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def fold_batch_norm(weight, gamma, beta, mean, var, eps):
    """γ (w·x - mean) / √(var + eps) + β is a convolution with scaled weights and a bias."""
    scale = gamma / (var + eps).sqrt()
    return weight * scale[:, None, None, None], beta - mean * scale


def _convolutions():
    generator = torch.Generator().manual_seed(103)

    def draw(channels, eps):
        weight = torch.randn(channels, channels, 3, 3, generator=generator)
        gamma, beta, mean = (torch.randn(channels, generator=generator) for _ in range(3))
        return weight, gamma, beta, mean, torch.rand(channels, generator=generator) + 0.2, eps

    return [draw(2, 1e-5), draw(3, 0.1)]


exercise = Exercise(
    fold_batch_norm,
    _convolutions,
    hints=[
        "Write batch norm as scale · y + shift. What are the two, for each output channel?",
        "With scale = gamma / sqrt(var + eps) the shift is beta - mean · scale.",
        (
            "Scaling the output of a convolution is scaling its kernels: one factor for "
            "each output channel, the first dimension of the weight."
        ),
    ],
    observe=lambda weight, *rest: weight,
)


@exercise.mistake("the running mean is not subtracted.")
def _mean_forgotten(weight, gamma, beta, mean, var, eps):
    return fold_batch_norm(weight, gamma, beta, 0 * mean, var, eps)


@exercise.mistake("the mean must be scaled too: it is subtracted before the division.")
def _mean_not_scaled(weight, gamma, beta, mean, var, eps):
    return fold_batch_norm(weight, gamma, beta, mean, var, eps)[0], beta - mean


@exercise.mistake("the root is missing: batch norm divides by the standard deviation.")
def _no_root(weight, gamma, beta, mean, var, eps):
    return fold_batch_norm(weight, gamma, beta, mean, (var + eps) ** 2 - eps, eps)


@exercise.mistake("beta is scaled here: it is added after the scaling.")
def _beta_scaled(weight, gamma, beta, mean, var, eps):
    scale = gamma / (var + eps).sqrt()
    return weight * scale[:, None, None, None], (beta - mean) * scale


@exercise.mistake("gamma is missing.")
def _gamma_forgotten(weight, gamma, beta, mean, var, eps):
    return fold_batch_norm(weight, torch.ones_like(gamma), beta, mean, var, eps)


@exercise.mistake("eps belongs under the root, beside the variance.")
def _eps_outside(weight, gamma, beta, mean, var, eps):
    scale = gamma / (var.sqrt() + eps)
    return weight * scale[:, None, None, None], beta - mean * scale


@exercise.mistake(
    "the factors are applied to the input channels: the first dimension of the weight is "
    "the output's."
)
def _scaled_by_inputs(weight, gamma, beta, mean, var, eps):
    scale = gamma / (var + eps).sqrt()
    return weight * scale[None, :, None, None], beta - mean * scale


@exercise.mistake("the sign of the mean is wrong: it is subtracted, beta - mean * scale.")
def _mean_added(weight, gamma, beta, mean, var, eps):
    return fold_batch_norm(weight, gamma, beta, -mean, var, eps)
