"""Lab 04: gradient norms by layer, the geometric mean, He's factor, shattered gradients, a slice of
the loss.
"""

from labhelpers.exercises.lab04 import (
    layer_gradient_norms,
    loss_slice,
    neighbour_agreement,
    preserving_std,
    typical_first_to_last,
)

EXERCISES = [
    layer_gradient_norms.exercise,
    typical_first_to_last.exercise,
    preserving_std.exercise,
    neighbour_agreement.exercise,
    loss_slice.exercise,
]
