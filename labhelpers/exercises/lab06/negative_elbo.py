"""Lab 06, exercise `negative_elbo`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises.grading import Exercise


def negative_elbo(logits, x, mean, log_var):
    """Pixels and units are summed, images averaged."""
    pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    code = 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum(1)
    return (pixels + code).mean()


def _batches():
    generator = torch.Generator().manual_seed(66)
    found = []
    for n, pixels, units in ((1, 4, 1), (3, 9, 2), (6, 25, 5)):
        x = torch.bernoulli(torch.full((n, pixels), 0.3), generator=generator)
        logits = torch.randn(n, pixels, generator=generator)
        mean, log_var = torch.randn(2, n, units, generator=generator)
        found.append((logits, x, mean, log_var))
    return found


exercise = Exercise(
    negative_elbo,
    _batches,
    hints=[
        "Two terms, each in nats per image: the price of the pixels and the price of the code.",
        "binary_cross_entropy_with_logits(…, reduction='none') gives (N, P): sum over axis 1.",
        "The KL of section 2 gives (N, D): sum over the units, then take the mean over images.",
    ],
)


@exercise.mistake(
    "the pixels are averaged and the KL is summed: that weighs the code as many times too much "
    "as there are pixels. Sum both."
)
def _pixels_averaged(logits, x, mean, log_var):
    pixels = F.binary_cross_entropy_with_logits(logits, x)
    return pixels + 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum(1).mean()


@exercise.mistake("the sum over images grows with the batch: take the mean over them.")
def _summed_over_images(logits, x, mean, log_var):
    return negative_elbo(logits, x, mean, log_var) * len(x)


@exercise.mistake("this is the bound itself, which one would make large: the loss is its negative.")
def _sign(logits, x, mean, log_var):
    return -negative_elbo(logits, x, mean, log_var)


@exercise.mistake(
    "the KL is subtracted: a code that says more would cost less. It is a price, so add it."
)
def _kl_subtracted(logits, x, mean, log_var):
    pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    return (pixels - 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum(1)).mean()


@exercise.mistake("only the pixels are paid for: the KL is missing.")
def _no_kl(logits, x, mean, log_var):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1).mean()


@exercise.mistake("the KL is averaged over the units: sum it, each unit has its own price.")
def _units_averaged(logits, x, mean, log_var):
    pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    return (pixels + 0.5 * (mean.square() + log_var.exp() - 1 - log_var).mean(1)).mean()


@exercise.mistake(
    "log_var is the logarithm of the variance: exp(log_var) is the variance, without a square."
)
def _log_deviation(logits, x, mean, log_var):
    return negative_elbo(logits, x, mean, 2 * log_var)
