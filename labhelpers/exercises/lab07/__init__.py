"""Lab 07: sizes of transposed convolutions, both losses of the game, class coverage, Fréchet
distance on a line.
"""

from labhelpers.exercises.lab07 import (
    coverage,
    frechet_1d,
    generator_loss,
    smoothed_loss,
    transposed_size,
)

EXERCISES = [
    transposed_size.exercise,
    generator_loss.exercise,
    smoothed_loss.exercise,
    coverage.exercise,
    frechet_1d.exercise,
]
