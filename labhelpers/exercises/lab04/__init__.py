"""Lab 04: gradient norms by layer, the geometric mean, He's factor, paths, a slice of the loss."""

from labhelpers.exercises.lab04 import (
    layer_gradient_norms,
    loss_slice,
    path_shares,
    preserving_std,
    typical_first_to_last,
)

EXERCISES = [
    layer_gradient_norms.exercise,
    typical_first_to_last.exercise,
    preserving_std.exercise,
    path_shares.exercise,
    loss_slice.exercise,
]
