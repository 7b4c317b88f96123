"""Lab 12, exercise `silent_share`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def silent_share(h):
    """A unit is silent if no image of the batch makes it differ from 0."""
    return (h == 0).all(dim=0).float().mean().item()


def _activations():
    generator = torch.Generator().manual_seed(121)
    inputs = []
    for n, d, shift in ((6, 8, 0.6), (3, 5, 0.9), (12, 10, 0.4)):
        h = (torch.randn(n, d, generator=generator) - shift).relu()
        h[:, 0], h[0, 1:] = (
            0.0,
            h[0, 1:] + 0.1,
        )  # one silent unit; the first image wakes all others …
        h[:, 1], h[-1] = (
            0.7,
            0.0,
        )  # … one unit says the same to nearly all, and the last image wakes none
        h[:, 2] *= torch.arange(n) % 2  # zero for some images only
        inputs.append((h,))
    h = inputs[0][0].clone()
    h[:, 3] = 0.5  # a constant that is not zero
    return [*inputs, (h,)]


exercise = Exercise(
    silent_share,
    _activations,
    hints=[
        ("Ask of each unit, a column of h: is it 0 for this image, and this one, and all of them?"),
        "(h == 0) has the shape of h. Which dimension runs over the images?",
        "(h == 0).all(dim=0) has one entry per unit; its mean is the share.",
    ],
)


@exercise.mistake(
    "this is the share of zeros. About half of them is normal in a ReLU layer: a unit is "
    "silent only if it is 0 for every image."
)
def _zeros_counted(h):
    return (h == 0).float().mean().item()


@exercise.mistake(
    "this counts a unit as silent if it is 0 for one image. It has to be 0 for all of them."
)
def _silent_once(h):
    return (h == 0).any(dim=0).float().mean().item()


@exercise.mistake("this asks which images wake no unit at all: take the other dimension.")
def _over_units(h):
    return (h == 0).all(dim=1).float().mean().item()


@exercise.mistake("this is the share of units that are alive.")
def _alive(h):
    return 1 - silent_share(h)


@exercise.mistake("this is a number of units: divide by how many there are.")
def _silent_count(h):
    return float((h == 0).all(dim=0).sum().item())


@exercise.mistake("this also counts units that give every image the same number other than 0.")
def _constant(h):
    return (h == h[:1]).all(dim=0).float().mean().item()
