"""Lab 13, exercise `bits_per_character`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise


def bits_per_character(losses, lengths):
    """All bits over all characters."""
    nats = sum(loss.sum() for loss in losses)
    characters = sum(length.sum() for length in lengths)
    return nats / math.log(2) / characters


def _inputs():
    generator = torch.Generator().manual_seed(13)
    cases = []
    for sizes in ((4, 4), (6, 2, 5), (3,)):
        losses = [3 * torch.rand(n, generator=generator) for n in sizes]
        lengths = [torch.randint(1, 6, (n,), generator=generator) for n in sizes]
        cases.append((losses, lengths))
    return cases


exercise = Exercise(
    bits_per_character,
    _inputs,
    hints=[
        "Cross-entropy in PyTorch uses the natural logarithm. How many nats are a bit?",
        "A token of five characters says five characters' worth: divide by characters, not tokens.",
        (
            "Batches differ in size. Add up all losses and all lengths first, and divide once, "
            "at the end."
        ),
    ],
)


@exercise.mistake("these are nats: divide by ln 2 = 0.693 to get bits.")
def _nats(losses, lengths):
    return bits_per_character(losses, lengths) * math.log(2)


@exercise.mistake(
    "multiplied by ln 2 instead of divided: a bit is *less* than a nat, so there are more."
)
def _wrong_way(losses, lengths):
    return bits_per_character(losses, lengths) * math.log(2) ** 2


@exercise.mistake(
    "these are bits per token: a model with longer tokens would look worse than it is."
)
def _per_token(losses, lengths):
    return torch.cat(losses).mean() / math.log(2)


@exercise.mistake(
    "this is a mean of the batches' means: a small batch counts as much as a large one. Add up "
    "first, divide once."
)
def _mean_of_means(losses, lengths):
    batches = zip(losses, lengths, strict=True)
    means = [loss.sum() / length.sum() / math.log(2) for loss, length in batches]
    return sum(means) / len(means)


@exercise.mistake(
    "this is a mean of ratios, loss over length token by token: short tokens count too much. "
    "Divide the sums."
)
def _mean_of_ratios(losses, lengths):
    return (torch.cat(losses) / torch.cat(lengths)).mean() / math.log(2)
