"""Lab 06, exercise `gaussian_kl_between`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def gaussian_kl_between(mean_q, log_var_q, mean_p, log_var_p):
    """The log of the ratio of the deviations, and what q's mean and variance cost in units of p's
    variance.
    """
    cost = (log_var_q.exp() + (mean_q - mean_p).square()) / log_var_p.exp()
    return 0.5 * (log_var_p - log_var_q + cost - 1).sum(1)


def _pairs():
    generator = torch.Generator().manual_seed(61)
    return [
        tuple(torch.randn(*shape, generator=generator) for _ in range(4))
        for shape in ((1, 1), (3, 2), (5, 8))
    ]


exercise = Exercise(
    gaussian_kl_between,
    _pairs,
    hints=[
        (
            "Write log q(z) - log p(z) with z = mean_q + std_q * eps, and average: E[eps] = "
            "0, E[eps²] = 1."
        ),
        "E_q[(z - mean_p)²] = var_q + (mean_q - mean_p)². Divide it by var_p.",
        (
            "With mean_p = 0 and log_var_p = 0 it must become gaussian_kl of section 2, "
            "summed over dimensions."
        ),
    ],
)


@exercise.mistake(
    "this is KL(p || q): the average is taken over draws from q, so q is the one whose "
    "variance is divided."
)
def _arguments_exchanged(mean_q, log_var_q, mean_p, log_var_p):
    return gaussian_kl_between(mean_p, log_var_p, mean_q, log_var_q)


@exercise.mistake(
    "p is taken for the standard normal distribution here: its mean and variance are not used."
)
def _standard_prior(mean_q, log_var_q, mean_p, log_var_p):
    return gaussian_kl_between(
        mean_q, log_var_q, torch.zeros_like(mean_p), torch.zeros_like(log_var_p)
    )


@exercise.mistake(
    "log_var is the logarithm of the variance, not of the standard deviation: exp(log_var) "
    "is the variance already."
)
def _log_var_as_log_std(mean_q, log_var_q, mean_p, log_var_p):
    return gaussian_kl_between(mean_q, 2 * log_var_q, mean_p, 2 * log_var_p)


@exercise.mistake(
    "the squared distance of the means is not divided by p's variance: the same distance "
    "costs less under a wider p."
)
def _means_not_scaled(mean_q, log_var_q, mean_p, log_var_p):
    ratio = (log_var_q - log_var_p).exp()
    return 0.5 * (log_var_p - log_var_q + ratio + (mean_q - mean_p).square() - 1).sum(1)


@exercise.mistake("twice too large: the factor 1/2 is missing.")
def _without_the_half(mean_q, log_var_q, mean_p, log_var_p):
    return 2 * gaussian_kl_between(mean_q, log_var_q, mean_p, log_var_p)


@exercise.mistake("sum over the dimensions: the mean over them is a KL divided by D.")
def _mean_over_dimensions(mean_q, log_var_q, mean_p, log_var_p):
    return gaussian_kl_between(mean_q, log_var_q, mean_p, log_var_p) / mean_q.shape[1]


@exercise.mistake(
    "the -1 of each dimension is missing: the KL of two equal distributions must be 0."
)
def _without_minus_one(mean_q, log_var_q, mean_p, log_var_p):
    return gaussian_kl_between(mean_q, log_var_q, mean_p, log_var_p) + 0.5 * mean_q.shape[1]


@exercise.mistake(
    "the log ratio has the wrong sign: a q that is narrower than p has to pay for it."
)
def _log_ratio_turned(mean_q, log_var_q, mean_p, log_var_p):
    kl = gaussian_kl_between(mean_q, log_var_q, mean_p, log_var_p)
    return kl - (log_var_p - log_var_q).sum(1)


@exercise.mistake("the images are summed as well: each has a KL of its own, (N,).")
def _summed_over_images(mean_q, log_var_q, mean_p, log_var_p):
    return gaussian_kl_between(mean_q, log_var_q, mean_p, log_var_p).sum()


@exercise.mistake("these are the KLs of single dimensions: sum over them.")
def _by_dimension(mean_q, log_var_q, mean_p, log_var_p):
    flat = (part.reshape(-1, 1) for part in (mean_q, log_var_q, mean_p, log_var_p))
    return gaussian_kl_between(*flat).view_as(mean_q)
