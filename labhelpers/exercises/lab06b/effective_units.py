"""Lab 06b, exercise `effective_units`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def effective_units(kl):
    """The exponential of the entropy of the units' shares in the mean KL."""
    return _entropy(_shares(kl)).exp()


def _shares(kl):
    carried = kl.mean(0)
    return carried / carried.sum()


def _entropy(shares):
    """In nats, over the last axis; a share of 0 adds nothing."""
    return -torch.special.xlogy(shares, shares).sum(-1)


def _kl_values():
    """Units that speak on different images, a faint one, and one that is silent throughout."""
    generator = torch.Generator().manual_seed(62)
    levels = [[2.0, 2.0, 1.0, 0.1, 0.0], [3.0, 0.4, 0.0, 0.4], [1.0, 1.0, 1.0, 0.0, 0.5, 0.02]]
    found = []
    for level, n in zip(levels, (20, 12, 8), strict=True):
        spread = 0.2 + 2 * torch.rand(n, len(level), generator=generator).square()
        found.append((torch.tensor(level) * spread,))
    return found


exercise = Exercise(
    effective_units,
    _kl_values,
    hints=[
        "First the mean KL of each unit over the images, (D,); divided by its sum it gives shares.",
        "The entropy of the shares is -Σ p log p. Its exponential counts: D equal shares give D.",
        "0 · log 0 is not a number for a computer: torch.special.xlogy(p, p) gives 0 there.",
    ],
)


@exercise.mistake(
    "0 · log 0 is not a number: a silent unit has a share of 0 and must add nothing. "
    "torch.special.xlogy(p, p), or leave the zeros out."
)
def _zero_times_infinity(kl):
    shares = _shares(kl)
    return (-(shares * shares.log()).sum()).exp()


@exercise.mistake("this is the entropy, in nats: its exponential is a number of units.")
def _without_the_exponential(kl):
    return _entropy(_shares(kl))


@exercise.mistake(
    "the entropy in bits belongs to 2 to its power, not to exp: use the natural logarithm."
)
def _bits(kl):
    return (_entropy(_shares(kl)) / torch.log(torch.tensor(2.0))).exp()


@exercise.mistake(
    "the shares are taken image by image: units that speak on different images then count as "
    "fewer. Take the mean over the images first."
)
def _image_by_image(kl):
    shares = kl / kl.sum(1, keepdim=True)
    return _entropy(shares).exp().mean()


@exercise.mistake("the nats of the units are no shares: divide them by their sum.")
def _not_normalised(kl):
    return _entropy(kl.mean(0)).exp()


@exercise.mistake(
    "this counts every unit that is not exactly silent: a faint one has to count for little."
)
def _all_that_speak(kl):
    return (kl.mean(0) > 0).sum()


@exercise.mistake("the sign is turned: the entropy is minus the sum of p log p.")
def _sign(kl):
    return (-_entropy(_shares(kl))).exp()


@exercise.mistake(
    "1 / Σ p² counts too, but differently: here the exponential of the entropy is asked for."
)
def _one_over_squares(kl):
    return 1 / _shares(kl).square().sum()


@exercise.mistake("the entropy is in nats: it belongs to exp, 2 to its power is for bits.")
def _power_of_two(kl):
    return 2 ** _entropy(_shares(kl))
