"""Lab 03: output sizes, parameters and receptive fields of convolutions, the option-A shortcut,
augmentation.
"""

from labhelpers.exercises.lab03 import (
    block_parameters,
    conv_output_size,
    field_width,
    flip_half,
    option_a_shortcut,
)

EXERCISES = [
    conv_output_size.exercise,
    block_parameters.exercise,
    option_a_shortcut.exercise,
    field_width.exercise,
    flip_half.exercise,
]
