"""Lab 09: sizes of a convolutional network, shifted images, a gate, self-attention, its lift."""

from labhelpers.exercises.lab09 import (
    attend,
    attention_lift,
    conv_net_size,
    shift_images,
    spatial_attention,
)

EXERCISES = [
    conv_net_size.exercise,
    shift_images.exercise,
    spatial_attention.exercise,
    attend.exercise,
    attention_lift.exercise,
]
