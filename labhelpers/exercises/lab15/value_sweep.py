"""Lab 15, exercise `value_sweep`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def value_sweep(q, transitions, rewards, ends, gamma):
    """Best next value, mean over where one gets, plus the reward."""
    worth = q.amax(dim=1) * ~ends  # (S,)
    better = rewards + gamma * transitions @ worth  # (S, A)
    return better * ~ends[:, None]


def _swept(worth, transitions, rewards, ends, gamma):
    return (rewards + gamma * transitions @ worth) * ~ends[:, None]


def _inputs():
    generator = torch.Generator().manual_seed(2)
    cases = []
    for states, actions, gamma in ((4, 2, 0.9), (5, 3, 0.5), (3, 2, 0.8)):
        q, rewards = torch.randn(2, states, actions, generator=generator)
        transitions = torch.rand(states, actions, states, generator=generator) ** 3
        transitions /= transitions.sum(dim=2, keepdim=True)
        ends = torch.arange(states) == states - 1
        cases.append((q, transitions, rewards, ends, gamma))
    return cases


exercise = Exercise(
    value_sweep,
    _inputs,
    hints=[
        "What is each state worth, if the best action follows? (S,) numbers, 0 at ends.",
        "transitions @ worth is the mean over where one gets: (S, A, S) @ (S,) → (S, A).",
        "Rewards come at once: only what comes after is discounted. At ends all is 0.",
    ],
)


@exercise.mistake("what comes after an end counts: its value is 0, whatever q says there.")
def _no_ends(q, transitions, rewards, ends, gamma):
    return _swept(q.amax(dim=1), transitions, rewards, ends, gamma)


@exercise.mistake("the values of end states themselves are not 0: mask the result, too.")
def _ends_live(q, transitions, rewards, ends, gamma):
    return rewards + gamma * transitions @ (q.amax(dim=1) * ~ends)


@exercise.mistake(
    "this is the mean over the next actions, the value of acting at random: take the best one."
)
def _mean_action(q, transitions, rewards, ends, gamma):
    return _swept(q.mean(dim=1) * ~ends, transitions, rewards, ends, gamma)


@exercise.mistake("the reward is discounted too: it comes at once.")
def _all_discounted(q, transitions, rewards, ends, gamma):
    return gamma * (rewards + transitions @ (q.amax(dim=1) * ~ends)) * ~ends[:, None]


@exercise.mistake("nothing is discounted: multiply what comes after by gamma.")
def _undiscounted(q, transitions, rewards, ends, gamma):
    return _swept(q.amax(dim=1) * ~ends, transitions, rewards, ends, 1.0)


@exercise.mistake(
    "max and mean are swapped: the agent chooses *after* it has seen where it got, and cannot "
    "choose where it gets."
)
def _best_landing(q, transitions, rewards, ends, gamma):
    reached = torch.where(transitions > 0, q.amax(dim=1) * ~ends, -torch.inf)
    return (rewards + gamma * reached.amax(dim=2)) * ~ends[:, None]


@exercise.mistake("the reward is missing.")
def _no_reward(q, transitions, rewards, ends, gamma):
    return _swept(q.amax(dim=1) * ~ends, transitions, torch.zeros_like(rewards), ends, gamma)


@exercise.mistake(
    "end states have values, and pass them on: at ends the result is 0, and what comes after an "
    "end is worth 0."
)
def _no_mask_at_all(q, transitions, rewards, ends, gamma):
    return rewards + gamma * transitions @ q.amax(dim=1)


@exercise.mistake(
    "this is the mean over the next actions: take the best one. And what comes after an end counts "
    "here: its value is 0."
)
def _mean_action_and_no_ends(q, transitions, rewards, ends, gamma):
    return _swept(q.mean(dim=1), transitions, rewards, ends, gamma)


@exercise.mistake(
    "this is the mean over the next actions: take the best one. And the ends are not masked: they "
    "give 0, and what comes after them is worth 0."
)
def _mean_action_and_no_mask(q, transitions, rewards, ends, gamma):
    return rewards + gamma * transitions @ q.mean(dim=1)
