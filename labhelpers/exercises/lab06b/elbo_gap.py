"""Lab 06b, exercise `elbo_gap`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def elbo_gap(log_q, log_joint):
    """The KL from q to the posterior, which is the joint probability divided by its sum."""
    return (log_q.exp() * (log_q - log_joint.log_softmax(1))).sum(1)


def _codes():
    """q and p(x, z) on the cells of a grid; some joint probabilities are as small as an image's."""
    generator = torch.Generator().manual_seed(63)
    found = []
    for n, cells, level in ((2, 3, 0.0), (4, 6, -3.0), (3, 5, -200.0)):
        log_q = torch.randn(n, cells, generator=generator).log_softmax(1)
        found.append((log_q, 2 * torch.randn(n, cells, generator=generator) + level))
    return found


exercise = Exercise(
    elbo_gap,
    _codes,
    hints=[
        "ELBO = Σ q (log p(x, z) - log q): an average over the codes, with q as the weights.",
        "log p(x) is the logarithm of the sum of p(x, z) over all codes: log_joint.logsumexp(1).",
        "Or at once: log_joint.log_softmax(1) is log p(z|x), and the gap is KL(q || p(z|x)).",
    ],
)


@exercise.mistake("this is the ELBO itself: subtract it from log p(x).")
def _elbo(log_q, log_joint):
    return (log_q.exp() * (log_joint - log_q)).sum(1)


@exercise.mistake("the sign is turned: log p(x) is never below its bound, so the gap is not < 0.")
def _sign(log_q, log_joint):
    return -elbo_gap(log_q, log_joint)


@exercise.mistake("this is KL(p(z|x) || q): the ELBO averages over q, so q holds the weights.")
def _reversed(log_q, log_joint):
    log_posterior = log_joint.log_softmax(1)
    return (log_posterior.exp() * (log_posterior - log_q)).sum(1)


@exercise.mistake(
    "the joint probability is not the posterior: log p(x), its sum's logarithm, is missing."
)
def _not_normalised(log_q, log_joint):
    return (log_q.exp() * (log_q - log_joint)).sum(1)


@exercise.mistake(
    "exp underflows around -200: log p(x) becomes minus infinity. Use logsumexp, or log_softmax."
)
def _underflow(log_q, log_joint):
    log_p = log_joint.exp().sum(1).log()
    return log_p - (log_q.exp() * (log_joint - log_q)).sum(1)


@exercise.mistake("this is a plain mean over the codes: each counts with its probability q.")
def _plain_mean(log_q, log_joint):
    return (log_q - log_joint.log_softmax(1)).mean(1)


@exercise.mistake("return one gap for each image, not their mean.")
def _one_number(log_q, log_joint):
    return elbo_gap(log_q, log_joint).mean()


@exercise.mistake("the entropy of q is missing: the ELBO has - log q in its average, too.")
def _without_the_entropy(log_q, log_joint):
    return log_joint.logsumexp(1) - (log_q.exp() * log_joint).sum(1)
