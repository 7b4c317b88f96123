"""Lab 16, exercise `rewards_to_go`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def rewards_to_go(reward, running, gamma):
    """Backwards in time, all episodes at once; what comes after the end is masked."""
    returns, later = torch.zeros_like(reward), torch.zeros_like(reward[0])
    for t in reversed(range(len(reward))):
        later = running[t] * (reward[t] + gamma * later)
        returns[t] = later
    return returns


def _inputs():
    generator = torch.Generator().manual_seed(16)
    cases = []
    for steps, episodes, gamma in ((5, 3, 0.9), (7, 2, 0.5), (4, 4, 0.99)):
        lengths = 2 + torch.arange(episodes) % (steps - 1)  # every episode has its own
        running = torch.arange(steps)[:, None] < lengths
        reward = 1 + torch.rand(steps, episodes, generator=generator)  # paid after the end, too
        cases.append((reward, running, gamma))
    return cases


exercise = Exercise(
    rewards_to_go,
    _inputs,
    hints=[
        "Which step is the easiest one? Start there, for all episodes at once.",
        "Backwards: G[t] = r[t] + gamma * G[t + 1], a row (n,) at a time.",
        "After an episode's end its column is still filled: multiply by running[t].",
    ],
)


@exercise.mistake(
    "what comes after an episode's end is counted: those rewards were paid to nobody. Mask them "
    "with `running`."
)
def _unmasked(reward, running, gamma):
    return rewards_to_go(reward, torch.ones_like(running), gamma)


@exercise.mistake(
    "the rows after the end are not 0: what follows an episode must not reach the gradient."
)
def _after_the_end(reward, running, gamma):
    paid = reward * running
    found = rewards_to_go(paid, torch.ones_like(running), gamma)
    return torch.where(running, found, reward)


@exercise.mistake(
    "discounted from the start of the episode: this is gamma**t times the return from step t on, "
    "so late steps hardly count."
)
def _from_the_start(reward, running, gamma):
    weight = gamma ** torch.arange(len(reward))
    return weight[:, None] * rewards_to_go(reward, running, gamma)


@exercise.mistake(
    "every step got the return of the whole episode: what was paid before step t is no merit of "
    "the action at t."
)
def _whole(reward, running, gamma):
    return rewards_to_go(reward, running, gamma)[0] * running


@exercise.mistake("these are sums of what came *before* step t: go backwards.")
def _looks_back(reward, running, gamma):
    returns, earlier = torch.zeros_like(reward), torch.zeros_like(reward[0])
    for t in range(len(reward)):
        earlier = running[t] * (reward[t] + gamma * earlier)
        returns[t] = earlier
    return returns


@exercise.mistake("not discounted: multiply what comes later by gamma.")
def _plain_sum(reward, running, gamma):
    return rewards_to_go(reward, running, 1.0)


@exercise.mistake("one discount too many: the reward of step t itself counts whole.")
def _all_discounted(reward, running, gamma):
    return gamma * rewards_to_go(reward, running, gamma)


@exercise.mistake(
    "standardised over each episode's steps: good or bad episodes can no longer be told apart, and "
    "late steps always look bad. The plain returns were asked for."
)
def _standardised(reward, running, gamma):
    found = rewards_to_go(reward, running, gamma)
    n = running.sum(dim=0)
    mean = found.sum(dim=0) / n
    spread = (((found - mean) * running).square().sum(dim=0) / n).sqrt()
    return (found - mean) / (spread + 1e-8) * running


@exercise.mistake(
    "the mask is one step late: running[t] tells whether step t counts, so it multiplies the "
    "reward of step t as well."
)
def _mask_late(reward, running, gamma):
    returns, later = torch.zeros_like(reward), torch.zeros_like(reward[0])
    for t in reversed(range(len(reward))):
        later = reward[t] + gamma * later * running[t]
        returns[t] = later
    return returns
