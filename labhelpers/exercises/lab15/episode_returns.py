"""Lab 15, exercise `episode_returns`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def episode_returns(rewards, over, gamma):
    """From the end backwards: what comes later is known by then."""
    returns, later = torch.zeros_like(rewards), 0.0
    for t in reversed(range(len(rewards))):
        if over[t]:
            later = 0.0
        later = rewards[t] + gamma * later
        returns[t] = later
    return returns


def _backwards(rewards, over, gamma):
    returns, later = torch.zeros_like(rewards), 0.0
    for t in reversed(range(len(rewards))):
        later = rewards[t] + gamma * later * (not over[t])
        returns[t] = later
    return returns


def _starts(over):
    """For each step, the first step of its episode."""
    starts, start = [], 0
    for t, ended in enumerate(over.tolist()):
        starts.append(start)
        start = t + 1 if ended else start
    return torch.tensor(starts)


def _inputs():
    generator = torch.Generator().manual_seed(15)
    cases = []
    for ends, gamma in (([3, 6], 0.9), ([0, 4, 7], 0.5), ([4], 0.8)):
        length = ends[-1] + 1
        over = torch.zeros(length, dtype=torch.bool)
        over[ends] = True
        cases.append((torch.randn(length, generator=generator), over, gamma))
    return cases


exercise = Exercise(
    episode_returns,
    _inputs,
    hints=[
        "Write the return of step t by that of step t + 1. Which step is the easiest?",
        "Go backwards: G[t] = r[t] + gamma * G[t + 1].",
        "Where `over[t]` is True, nothing comes after: G[t] = r[t].",
    ],
)


@exercise.mistake("the rewards of the next episode are counted too: at `over` nothing follows.")
def _runs_on(rewards, over, gamma):
    return _backwards(rewards, torch.zeros_like(over), gamma)


@exercise.mistake(
    "the cut is one step late: the last reward of an episode belongs to it, and what comes after "
    "it does not. Reset *before* you add the reward."
)
def _cut_late(rewards, over, gamma):
    returns, later = torch.zeros_like(rewards), 0.0
    for t in reversed(range(len(rewards))):
        later = rewards[t] + gamma * later
        returns[t] = later
        if over[t]:
            later = 0.0
    return returns


@exercise.mistake(
    "discounted from the start of the episode: seen from step t, the reward of step t counts whole."
)
def _from_the_start(rewards, over, gamma):
    age = torch.arange(len(rewards)) - _starts(over)
    return gamma**age * _backwards(rewards, over, gamma)


@exercise.mistake("one discount too many: the reward of step t itself is not discounted.")
def _discounted_at_once(rewards, over, gamma):
    return gamma * _backwards(rewards, over, gamma)


@exercise.mistake("not discounted at all: multiply what comes later by gamma.")
def _plain_sum(rewards, over, gamma):
    return _backwards(rewards, over, 1.0)


@exercise.mistake(
    "every step gets the return of its whole episode: what was paid before step t is no merit of "
    "step t."
)
def _whole_episode(rewards, over, gamma):
    return _backwards(rewards, over, gamma)[_starts(over)]


@exercise.mistake("these are sums of what came *before*: go backwards from the end.")
def _looks_back(rewards, over, gamma):
    returns, earlier = torch.zeros_like(rewards), 0.0
    for t in range(len(rewards)):
        earlier = rewards[t] + gamma * earlier
        returns[t] = earlier
        if over[t]:
            earlier = 0.0
    return returns


@exercise.mistake(
    "the last step of each episode got 0: its own reward was paid. Reset what comes *later*, then "
    "add the reward."
)
def _last_step_empty(rewards, over, gamma):
    return torch.where(over, 0.0, _backwards(torch.where(over, 0.0, rewards), over, gamma))
