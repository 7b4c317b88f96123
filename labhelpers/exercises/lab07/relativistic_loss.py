"""Lab 07, exercise `relativistic_loss`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises.grading import Exercise


def relativistic_loss(real_logits, fake_logits):
    """-log σ(a - b) = softplus(b - a), averaged over pairs."""
    return F.softplus(fake_logits - real_logits).mean()


def _inputs():
    generator = torch.Generator().manual_seed(75)
    pairs = [2 * torch.randn(2, n, generator=generator) for n in (3, 6)]
    pairs.append(torch.tensor([[-150.0, 1.0], [50.0, 0.0]]))  # differences of -200 and 1
    return [(a.clone().requires_grad_(), b.clone().requires_grad_()) for a, b in pairs]


exercise = Exercise(
    relativistic_loss,
    _inputs,
    hints=[
        "The discriminator's answer about a pair is one logit: the difference.",
        "-log σ(d) is softplus(-d), which does not overflow.",
        "F.softplus(fake_logits - real_logits), then the mean.",
    ],
)


@exercise.mistake("the pair is the wrong way round: this is the *generator's* loss.")
def _other_way_round(real_logits, fake_logits):
    return F.softplus(real_logits - fake_logits).mean()


@exercise.mistake("each is judged by itself: this is the ordinary loss, without a pair.")
def _ordinary(real_logits, fake_logits):
    return (F.softplus(-real_logits) + F.softplus(fake_logits)).mean()


@exercise.mistake("σ(-200) is 0 in float32 and its logarithm infinite: use F.softplus.")
def _log_of_the_sigmoid(real_logits, fake_logits):
    return -(real_logits - fake_logits).sigmoid().log().mean()


@exercise.mistake("the difference is that of logits, not of probabilities.")
def _probabilities(real_logits, fake_logits):
    return F.softplus(fake_logits.sigmoid() - real_logits.sigmoid()).mean()


@exercise.mistake("compare pair by pair and average last: the mean first hides who was fooled.")
def _mean_first(real_logits, fake_logits):
    return F.softplus(fake_logits.mean() - real_logits.mean())


@exercise.mistake("average over the pairs instead of summing.")
def _summed(real_logits, fake_logits):
    return F.softplus(fake_logits - real_logits).sum()


@exercise.mistake(
    "the sign is turned: this rises as the discriminator gets better, and a loss has to fall."
)
def _sign(real_logits, fake_logits):
    return F.logsigmoid(real_logits - fake_logits).mean()
