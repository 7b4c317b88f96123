"""Lab 07: the value at the best discriminator, Fréchet distance on a line, coverage, kernel
distance, relativistic pairing, spectral norm.
"""

from labhelpers.exercises.lab07 import (
    best_value,
    coverage,
    frechet_1d,
    kernel_distance,
    relativistic_loss,
    spectral_norm,
)

EXERCISES = [
    best_value.exercise,
    frechet_1d.exercise,
    coverage.exercise,
    kernel_distance.exercise,
    relativistic_loss.exercise,
    spectral_norm.exercise,
]
