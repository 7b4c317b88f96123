"""Lab 15, exercise `td_gradient`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def td_gradient(weight, obs, action, reward, terminated, truncated, after, gamma):
    """Only a real end is worth nothing; the goal is a number, and stands still."""
    with torch.no_grad():
        goal = reward + gamma * ~terminated * (after @ weight).amax(dim=1)
    value = (obs @ weight).gather(1, action[:, None])[:, 0]
    loss = (value - goal).square().mean()
    return torch.autograd.grad(loss, weight)[0]


def _gradient(weight, obs, action, goal):
    value = (obs @ weight).gather(1, action[:, None])[:, 0]
    return torch.autograd.grad((value - goal).square().mean(), weight)[0]


def _best(weight, after):
    return (after @ weight).detach().amax(dim=1)


def _inputs():
    generator = torch.Generator().manual_seed(5)
    terminated = torch.tensor([False, True, False, False, True, False])
    truncated = torch.tensor([False, False, True, False, False, True])
    cases = []
    for actions, gamma in ((2, 0.9), (4, 0.5), (3, 0.98)):
        weight = torch.randn(4, actions, generator=generator).requires_grad_()
        obs, after = torch.randn(2, 6, 4, generator=generator)
        action = torch.randint(actions, (6,), generator=generator)
        reward = torch.randn(6, generator=generator)
        cases.append((weight, obs, action, reward, terminated, truncated, after, gamma))
    return cases


exercise = Exercise(
    td_gradient,
    _inputs,
    hints=[
        "What is a state worth in which the clock ran out? And one in which the pole fell?",
        "Under torch.no_grad() write the goal: reward + gamma * ~terminated * the best of after.",
        "(obs @ weight).gather(1, action[:, None])[:, 0] is the value of the action taken.",
        "torch.autograd.grad(loss, weight)[0] is the gradient. Let it reach the value only.",
    ],
)


@exercise.mistake(
    "a truncated episode is taken for an end: only the clock ran out, so the next state keeps its "
    "value."
)
def _clock_ends(weight, obs, action, reward, terminated, truncated, after, gamma):
    goal = reward + gamma * ~(terminated | truncated) * _best(weight, after)
    return _gradient(weight, obs, action, goal)


@exercise.mistake("after a terminated step nothing is worth anything: mask the next value.")
def _no_mask(weight, obs, action, reward, terminated, truncated, after, gamma):
    return _gradient(weight, obs, action, reward + gamma * _best(weight, after))


@exercise.mistake(
    "the gradient goes through the goal as well, and moves the goal towards the value: compute "
    "the goal under torch.no_grad()."
)
def _through_the_goal(weight, obs, action, reward, terminated, truncated, after, gamma):
    goal = reward + gamma * ~terminated * (after @ weight).amax(dim=1)
    return _gradient(weight, obs, action, goal)


@exercise.mistake("only truncated steps are masked, and terminated ones are not: swap them.")
def _swapped(weight, obs, action, reward, terminated, truncated, after, gamma):
    goal = reward + gamma * ~truncated * _best(weight, after)
    return _gradient(weight, obs, action, goal)


@exercise.mistake("the mask is the wrong way round: only *unfinished* steps have a future.")
def _mask_turned(weight, obs, action, reward, terminated, truncated, after, gamma):
    goal = reward + gamma * terminated * _best(weight, after)
    return _gradient(weight, obs, action, goal)


@exercise.mistake("the reward of the last step is masked too: it was paid.")
def _reward_masked(weight, obs, action, reward, terminated, truncated, after, gamma):
    goal = ~terminated * (reward + gamma * _best(weight, after))
    return _gradient(weight, obs, action, goal)


@exercise.mistake("the goal has a mean over the next actions: Q-learning takes the best one.")
def _mean_action(weight, obs, action, reward, terminated, truncated, after, gamma):
    goal = reward + gamma * ~terminated * (after @ weight).detach().mean(dim=1)
    return _gradient(weight, obs, action, goal)


@exercise.mistake("the next value is not discounted.")
def _undiscounted(weight, obs, action, reward, terminated, truncated, after, gamma):
    return _gradient(weight, obs, action, reward + ~terminated * _best(weight, after))


@exercise.mistake(
    "the value of the *best* action was moved: only the action that was taken has shown something."
)
def _best_moved(weight, obs, action, reward, terminated, truncated, after, gamma):
    goal = reward + gamma * ~terminated * _best(weight, after)
    return _gradient(weight, obs, (obs @ weight).argmax(dim=1), goal)


@exercise.mistake("a sum over the batch: take the mean, or the step grows with the batch.")
def _sum(weight, obs, action, reward, terminated, truncated, after, gamma):
    goal = reward + gamma * ~terminated * _best(weight, after)
    return len(obs) * _gradient(weight, obs, action, goal)


@exercise.mistake(
    "[:, action] gives an (N, N) table, every observation with every action: read one entry of "
    "each row, with gather."
)
def _columns(weight, obs, action, reward, terminated, truncated, after, gamma):
    goal = reward + gamma * ~terminated * _best(weight, after)
    loss = ((obs @ weight)[:, action] - goal).square().mean()
    return torch.autograd.grad(loss, weight)[0]
