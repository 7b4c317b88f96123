"""Lab 15, exercise `two_step_goals`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def two_step_goals(reward, terminated, truncated, value, gamma):
    """Two rewards where the episode goes on that long, one where it does not; then the value."""
    one = reward + gamma * ~terminated * value
    goals = one.clone()
    goes_on = ~(terminated | truncated)[:-1]  # so that step t + 1 is of the same episode
    goals[:-1][goes_on] = (reward[:-1] + gamma * one[1:])[goes_on]
    return goals


def _goals(reward, terminated, cut, value, gamma, one=None):
    """With `cut` (T,): where step t + 1 belongs to another episode."""
    first = reward + gamma * ~terminated * value
    second = first if one is None else one
    following = reward + gamma * torch.cat([second[1:], second[:1]])
    last = torch.arange(len(reward)) == len(reward) - 1
    return torch.where(cut | last, first, following)


def _inputs():
    generator = torch.Generator().manual_seed(8)
    cases = []
    for ends, cuts, gamma in (([2], [5], 0.9), ([6], [3], 0.5), ([1, 4], [6], 0.98)):
        terminated, truncated = torch.zeros(2, 9, dtype=torch.bool)
        terminated[ends], truncated[cuts] = True, True
        reward, value = torch.randn(2, 9, generator=generator)
        cases.append((reward, terminated, truncated, value, gamma))
    return cases


exercise = Exercise(
    two_step_goals,
    _inputs,
    hints=[
        "Write the goal of one step first. Two steps are a reward, and the one-step goal of t + 1.",
        "When is step t + 1 of another episode? Then one step has to do.",
        "Terminated: nothing follows. Truncated, or the last step: gamma * value[t] follows.",
        "one = reward + gamma * ~terminated * value; where the episode goes on, it is "
        "reward[t] + gamma * one[t + 1].",
    ],
)


@exercise.mistake("these look one step ahead: put the next reward before the value.")
def _one_step(reward, terminated, truncated, value, gamma):
    return reward + gamma * ~terminated * value


@exercise.mistake(
    "a truncated episode runs on into the next one: step t + 1 begins another, so one step has to "
    "do."
)
def _through_the_clock(reward, terminated, truncated, value, gamma):
    return _goals(reward, terminated, terminated, value, gamma)


@exercise.mistake(
    "a terminated episode runs on into the next one: nothing follows its last reward."
)
def _through_the_end(reward, terminated, truncated, value, gamma):
    return _goals(reward, terminated, truncated, value, gamma)


@exercise.mistake(
    "a truncated step is taken for an end: only the clock ran out, so gamma * value[t] follows."
)
def _clock_ends(reward, terminated, truncated, value, gamma):
    over = terminated | truncated
    return _goals(reward, over, over, value, gamma)


@exercise.mistake("after a terminated step comes no value: mask it, in either step.")
def _no_mask(reward, terminated, truncated, value, gamma):
    return _goals(reward, torch.zeros_like(terminated), terminated | truncated, value, gamma)


@exercise.mistake("the value after two steps is discounted once: it is two steps away, gamma**2.")
def _value_once(reward, terminated, truncated, value, gamma):
    later = reward + ~terminated * value
    return _goals(reward, terminated, terminated | truncated, value, gamma, one=later)


@exercise.mistake("the second reward is not discounted: it comes one step later.")
def _second_reward_whole(reward, terminated, truncated, value, gamma):
    later = reward / gamma + gamma * ~terminated * value
    return _goals(reward, terminated, terminated | truncated, value, gamma, one=later)


@exercise.mistake(
    "the value in between is counted as well: the second reward takes its place, and the value "
    "after it."
)
def _both_values(reward, terminated, truncated, value, gamma):
    later = reward + gamma * ~terminated * value + value.roll(1)
    return _goals(reward, terminated, terminated | truncated, value, gamma, one=later)


@exercise.mistake("the last step got no value: the episode goes on, so gamma * value[-1] follows.")
def _last_without_value(reward, terminated, truncated, value, gamma):
    goals = two_step_goals(reward, terminated, truncated, value, gamma)
    goals[-1] = reward[-1]
    return goals


@exercise.mistake(
    "the value after a terminated step t + 1 is counted: that step has a reward, and nothing "
    "follows. Mask it with ~terminated[t + 1]."
)
def _next_end_unmasked(reward, terminated, truncated, value, gamma):
    later = reward + gamma * value
    return _goals(reward, terminated, terminated | truncated, value, gamma, one=later)


@exercise.mistake(
    "the value after a terminated step t is counted where one step has to do: mask it, too."
)
def _own_end_unmasked(reward, terminated, truncated, value, gamma):
    later = reward + gamma * ~terminated * value
    nothing = torch.zeros_like(terminated)
    return _goals(reward, nothing, terminated | truncated, value, gamma, one=later)
