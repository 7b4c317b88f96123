"""Lab 13, exercise `nucleus`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def nucleus(logits, temperature, p):
    """Keep a token while those before it have not reached p."""
    probabilities, order = (logits / temperature).softmax(dim=-1).sort(descending=True)
    before = probabilities.cumsum(dim=-1) - probabilities
    kept = torch.where(before < p, probabilities, 0.0)
    return torch.zeros_like(logits).scatter(-1, order, kept / kept.sum())


def _from(probabilities, order, kept, renormalise=True):
    kept = torch.where(kept, probabilities, 0.0)
    if renormalise:
        kept = kept / kept.sum()
    return torch.zeros_like(probabilities).scatter(-1, order, kept)


def _inputs():
    first = torch.tensor([0.1, 0.5, 0.05, 0.3, 0.05]).log()
    second = torch.randn(8, generator=torch.Generator().manual_seed(5))
    return [(first, 1.0, 0.7), (first, 2.0, 0.6), (second, 0.5, 0.8), (second, 1.5, 0.95)]


exercise = Exercise(
    nucleus,
    _inputs,
    hints=[
        "First the temperature, then softmax, then probabilities, order = ….sort(descending=True).",
        "cumsum - itself is what the tokens *before* each one have together: keep while it is < p.",
        "Divide by the new sum, and put each number back to its place: scatter(-1, order, …).",
    ],
)


@exercise.mistake(
    "the token that crosses p is dropped: the kept ones then do not reach p, and if the first "
    "token alone exceeds it none is left."
)
def _crossing_dropped(logits, temperature, p):
    probabilities, order = (logits / temperature).softmax(dim=-1).sort(descending=True)
    return _from(probabilities, order, probabilities.cumsum(dim=-1) <= p)


@exercise.mistake(
    "the nucleus is chosen before the temperature is applied: apply the temperature first."
)
def _temperature_last(logits, temperature, p):
    probabilities, order = logits.softmax(dim=-1).sort(descending=True)
    kept = probabilities.cumsum(dim=-1) - probabilities < p
    chosen = torch.where(kept, logits[order] / temperature, -torch.inf).softmax(dim=-1)
    return torch.zeros_like(logits).scatter(-1, order, chosen)


@exercise.mistake("the kept probabilities do not add up to 1: divide by their sum.")
def _not_renormalised(logits, temperature, p):
    probabilities, order = (logits / temperature).softmax(dim=-1).sort(descending=True)
    kept = probabilities.cumsum(dim=-1) - probabilities < p
    return _from(probabilities, order, kept, renormalise=False)


@exercise.mistake("the result is in sorted order: put each number back to its token with scatter.")
def _sorted(logits, temperature, p):
    probabilities, _ = (logits / temperature).softmax(dim=-1).sort(descending=True)
    kept = torch.where(probabilities.cumsum(dim=-1) - probabilities < p, probabilities, 0.0)
    return kept / kept.sum()


@exercise.mistake("the temperature is multiplied: a high one must make the guesses more equal.")
def _multiplied(logits, temperature, p):
    return nucleus(logits, 1 / temperature, p)


@exercise.mistake("the temperature is not used.")
def _no_temperature(logits, temperature, p):
    return nucleus(logits, 1.0, p)


@exercise.mistake("sorted the wrong way: the nucleus begins with the *most* probable token.")
def _ascending(logits, temperature, p):
    probabilities, order = (logits / temperature).softmax(dim=-1).sort()
    return _from(probabilities, order, probabilities.cumsum(dim=-1) - probabilities < p)


@exercise.mistake(
    "this keeps each token whose own probability is at least 1 - p: no sum is formed."
)
def _threshold(logits, temperature, p):
    probabilities, order = (logits / temperature).softmax(dim=-1).sort(descending=True)
    return _from(probabilities, order, probabilities >= 1 - p)
