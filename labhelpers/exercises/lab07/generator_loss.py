"""Lab 07, exercise `generator_loss`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises.grading import Exercise


def generator_loss(logits):
    """-log D(G(z)) = softplus(-logit), averaged over the batch."""
    return F.softplus(-logits).mean()


def _logit_inputs():
    generator = torch.Generator().manual_seed(71)
    logits = [
        torch.tensor([0.0, 2.0]),
        3 * torch.randn(8, generator=generator),
        torch.tensor([-200.0, 1.0]),
    ]
    return [(values.requires_grad_(),) for values in logits]  # the loss has to hand a gradient back


exercise = Exercise(
    generator_loss,
    _logit_inputs,
    hints=[
        "The generator wants D to say 1 about its samples: the loss is -log D(G(z)).",
        "D(x) is the sigmoid of a logit. What is -log σ(a) as one function of a?",
        (
            "F.softplus(-logits), or F.binary_cross_entropy_with_logits with ones as "
            "targets; then the mean."
        ),
    ],
)


@exercise.mistake(
    "this is the saturating loss log(1 - D(G(z))): its gradient vanishes just where the "
    "generator is worst."
)
def _saturating(logits):
    return -F.softplus(logits).mean()


@exercise.mistake("the sign is wrong: minimising log D(G(z)) makes samples look more like fakes.")
def _wrong_sign(logits):
    return -F.softplus(-logits).mean()


@exercise.mistake(
    "the labels are swapped: this is the discriminator's loss for fakes, and it teaches the "
    "generator to be caught."
)
def _labels_swapped(logits):
    return F.softplus(logits).mean()


@exercise.mistake(
    "the sigmoid is applied twice: these functions take logits and apply it themselves."
)
def _sigmoid_twice(logits):
    return F.softplus(-logits.sigmoid()).mean()


@exercise.mistake(
    "σ(-200) is 0 in float32 and its logarithm infinite: use a function that takes logits."
)
def _log_of_the_sigmoid(logits):
    return -logits.sigmoid().log().mean()


@exercise.mistake(
    "σ(-200) is 0 in float32, and binary_cross_entropy cuts its loss off at 100: use "
    "binary_cross_entropy_with_logits."
)
def _probabilities(logits):
    return F.binary_cross_entropy(logits.sigmoid(), torch.ones_like(logits))


@exercise.mistake(
    "the value is right, but it is cut off from the logits (item, detach or no_grad), so no "
    "gradient reaches the generator: return the tensor as it is."
)
def _no_gradient(logits):
    return generator_loss(logits).detach()


@exercise.mistake(
    "average over the batch instead of summing, so that the learning rate does not depend "
    "on its size."
)
def _summed(logits):
    return F.softplus(-logits).sum()
