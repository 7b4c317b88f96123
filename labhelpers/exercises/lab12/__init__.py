"""Lab 12: silent units, images that stand on both sides of a split, softmax twice, a
broadcast, an honest accuracy.
"""

from labhelpers.exercises.lab12 import (
    copied_share,
    honest_accuracy,
    paired_error,
    silent_share,
    softmax_floor,
)

EXERCISES = [
    silent_share.exercise,
    copied_share.exercise,
    softmax_floor.exercise,
    paired_error.exercise,
    honest_accuracy.exercise,
]
