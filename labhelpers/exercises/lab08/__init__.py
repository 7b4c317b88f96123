"""Lab 08: a step of Adam, weight decay coupled and decoupled, a schedule, the choice of a learning
rate.
"""

from labhelpers.exercises.lab08 import (
    adam_step,
    best_lr,
    decayed_step,
    trapezoid,
)

EXERCISES = [
    adam_step.exercise,
    decayed_step.exercise,
    trapezoid.exercise,
    best_lr.exercise,
]
