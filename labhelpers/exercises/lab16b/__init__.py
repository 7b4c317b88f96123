"""Lab 16b: the share of landings, stacked frames, a layer for shuffled pixels, scaled rewards."""

from labhelpers.exercises.lab16b import (
    landing_share,
    scaled_rewards,
    shuffled_layer,
    stacked_frames,
)

EXERCISES = [
    landing_share.exercise,
    stacked_frames.exercise,
    shuffled_layer.exercise,
    scaled_rewards.exercise,
]
