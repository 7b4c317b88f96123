"""Lab 02: the block's Jacobian, the gradient's ratio, the order inside a block, degradation."""

from labhelpers.exercises.lab02 import (
    block_jacobian,
    diagnosis,
    gradient_ratio,
    signal_sizes,
)

EXERCISES = [
    block_jacobian.exercise,
    gradient_ratio.exercise,
    signal_sizes.exercise,
    diagnosis.exercise,
]
