"""Lab 04, exercise `path_shares`."""

from __future__ import annotations

import math

from labhelpers.exercises.grading import Exercise


def path_shares(blocks, factor):
    """C(L, k) paths of length k, each worth factor**k; all together are (1 + factor)**L."""
    total = (1 + factor) ** blocks
    return [math.comb(blocks, k) * factor**k / total for k in range(blocks + 1)]


def _inputs():
    return [(3, 0.5), (9, 1 / 6), (4, 1.5), (1, 0.2)]


exercise = Exercise(
    path_shares,
    _inputs,
    hints=[
        "Count in the diagram: how many of its 8 paths pass through no block, 1, 2, 3 of them?",
        "That number is the binomial coefficient: math.comb(blocks, k).",
        (
            "A path through k blocks is worth factor**k. Divide by the sum over all k, "
            "which the binomial theorem gives as (1 + factor)**blocks."
        ),
    ],
)


@exercise.mistake(
    "there are several paths through k blocks: which of the blocks they pass is a choice of k out "
    "of all, math.comb(blocks, k)."
)
def _one_path_of_each_length(blocks, factor):
    sizes = [factor**k for k in range(blocks + 1)]
    return [size / sum(sizes) for size in sizes]


@exercise.mistake(
    "these are the shares of the *number* of paths: each of them is worth factor**k, so long ones "
    "count less."
)
def _all_paths_alike(blocks, factor):
    return [math.comb(blocks, k) / 2**blocks for k in range(blocks + 1)]


@exercise.mistake("these are sizes, not shares: divide by their sum, so that they add up to 1.")
def _sizes(blocks, factor):
    return [math.comb(blocks, k) * factor**k for k in range(blocks + 1)]


@exercise.mistake(
    "divided by the number of paths, 2**blocks: divide by what all paths bring together, "
    "(1 + factor)**blocks."
)
def _mean_over_paths(blocks, factor):
    return [size / 2**blocks for size in _sizes(blocks, factor)]


@exercise.mistake(
    "one is missing: the path through no block at all, k = 0, is the one along the shortcuts."
)
def _without_the_shortest(blocks, factor):
    return path_shares(blocks, factor)[1:]


@exercise.mistake(
    "a path around a block is worth 1, not 1 - factor: the shortcut multiplies by nothing."
)
def _binomial_probabilities(blocks, factor):
    return [
        math.comb(blocks, k) * factor**k * (1 - factor) ** (blocks - k) for k in range(blocks + 1)
    ]


@exercise.mistake("the order is reversed: entry k belongs to the paths through k blocks.")
def _longest_first(blocks, factor):
    return path_shares(blocks, factor)[::-1]


@exercise.mistake(
    "this is the share of a single path: count the paths through k blocks, and weigh them."
)
def _one_over_all(blocks, factor):
    return [1 / 2**blocks] * (blocks + 1)
