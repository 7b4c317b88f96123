"""Lab 15: returns, sweeps, TD gradients, goals, exploring, a ring of memories, the middle half."""

from labhelpers.exercises.lab15 import (
    double_target,
    episode_returns,
    epsilon_at,
    middle_mean,
    replay_places,
    td_gradient,
    value_sweep,
)

EXERCISES = [
    episode_returns.exercise,
    value_sweep.exercise,
    td_gradient.exercise,
    double_target.exercise,
    epsilon_at.exercise,
    replay_places.exercise,
    middle_mean.exercise,
]
