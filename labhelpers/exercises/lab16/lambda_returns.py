"""Lab 16, exercise `lambda_returns`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def lambda_returns(reward, later, terminated, truncated, gamma, lam):
    """Backwards; where an episode is cut, the value of where it stood takes over."""
    goals, following = torch.zeros_like(reward), later[-1]
    for t in reversed(range(len(reward))):
        if truncated[t]:
            following = later[t]
        rest = (1 - lam) * later[t] + lam * following
        following = reward[t] + gamma * ~terminated[t] * rest
        goals[t] = following
    return goals


def _backwards(reward, later, ends, cuts, gamma, lam, last=None):
    goals, following = torch.zeros_like(reward), later[-1] if last is None else last
    for t in reversed(range(len(reward))):
        following = later[t] if cuts[t] else following
        rest = (1 - lam) * later[t] + lam * following
        following = reward[t] + gamma * ~ends[t] * rest
        goals[t] = following
    return goals


def _inputs():
    generator = torch.Generator().manual_seed(20)
    cases = []
    for ends, cuts, gamma, lam in (
        ([2], [5], 0.9, 0.8),
        ([5], [3], 0.5, 0.5),
        ([1, 6], [4], 0.99, 0.95),
    ):
        terminated, truncated = torch.zeros(2, 9, dtype=torch.bool)
        terminated[ends], truncated[cuts] = True, True
        reward, later = torch.randn(2, 9, generator=generator)
        cases.append((reward, later, terminated, truncated, gamma, lam))
    return cases


exercise = Exercise(
    lambda_returns,
    _inputs,
    hints=[
        "What follows step t is worth a mixture: (1 − λ) the value there, λ the goal of t + 1.",
        "Terminated: nothing follows. Truncated: t + 1 is another episode, but `later[t]` is "
        "still the value of where this one stood.",
        "The rows end in the middle of an episode: `later[-1]` stands for all that comes after.",
    ],
)


@exercise.mistake(
    "an episode that was truncated runs on into the next one: at a cut the value of where it "
    "stood takes over."
)
def _no_cut(reward, later, terminated, truncated, gamma, lam):
    return _backwards(reward, later, terminated, torch.zeros_like(truncated), gamma, lam)


@exercise.mistake(
    "a truncated episode is taken for an end: its last state is still worth `later[t]`."
)
def _clock_ends(reward, later, terminated, truncated, gamma, lam):
    return _backwards(reward, later, terminated | truncated, truncated, gamma, lam)


@exercise.mistake(
    "after a terminated step nothing follows: here `later[t]` is counted all the same."
)
def _bootstraps_ends(reward, later, terminated, truncated, gamma, lam):
    nowhere = torch.zeros_like(terminated)
    return _backwards(reward, later, nowhere, terminated | truncated, gamma, lam)


@exercise.mistake(
    "the rows end in the middle of an episode, and 0 was put for what follows: use `later[-1]`."
)
def _ends_with_nothing(reward, later, terminated, truncated, gamma, lam):
    return _backwards(reward, later, terminated, truncated, gamma, lam, torch.tensor(0.0))


@exercise.mistake("λ and 1 − λ are swapped: λ = 1 is the return itself, λ = 0 one step.")
def _swapped(reward, later, terminated, truncated, gamma, lam):
    return _backwards(reward, later, terminated, truncated, gamma, 1 - lam)


@exercise.mistake("λ = 1: these are plain returns, the values in between are not used.")
def _plain(reward, later, terminated, truncated, gamma, lam):
    return _backwards(reward, later, terminated, truncated, gamma, 1.0)


@exercise.mistake("λ = 0: this looks a single step ahead.")
def _one_step(reward, later, terminated, truncated, gamma, lam):
    return _backwards(reward, later, terminated, truncated, gamma, 0.0)


@exercise.mistake("not discounted: what follows counts gamma times.")
def _undiscounted(reward, later, terminated, truncated, gamma, lam):
    return _backwards(reward, later, terminated, truncated, 1.0, lam)


@exercise.mistake(
    "the value that follows is not weighted with 1 − λ: both parts together count too much."
)
def _too_much(reward, later, terminated, truncated, gamma, lam):
    goals, following = torch.zeros_like(reward), later[-1]
    for t in reversed(range(len(reward))):
        following = later[t] if truncated[t] else following
        following = reward[t] + gamma * ~terminated[t] * (later[t] + lam * following)
        goals[t] = following
    return goals
