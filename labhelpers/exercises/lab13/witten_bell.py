"""Lab 13, exercise `witten_bell`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def witten_bell(counts, shorter):
    """As many votes for the shorter history as there are kinds of letters."""
    kinds = (counts > 0).sum(dim=1, keepdim=True)
    total = counts.sum(dim=1, keepdim=True)
    mixed = (counts + kinds * shorter) / (total + kinds)
    return torch.where(total > 0, mixed, shorter)


def _inputs():
    generator = torch.Generator().manual_seed(1)
    first = torch.tensor([[3.0, 0, 1, 0], [0, 0, 0, 0], [0, 7, 0, 0]])
    second = torch.randint(0, 4, (5, 3), generator=generator).float()
    second[2] = 0
    cases = []
    for counts in (first, second):
        shorter = torch.rand(counts.shape, generator=generator) + 0.1
        cases.append((counts, shorter / shorter.sum(dim=1, keepdim=True)))
    return cases


exercise = Exercise(
    witten_bell,
    _inputs,
    hints=[
        "t(h) counts the *different* letters behind h: (counts > 0).sum(dim=1, keepdim=True).",
        "The row sums of the result are 1. Where is the mass t(h) / (n(h) + t(h)) spent?",
        "A row of zeros gives 0 / 0: a history never met. torch.where(total > 0, …, shorter).",
    ],
)


@exercise.mistake(
    "a history that was never met gives 0 / 0: there the shorter history has the word alone."
)
def _unseen_forgotten(counts, shorter):
    kinds = (counts > 0).sum(dim=1, keepdim=True)
    return (counts + kinds * shorter) / (counts.sum(dim=1, keepdim=True) + kinds)


@exercise.mistake("t(h) is the number of different letters behind h, not the size of the alphabet.")
def _alphabet(counts, shorter):
    total, kinds = counts.sum(dim=1, keepdim=True), counts.shape[1]
    return torch.where(total > 0, (counts + kinds * shorter) / (total + kinds), shorter)


@exercise.mistake("t(h) is the number of different letters behind h, not how often h occurred.")
def _total_for_kinds(counts, shorter):
    total = counts.sum(dim=1, keepdim=True)
    return torch.where(total > 0, (counts + total * shorter) / (2 * total), shorter)


@exercise.mistake(
    "this backs off: it asks the shorter history only about letters never seen here, so that rows "
    "do not sum to 1. Witten and Bell mix it into every letter."
)
def _backs_off(counts, shorter):
    kinds = (counts > 0).sum(dim=1, keepdim=True)
    total = counts.sum(dim=1, keepdim=True)
    scale = (total + kinds).clamp(min=1)
    mixed = torch.where(counts > 0, counts / scale, kinds * shorter / scale)
    return torch.where(total > 0, mixed, shorter)


@exercise.mistake("nothing is mixed in: these are plain shares, and a letter never seen has 0.")
def _plain_shares(counts, shorter):
    total = counts.sum(dim=1, keepdim=True)
    return torch.where(total > 0, counts / total, shorter)


@exercise.mistake("the shorter history gets one vote, not t(h) votes.")
def _one_vote(counts, shorter):
    total = counts.sum(dim=1, keepdim=True)
    return torch.where(total > 0, (counts + shorter) / (total + 1), shorter)


@exercise.mistake("these are plain shares, NaN for a history never met: mix the shorter one in.")
def _shares_alone(counts, shorter):
    return counts / counts.sum(dim=1, keepdim=True)
