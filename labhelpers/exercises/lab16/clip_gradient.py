"""Lab 16, exercise `clip_gradient`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def clip_gradient(new, old, advantage, clip):
    """The smaller of the two gains counts: where that is the clipped one, nothing moves."""
    ratio = (new - old).exp()
    capped = ratio.clamp(1 - clip, 1 + clip)
    loss = -torch.minimum(ratio * advantage, capped * advantage).mean()
    return torch.autograd.grad(loss, new)[0]


def _gradient(gain, new):
    return torch.autograd.grad(-gain.mean(), new)[0]


def _inputs():
    ratio = torch.tensor([1.0, 1.5, 0.5, 1.5, 0.5, 1.15, 0.95, 3.0])  # none at a corner
    advantage = torch.tensor([1.0, 2.0, 1.0, -1.0, -2.0, -0.5, 0.3, 1.0])
    generator = torch.Generator().manual_seed(6)
    cases = []
    for clip in (0.2, 0.1, 0.3):
        old = -1.5 * torch.rand(8, generator=generator) - 1.2
        cases.append(((old + ratio.log()).requires_grad_(), old, advantage, clip))
    return cases


exercise = Exercise(
    clip_gradient,
    _inputs,
    hints=[
        "The ratio of the probabilities is exp(new − old).",
        "Two gains: ratio × advantage, and the same with the ratio clamped to 1 ± clip.",
        "The objective is the mean of the *smaller* gain, to be maximised; the loss is minus that.",
        "torch.autograd.grad(loss, new)[0]. Or by hand: where is the gradient 0?",
    ],
)


@exercise.mistake(
    "max for min: the larger gain never stops a step that goes too far. PPO is a pessimist."
)
def _maximum(new, old, advantage, clip):
    ratio = (new - old).exp()
    capped = ratio.clamp(1 - clip, 1 + clip)
    return _gradient(torch.maximum(ratio * advantage, capped * advantage), new)


@exercise.mistake(
    "only the clamped ratio, without the minimum: a policy that went too far the *wrong* way would "
    "never be called back."
)
def _clamped_only(new, old, advantage, clip):
    ratio = (new - old).exp()
    return _gradient(ratio.clamp(1 - clip, 1 + clip) * advantage, new)


@exercise.mistake("the advantage is clamped: it is the ratio that must stay near 1.")
def _advantage_clamped(new, old, advantage, clip):
    ratio = (new - old).exp()
    capped = advantage.clamp(1 - clip, 1 + clip)
    return _gradient(torch.minimum(ratio * advantage, ratio * capped), new)


@exercise.mistake(
    "the product is clamped to 1 ± clip: clamp the ratio first, then multiply by the advantage."
)
def _product_clamped(new, old, advantage, clip):
    gain = (new - old).exp() * advantage
    return _gradient(torch.minimum(gain, gain.clamp(1 - clip, 1 + clip)), new)


@exercise.mistake("there is no clip: this is the gradient of ratio × advantage.")
def _unclipped(new, old, advantage, clip):
    return _gradient((new - old).exp() * advantage, new)


@exercise.mistake("the sign: a loss is minimised, the gain is to grow.")
def _sign(new, old, advantage, clip):
    return -clip_gradient(new, old, advantage, clip)


@exercise.mistake("the log ratio was clamped and multiplied: take its exponential first.")
def _log_ratio(new, old, advantage, clip):
    ratio = new - old
    capped = ratio.clamp(-clip, clip)
    return _gradient(torch.minimum(ratio * advantage, capped * advantage), new)


@exercise.mistake("a sum over the batch: take the mean.")
def _sum(new, old, advantage, clip):
    return len(new) * clip_gradient(new, old, advantage, clip)


@exercise.mistake("the ratio is turned round, old over new.")
def _turned(new, old, advantage, clip):
    ratio = (old - new).exp()
    capped = ratio.clamp(1 - clip, 1 + clip)
    return _gradient(torch.minimum(ratio * advantage, capped * advantage), new)
