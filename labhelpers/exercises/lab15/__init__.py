"""Lab 15: returns, sweeps, TD gradients, two steps, exploring, a ring, the middle half."""

from labhelpers.exercises.lab15 import (
    episode_returns,
    epsilon_at,
    middle_mean,
    replay_places,
    td_gradient,
    two_step_goals,
    value_sweep,
)

EXERCISES = [
    episode_returns.exercise,
    value_sweep.exercise,
    td_gradient.exercise,
    two_step_goals.exercise,
    epsilon_at.exercise,
    replay_places.exercise,
    middle_mean.exercise,
]
