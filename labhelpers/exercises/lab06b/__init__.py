"""Lab 06b: a count without a threshold, the gap of the bound, how many draws count, and the
gradient of the importance-weighted bound.
"""

from labhelpers.exercises.lab06b import (
    effective_sample_size,
    effective_units,
    elbo_gap,
    importance_shares,
)

EXERCISES = [
    effective_units.exercise,
    elbo_gap.exercise,
    effective_sample_size.exercise,
    importance_shares.exercise,
]
