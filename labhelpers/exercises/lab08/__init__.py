"""Lab 08: the limit of the learning rate, clipping, momentum's factor, how far momentum carries."""

from labhelpers.exercises.lab08 import clip_together, momentum_factor, momentum_reach, rate_limit

EXERCISES = [
    rate_limit.exercise,
    clip_together.exercise,
    momentum_factor.exercise,
    momentum_reach.exercise,
]
