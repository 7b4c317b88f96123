"""Lab 16b, exercise `scaled_rewards`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def scaled_rewards(reward, over, gamma):
    """Divide by the deviation of all running returns so far; only their *memory* is cut at ends."""
    running, seen, scaled = 0.0, [], []
    for paid, ends in zip(reward.tolist(), over.tolist(), strict=True):
        running = gamma * running + paid
        seen.append(running)
        deviation = torch.tensor(seen).std(correction=0).item()
        scaled.append(paid / deviation if deviation else paid)  # nothing to divide by yet
        running = 0.0 if ends else running
    return torch.tensor(scaled)


def _inputs():
    generator = torch.Generator().manual_seed(164)
    cases = []
    for steps, ends, gamma, unit in ((7, (2,), 0.9, 20.0), (9, (3, 5), 0.5, 1.0)):
        reward = unit * (1 + 2 * torch.rand(steps, generator=generator))
        over = torch.zeros(steps, dtype=torch.bool)
        over[list(ends)] = True
        cases.append((reward, over, gamma))
    nothing_at_first = torch.tensor([0.0, 0.0, 1.0, 0.0, 2.0, 1.0])
    cases.append((nothing_at_first, torch.tensor([0, 0, 0, 1, 0, 0]).bool(), 0.9))
    return cases


exercise = Exercise(
    scaled_rewards,
    _inputs,
    hints=[
        "Step by step: running = gamma * running + reward[t]. Keep every value that it takes.",
        "Divide reward[t] by the deviation (torch.std with correction=0) of the values so far, "
        "that of step t included. Where that is 0, as for the first, leave the reward as it is.",
        "Where over[t] is True the next episode begins with running = 0; the values that were kept "
        "stay.",
    ],
)


def _deviation(values):
    return values.std(correction=0)


def _by(
    reward, over, gamma, *,
    reset=True, forget=False, of_rewards=False, of_returns=False, centred=False, size=_deviation,
):  # fmt: skip
    running, seen, scaled = 0.0, [], []
    for paid, ends in zip(reward.tolist(), over.tolist(), strict=True):
        running = gamma * running + paid
        seen.append(paid if of_rewards else running)
        values = torch.tensor(seen)
        divisor = size(values).item() or 1.0
        divided = running if of_returns else paid
        scaled.append((divided - (values.mean().item() if centred else 0.0)) / divisor)
        if ends:
            running = 0.0 if reset else running
            seen = [] if forget else seen
    return torch.tensor(scaled)


@exercise.mistake(
    "the running return goes on across an episode's end: what the last episode paid is no part of "
    "the next one's return."
)
def _no_reset(reward, over, gamma):
    return _by(reward, over, gamma, reset=False)


@exercise.mistake(
    "the reset comes one step too early: where over[t] is True, step t is the last of its own "
    "episode, and its reward still belongs to that return. Set running to 0 afterwards."
)
def _early(reward, over, gamma):
    before = torch.cat([over[1:], over[:1] & False])
    return scaled_rewards(reward, before, gamma)


@exercise.mistake(
    "the mean is subtracted: that changes which behaviour is best. A reward of 1 a step turns into "
    "0, and to live longer pays nothing any more."
)
def _centred(reward, over, gamma):
    return _by(reward, over, gamma, centred=True)


@exercise.mistake(
    "this is the deviation of the *rewards*: the critic learns returns, so their size is what "
    "counts."
)
def _of_rewards(reward, over, gamma):
    return _by(reward, over, gamma, of_rewards=True)


@exercise.mistake(
    "every episode begins with a new scale, so that the same reward means different things: only "
    "the running return is set to 0, the deviation keeps its memory."
)
def _forgets(reward, over, gamma):
    return _by(reward, over, gamma, forget=True)


@exercise.mistake(
    "divided by the deviation of the whole row, which is not known before its end: use what was "
    "seen so far."
)
def _knows_the_future(reward, over, gamma):
    running, seen = 0.0, []
    for paid, ends in zip(reward.tolist(), over.tolist(), strict=True):
        running = gamma * running + paid
        seen.append(running)
        running = 0.0 if ends else running
    return reward / torch.tensor(seen).std(correction=0)


@exercise.mistake(
    "the deviation lags one step behind: the running return of step t is one of those seen so far. "
    "Keep it first, then divide."
)
def _without_this_step(reward, over, gamma):
    def size(values):
        return _deviation(values[:-1]) if len(values) > 1 else torch.zeros(())

    return _by(reward, over, gamma, size=size)


@exercise.mistake(
    "where the deviation is 0, as at the first reward, 1e-8 alone is left to divide by: the reward "
    "becomes 100 million times as large. There it stays as it is."
)
def _explodes(reward, over, gamma):
    return _by(reward, over, gamma, size=lambda values: _deviation(values) + 1e-8)


@exercise.mistake(
    "these are the running returns, divided: scale the *rewards*, returns are made of them later."
)
def _returns(reward, over, gamma):
    return _by(reward, over, gamma, of_returns=True)


@exercise.mistake("divided by the variance: units of reward squared. Take its root.")
def _variance(reward, over, gamma):
    return _by(reward, over, gamma, size=lambda values: values.var(correction=0))


@exercise.mistake("not discounted: the running return is gamma times the last one, plus reward.")
def _plain_sum(reward, over, gamma):
    return scaled_rewards(reward, over, 1.0)


@exercise.mistake(
    "with torch.std's own correction the sum is divided by one less than n: use correction=0."
)
def _corrected(reward, over, gamma):
    def size(values):
        return values.std() if len(values) > 1 else torch.zeros(())

    return _by(reward, over, gamma, size=size)
