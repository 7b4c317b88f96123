"""Lab 02, exercise `gradient_ratio`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def gradient_ratio(depth, width, bound):
    """One factor √(n σ² / 2) for each layer between the two, with σ² = bound² / 3."""
    variance = bound**2 / 3
    return (width * variance / 2) ** ((depth - 1) / 2)


def _inputs():
    return [(4, 64, 64**-0.5), (10, 32, 0.3), (6, 128, (6 / 128) ** 0.5), (2, 100, 0.1)]


exercise = Exercise(
    gradient_ratio,
    _inputs,
    hints=[
        "What is the variance of a number drawn uniformly from ±bound?",
        "Per layer the mean square is multiplied by width · variance, and the ReLU halves it.",
        (
            "Between the outputs of the first and the last of `depth` layers lie depth - 1 "
            "layers; and a norm is the root of a sum of squares."
        ),
    ],
)


@exercise.mistake(
    "the ReLU is forgotten: it blocks about half of the units, which halves the mean square."
)
def _relu_forgotten(depth, width, bound):
    return (width * bound**2 / 3) ** ((depth - 1) / 2)


@exercise.mistake("this is the ratio of the mean squares: for the norms take the root.")
def _mean_square(depth, width, bound):
    return (width * bound**2 / 6) ** (depth - 1)


@exercise.mistake(
    "one layer too many: from the output of the last to that of the first there are depth - "
    "1 layers."
)
def _one_layer_too_many(depth, width, bound):
    return (width * bound**2 / 6) ** (depth / 2)


@exercise.mistake(
    "bound is not the standard deviation: uniform numbers from ±bound have the variance bound² / 3."
)
def _bound_is_deviation(depth, width, bound):
    return (width * bound**2 / 2) ** ((depth - 1) / 2)


@exercise.mistake("upside down: this is last divided by first.")
def _last_by_first(depth, width, bound):
    return 1 / gradient_ratio(depth, width, bound)


@exercise.mistake(
    "this is the factor of one layer: there are depth - 1 of them, and they multiply."
)
def _one_layer_only(depth, width, bound):
    return (width * bound**2 / 6) ** 0.5


@exercise.mistake(
    "one layer too few: from the output of the last to that of the first there are depth - 1 "
    "layers, the last one included."
)
def _one_layer_too_few(depth, width, bound):
    return (width * bound**2 / 6) ** ((depth - 2) / 2)
