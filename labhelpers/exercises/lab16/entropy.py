"""Lab 16, exercise `entropy`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def entropy(logits):
    """Minus the mean of log p under p itself."""
    log_p = logits.log_softmax(dim=1)
    return -(log_p.exp() * log_p).sum(dim=1)


def _inputs():
    generator = torch.Generator().manual_seed(3)
    cases = [(3 * torch.randn(5, actions, generator=generator),) for actions in (2, 3, 6)]
    return [*cases, (torch.tensor([[0.0, -200.0], [500.0, 0.0]]),)]  # p becomes 0


exercise = Exercise(
    entropy,
    _inputs,
    hints=[
        "Logits are no probabilities: softmax first, over the actions.",
        "H = −Σ p ln p, one number for each observation.",
        "log_softmax stays finite where softmax().log() does not.",
    ],
)


@exercise.mistake("the sign: an entropy is never negative.")
def _sign(logits):
    return -entropy(logits)


@exercise.mistake(
    "infinite or NaN where a probability becomes 0: softmax().log() is ln 0 there. log_softmax is "
    "not."
)
def _unstable(logits):
    p = logits.softmax(dim=1)
    return -(p * p.log()).sum(dim=1)


@exercise.mistake("the softmax runs over the observations (dim=0): it belongs over the actions.")
def _wrong_axis(logits):
    log_p = logits.log_softmax(dim=0)
    return -(log_p.exp() * log_p).sum(dim=1)


@exercise.mistake("in bits: the natural logarithm was asked for.")
def _bits(logits):
    return entropy(logits) / torch.log(torch.tensor(2.0))


@exercise.mistake("a mean over the actions: the probabilities are the weights already. Sum.")
def _mean(logits):
    return entropy(logits) / logits.shape[1]


@exercise.mistake("−Σ ln p without the weights p: that grows without bound as an action dies.")
def _unweighted(logits):
    return -logits.log_softmax(dim=1).sum(dim=1)


@exercise.mistake(
    "one number for all observations: return one each, the loss may take the mean afterwards."
)
def _single(logits):
    return entropy(logits).mean()


@exercise.mistake("this is −ln of the likeliest action's probability, not the mean of −ln p.")
def _least_surprise(logits):
    return -logits.log_softmax(dim=1).amax(dim=1)
