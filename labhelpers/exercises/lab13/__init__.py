"""Lab 13: bits per character, smoothing, masks, heads, byte pairs, the nucleus, the cache."""

from labhelpers.exercises.lab13 import (
    bits_per_character,
    cached_step,
    learn_merges,
    multi_head,
    nucleus,
    windowed_weights,
    witten_bell,
)

EXERCISES = [
    bits_per_character.exercise,
    witten_bell.exercise,
    windowed_weights.exercise,
    multi_head.exercise,
    learn_merges.exercise,
    nucleus.exercise,
    cached_step.exercise,
]
