"""Lab 16, exercise `approximate_kl`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def approximate_kl(old, new):
    """Every term is at least 0, and the mean of ratio − 1 is 0 under the old policy."""
    log_ratio = new - old
    return (log_ratio.exp() - 1 - log_ratio).mean()


def _inputs():
    generator = torch.Generator().manual_seed(11)
    cases = []
    for n, moved in ((6, 0.3), (9, 1.0), (4, 0.05)):
        old = -3 * torch.rand(n, generator=generator)
        new = old + moved * torch.randn(n, generator=generator)
        cases.append((old, new))
    return cases


exercise = Exercise(
    approximate_kl,
    _inputs,
    hints=[
        "The ratio of the two probabilities is exp(new − old).",
        "Under the old policy the mean of −ln ratio is the KL divergence, and that of ratio − 1 "
        "is 0: add it.",
        "(ratio − 1) − ln ratio: draw it against the ratio. Where is it 0?",
    ],
)


@exercise.mistake(
    "this is −ln ratio alone: right in the mean, but it can be negative and scatters more. Add "
    "ratio − 1."
)
def _plain(old, new):
    return (old - new).mean()


@exercise.mistake("the sign of the log ratio: it is new − old, as in PPO's ratio.")
def _turned(old, new):
    log_ratio = old - new
    return (log_ratio.exp() - 1 - log_ratio).mean()


@exercise.mistake(
    "half the squared log ratio: close for small steps, but it is not right in the mean for large "
    "ones."
)
def _squared(old, new):
    return 0.5 * (new - old).square().mean()


@exercise.mistake(
    "the squared log ratio is about twice the divergence; even its half is close for small steps "
    "alone."
)
def _whole_square(old, new):
    return (new - old).square().mean()


@exercise.mistake(
    "weighted with the old probabilities: the actions were *drawn* with them, so the plain mean "
    "over the batch weights them already."
)
def _weighted(old, new):
    log_ratio = new - old
    return (old.exp() * (log_ratio.exp() - 1 - log_ratio)).sum()


@exercise.mistake("a sum over the batch: take the mean.")
def _sum(old, new):
    log_ratio = new - old
    return (log_ratio.exp() - 1 - log_ratio).sum()


@exercise.mistake("the − 1 is missing: for equal policies the divergence would be 1.")
def _without_one(old, new):
    log_ratio = new - old
    return (log_ratio.exp() - log_ratio).mean()


@exercise.mistake(
    "the inputs are log probabilities already: their ratio is exp(new − old), not new / old."
)
def _ratio_of_logs(old, new):
    ratio = new / old
    return (ratio - 1 - ratio.log()).mean()


@exercise.mistake("this is only ratio − 1, whose mean is 0 whatever the policies are.")
def _ratio_only(old, new):
    return ((new - old).exp() - 1).mean()


@exercise.mistake(
    "this is the other direction, KL(new ‖ old): the ratio weights the samples as if the new "
    "policy had drawn them."
)
def _other_direction(old, new):
    log_ratio = new - old
    return (log_ratio.exp() * log_ratio - (log_ratio.exp() - 1)).mean()
