"""Lab 06b: active units, free bits, the importance-weighted bound and its gradient."""

from labhelpers.exercises.lab06b import (
    active_units,
    free_bits_penalty,
    importance_bound,
    importance_shares,
)

EXERCISES = [
    active_units.exercise,
    free_bits_penalty.exercise,
    importance_bound.exercise,
    importance_shares.exercise,
]
