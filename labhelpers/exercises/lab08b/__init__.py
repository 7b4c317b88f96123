"""Lab 08b: a step of Lion, weight decay coupled and decoupled, a schedule, the choice of a rate."""

from labhelpers.exercises.lab08b import best_lr, decayed_step, lion_step, trapezoid

EXERCISES = [
    lion_step.exercise,
    decayed_step.exercise,
    trapezoid.exercise,
    best_lr.exercise,
]
