"""Lab 03: output sizes, parameters and multiply-adds of convolutions, the option-A shortcut,
augmentation.
"""

from labhelpers.exercises.lab03 import (
    block_parameters,
    conv_multiply_adds,
    conv_output_size,
    flip_half,
    option_a_shortcut,
)

EXERCISES = [
    conv_output_size.exercise,
    block_parameters.exercise,
    option_a_shortcut.exercise,
    conv_multiply_adds.exercise,
    flip_half.exercise,
]
