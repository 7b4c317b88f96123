"""Lab 08: the limit of the learning rate, clipping, a step of Adam, how far momentum carries."""

from labhelpers.exercises.lab08 import adam_step, clip_together, momentum_reach, rate_limit

EXERCISES = [
    rate_limit.exercise,
    clip_together.exercise,
    adam_step.exercise,
    momentum_reach.exercise,
]
