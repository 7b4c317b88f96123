"""Lab 06: the KL of two Gaussians, active units, free bits, the importance-weighted bound,
conditional inputs.
"""

from labhelpers.exercises.lab06 import (
    active_units,
    conditional_inputs,
    free_bits_penalty,
    gaussian_kl_between,
    importance_bound,
)

EXERCISES = [
    gaussian_kl_between.exercise,
    active_units.exercise,
    free_bits_penalty.exercise,
    importance_bound.exercise,
    conditional_inputs.exercise,
]
