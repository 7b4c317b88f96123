"""Lab 07: sizes of transposed convolutions, Fréchet distance on a line, coverage, kernel
distance, relativistic pairing, spectral norm.
"""

from labhelpers.exercises.lab07 import (
    coverage,
    frechet_1d,
    kernel_distance,
    relativistic_loss,
    spectral_norm,
    transposed_size,
)

EXERCISES = [
    transposed_size.exercise,
    frechet_1d.exercise,
    coverage.exercise,
    kernel_distance.exercise,
    relativistic_loss.exercise,
    spectral_norm.exercise,
]
