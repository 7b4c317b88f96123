"""Lab 04, exercise `typical_first_to_last`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def typical_first_to_last(norms):
    """Geometric mean over seeds of the first layer's norm divided by the last's; norms is (seeds,
    layers).
    """
    return (norms[:, 0] / norms[:, -1]).log().mean().exp().item()


def _norm_tables():
    generator = torch.Generator().manual_seed(6)
    tables = [
        10 ** (2 * torch.randn(n, layers, generator=generator))
        for n, layers in ((5, 5), (3, 8), (4, 2))
    ]
    return [(table,) for table in tables]


exercise = Exercise(
    typical_first_to_last,
    _norm_tables,
    hints=[
        "Take the ratio of each seed first. What is a typical one of 10⁻⁹, 10⁻⁸ and 10⁻³?",
        "The geometric mean is exp(mean(log(…))).",
    ],
)


@exercise.mistake(
    "the arithmetic mean of ratios: with 10⁻⁹, 10⁻⁸ and 10⁻³ it gives a third of 10⁻³, so "
    "the one largest seed decides. Average the logarithms."
)
def _arithmetic_mean(norms):
    return (norms[:, 0] / norms[:, -1]).mean().item()


@exercise.mistake(
    "the ratio of the means: whichever seed has the largest gradients decides. Take the "
    "ratio of each seed, then average the logarithms."
)
def _ratio_of_means(norms):
    return (norms[:, 0].mean() / norms[:, -1].mean()).item()


@exercise.mistake("this is last / first: the first layer's gradient belongs above the line.")
def _upside_down(norms):
    return (norms[:, -1] / norms[:, 0]).log().mean().exp().item()


@exercise.mistake("this is still a logarithm: take exp at the end.")
def _left_in_logarithms(norms):
    return (norms[:, 0] / norms[:, -1]).log().mean().item()


@exercise.mistake("rows are seeds and columns are layers: the first layer is norms[:, 0].")
def _seeds_for_layers(norms):
    return (norms[0] / norms[-1]).log().mean().exp().item()


@exercise.mistake("this is the mean power of ten: raise 10 to it for the ratio itself.")
def _left_in_powers_of_ten(norms):
    return (norms[:, 0] / norms[:, -1]).log10().mean().item()


@exercise.mistake("this is the median: typical, too, but the geometric mean was asked for.")
def _median(norms):
    return (norms[:, 0] / norms[:, -1]).median().item()
