"""Lab 14: labels that are shifted, padding, pooling, LoRA, shared keys, RMS norm."""

from labhelpers.exercises.lab14 import (
    label_bits,
    lora_forward,
    lora_start,
    pad_left,
    pooled,
    rms_norm,
    shared_attention,
)

EXERCISES = [
    label_bits.exercise,
    pad_left.exercise,
    pooled.exercise,
    lora_forward.exercise,
    lora_start.exercise,
    shared_attention.exercise,
    rms_norm.exercise,
]
