"""Lab 07, exercise `smoothed_loss`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises.grading import Exercise


def smoothed_loss(real_logits, fake_logits, smoothing):
    """Cross-entropy with the target 1 - smoothing for real images and 0 for fakes: the sum of the
    two means.
    """
    real = F.binary_cross_entropy_with_logits(
        real_logits, torch.full_like(real_logits, 1 - smoothing)
    )
    return real + F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))


def _pair_inputs():
    generator = torch.Generator().manual_seed(72)
    pairs = [
        (2 * torch.randn(n, generator=generator), 2 * torch.randn(n, generator=generator))
        for n in (3, 6)
    ]
    return [(*pair, smoothing) for pair in pairs for smoothing in (0.1, 0.25)]


exercise = Exercise(
    smoothed_loss,
    _pair_inputs,
    hints=[
        (
            "Without smoothing: cross-entropy with target 1 for real images plus "
            "cross-entropy with target 0 for fakes."
        ),
        "One-sided: only the target of the real images changes, to 1 - smoothing.",
        (
            "F.binary_cross_entropy_with_logits(real_logits, torch.full_like(real_logits, 1 "
            "- smoothing)) is one half."
        ),
    ],
)


def _smoothed_loss(real_logits, fake_logits, real_target, fake_target):
    real = F.binary_cross_entropy_with_logits(
        real_logits, torch.full_like(real_logits, real_target)
    )
    return real + F.binary_cross_entropy_with_logits(
        fake_logits, torch.full_like(fake_logits, fake_target)
    )


@exercise.mistake(
    "the fakes are smoothed too: a target above 0 there rewards the discriminator for "
    "believing bad samples. One-sided means real images only."
)
def _both_sides(real_logits, fake_logits, smoothing):
    return _smoothed_loss(real_logits, fake_logits, 1 - smoothing, smoothing)


@exercise.mistake("the wrong side is smoothed: it is the target of the real images that moves.")
def _the_other_side(real_logits, fake_logits, smoothing):
    return _smoothed_loss(real_logits, fake_logits, 1, smoothing)


@exercise.mistake("the target of the real images is 1 - smoothing, not smoothing.")
def _smoothing_is_the_target(real_logits, fake_logits, smoothing):
    return _smoothed_loss(real_logits, fake_logits, smoothing, 0)


@exercise.mistake("`smoothing` is not used.")
def _not_smoothed(real_logits, fake_logits, smoothing):
    return _smoothed_loss(real_logits, fake_logits, 1, 0)


@exercise.mistake("the targets are swapped: real images have the high one.")
def _targets_swapped(real_logits, fake_logits, smoothing):
    return _smoothed_loss(real_logits, fake_logits, 0, 1 - smoothing)


@exercise.mistake(
    "the loss is scaled, the target is not moved: the cross-entropy with target t has a "
    "second part, (1 - t) · softplus(logit), that punishes too much confidence."
)
def _loss_scaled(real_logits, fake_logits, smoothing):
    return (1 - smoothing) * F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


@exercise.mistake("the two means are added, not averaged.")
def _halved(real_logits, fake_logits, smoothing):
    return smoothed_loss(real_logits, fake_logits, smoothing) / 2
