"""Lab 12: the loss of a network that does not look, near-duplicates, the floor of a smoothed loss,
a broadcast, an honest accuracy.
"""

from labhelpers.exercises.lab12 import (
    blind_loss,
    honest_accuracy,
    near_copies,
    paired_error,
    smoothed_floor,
)

EXERCISES = [
    blind_loss.exercise,
    near_copies.exercise,
    smoothed_floor.exercise,
    paired_error.exercise,
    honest_accuracy.exercise,
]
