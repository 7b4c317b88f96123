"""Lab 09: sizes of a convolutional network, what a cell sees, a gate for channels, heads, lift."""

from labhelpers.exercises.lab09 import (
    attend,
    attention_lift,
    channel_gate,
    conv_net_size,
    pixels_seen,
)

EXERCISES = [
    conv_net_size.exercise,
    pixels_seen.exercise,
    channel_gate.exercise,
    attend.exercise,
    attention_lift.exercise,
]
