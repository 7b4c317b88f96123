"""Lab 15, exercise `double_target`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def double_target(reward, terminated, online, target, gamma):
    """One network chooses, the other says what that is worth."""
    chosen = online.argmax(dim=1, keepdim=True)  # (N, 1)
    return reward + gamma * ~terminated * target.gather(1, chosen)[:, 0]


def _inputs():
    generator = torch.Generator().manual_seed(9)
    terminated = torch.tensor([False, True, False, False, False])
    cases = []
    for actions, gamma in ((3, 0.9), (2, 0.5), (4, 0.98)):
        online, target = torch.randn(2, 5, actions, generator=generator)
        cases.append((torch.randn(5, generator=generator), terminated, online, target, gamma))
    return cases


exercise = Exercise(
    double_target,
    _inputs,
    hints=[
        "Two questions: which action comes next, and what is it worth? Who answers which?",
        "online.argmax(dim=1) chooses; the value of *this* action is read in target.",
        "target.gather(1, chosen[:, None])[:, 0] reads one entry of each row.",
    ],
)


@exercise.mistake("this is plain DQN: the target network both chooses and judges.")
def _plain(reward, terminated, online, target, gamma):
    return reward + gamma * ~terminated * target.amax(dim=1)


@exercise.mistake("the online network both chooses and judges: there is no second opinion.")
def _online_only(reward, terminated, online, target, gamma):
    return reward + gamma * ~terminated * online.amax(dim=1)


@exercise.mistake("the roles are swapped: the online network chooses, the target judges.")
def _swapped(reward, terminated, online, target, gamma):
    chosen = target.argmax(dim=1, keepdim=True)
    return reward + gamma * ~terminated * online.gather(1, chosen)[:, 0]


@exercise.mistake(
    "the smaller of the two maxima: another remedy (clipped double Q-learning takes a minimum), "
    "but not this one."
)
def _smaller(reward, terminated, online, target, gamma):
    return reward + gamma * ~terminated * torch.minimum(online.amax(dim=1), target.amax(dim=1))


@exercise.mistake("the mean of both networks is maximised: the errors of both choose together.")
def _mean(reward, terminated, online, target, gamma):
    return reward + gamma * ~terminated * ((online + target) / 2).amax(dim=1)


@exercise.mistake("after a terminated step there is nothing: mask the next value.")
def _no_mask(reward, terminated, online, target, gamma):
    chosen = online.argmax(dim=1, keepdim=True)
    return reward + gamma * target.gather(1, chosen)[:, 0]


@exercise.mistake(
    "target[:, chosen] gives an (N, N) table, of which the first row was taken: read one entry "
    "of each row, with gather."
)
def _columns(reward, terminated, online, target, gamma):
    return reward + gamma * ~terminated * target[:, online.argmax(dim=1)][0]
