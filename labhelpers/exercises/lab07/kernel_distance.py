"""Lab 07, exercise `kernel_distance`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def kernel_distance(real, fake):
    """The unbiased squared distance of two sets under the kernel (x·y / D + 1)³."""

    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    def own(a):
        table = kernel(a, a)  # (N, N); a member with itself says nothing about the others
        return (table.sum() - table.diagonal().sum()) / (len(a) * (len(a) - 1))

    return own(real) + own(fake) - 2 * kernel(real, fake).mean()


def _inputs():
    generator = torch.Generator().manual_seed(76)
    sizes = [(9, 7, 4, 0.0), (5, 12, 2, 1.0), (20, 20, 3, -0.5)]
    return [
        (
            torch.randn(n, dimensions, generator=generator, dtype=torch.float64),
            torch.randn(m, dimensions, generator=generator, dtype=torch.float64) + shift,
        )
        for n, m, dimensions, shift in sizes
    ]


exercise = Exercise(
    kernel_distance,
    _inputs,
    hints=[
        "Three means of the kernel: within the real ones, within the fakes, and between the sets.",
        "Within a set leave out the diagonal: N (N − 1) pairs. Between the sets all N · M pairs.",
        "Within real + within fake − 2 · between. All dot products at once: real @ fake.T",
    ],
)


def _means(real, fake, power=3, shift=1.0, scale=None, own=False):
    """The three means: within `real`, within `fake`, between."""

    def kernel(a, b):
        return (a @ b.T / (scale or a.shape[1]) + shift) ** power

    def within(a):
        table = kernel(a, a)
        if own:
            return table.mean()
        return (table.sum() - table.diagonal().sum()) / (len(a) * (len(a) - 1))

    return within(real), within(fake), kernel(real, fake).mean()


@exercise.mistake("the pairs of a member with itself are in the means: leave the diagonals out.")
def _biased(real, fake):
    a, b, between = _means(real, fake, own=True)
    return a + b - 2 * between


@exercise.mistake(
    "the diagonals are set to zero, but their places still count in the means: divide by the "
    "N (N − 1) pairs that are left."
)
def _zeros_counted(real, fake):
    a, b, between = _means(real, fake)
    return a * (1 - 1 / len(real)) + b * (1 - 1 / len(fake)) - 2 * between


@exercise.mistake("the mean between the sets counts twice: its sign is minus, its factor two.")
def _once(real, fake):
    a, b, between = _means(real, fake)
    return a + b - between


@exercise.mistake("the dot product is divided by the number of features D first.")
def _not_divided(real, fake):
    a, b, between = _means(real, fake, scale=1)
    return a + b - 2 * between


@exercise.mistake("the 1 in the kernel is missing: without it the means of the sets are not seen.")
def _no_constant(real, fake):
    a, b, between = _means(real, fake, shift=0.0)
    return a + b - 2 * between


@exercise.mistake("the power is 3: with 2 the third moments are not compared.")
def _squared(real, fake):
    a, b, between = _means(real, fake, power=2)
    return a + b - 2 * between
