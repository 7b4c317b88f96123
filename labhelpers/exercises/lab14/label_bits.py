"""Lab 14, exercise `label_bits`."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from labhelpers.exercises.grading import Exercise


def label_bits(logits, labels, lengths):
    """The logits at a place guess the label of the next one; bits over characters that count."""
    guessed, right = logits[:, :-1], labels[:, 1:]
    counted = right != -100
    nats = F.cross_entropy(guessed[counted], right[counted], reduction="sum")
    return nats.item() / math.log(2) / lengths[:, 1:][counted].sum().item()


def _sums(guessed, right, lengths):
    counted = right != -100
    nats = F.cross_entropy(guessed[counted], right[counted], reduction="sum").item()
    return nats, counted.sum().item(), lengths[counted].sum().item()


def _inputs():
    generator = torch.Generator().manual_seed(1)
    cases = []
    for n, places, size, ignored in ((2, 6, 5, 2), (3, 5, 7, 1), (1, 8, 4, 3)):
        logits = 2 * torch.randn(n, places, size, generator=generator)
        labels = torch.randint(size, (n, places), generator=generator)
        lengths = torch.randint(1, 7, (n, places), generator=generator)
        labels[0, -ignored:] = -100
        cases.append((logits, labels, lengths))
    return cases


exercise = Exercise(
    label_bits,
    _inputs,
    hints=[
        "Which label does logits[:, 0] guess? Drop one place at each end: logits[:, :-1], ….",
        "A mask says what counts: labels[:, 1:] != -100. It selects logits, labels and lengths.",
        'F.cross_entropy(…, reduction="sum") in nats; divide by ln 2 and by the characters.',
    ],
)


@exercise.mistake(
    "nothing is shifted: logits at a place are compared with the token that stands there, which "
    "the model has already seen."
)
def _not_shifted(logits, labels, lengths):
    nats, _, spelled = _sums(logits, labels, lengths)
    return nats / math.log(2) / spelled


@exercise.mistake(
    "shifted twice: each guess is compared with the token after the next one. This happens when "
    "shifted labels are given to a model that shifts them itself."
)
def _shifted_twice(logits, labels, lengths):
    nats, _, spelled = _sums(logits[:, :-2], labels[:, 2:], lengths[:, 2:])
    return nats / math.log(2) / spelled


@exercise.mistake("these are nats: divide by ln 2 for bits.")
def _nats(logits, labels, lengths):
    nats, _, spelled = _sums(logits[:, :-1], labels[:, 1:], lengths[:, 1:])
    return nats / spelled


@exercise.mistake("these are bits per token: divide by the characters that the tokens spell.")
def _per_token(logits, labels, lengths):
    nats, tokens, _ = _sums(logits[:, :-1], labels[:, 1:], lengths[:, 1:])
    return nats / math.log(2) / tokens


@exercise.mistake(
    "characters of places that do not count are in the divisor: leave those with -100 out of both."
)
def _all_characters(logits, labels, lengths):
    nats, _, _ = _sums(logits[:, :-1], labels[:, 1:], lengths[:, 1:])
    return nats / math.log(2) / lengths[:, 1:].sum().item()


@exercise.mistake(
    "the lengths are not shifted: they belong to the tokens that are guessed, lengths[:, 1:]."
)
def _lengths_not_shifted(logits, labels, lengths):
    nats, _, spelled = _sums(logits[:, :-1], labels[:, 1:], lengths[:, :-1])
    return nats / math.log(2) / spelled


@exercise.mistake(
    "this is a mean of the rows' means: a row with few tokens counts as much as one with many. "
    "Sum first, divide once."
)
def _mean_of_rows(logits, labels, lengths):
    rows = [
        label_bits(*row)
        for row in zip(logits[:, None], labels[:, None], lengths[:, None], strict=True)
    ]
    return sum(rows) / len(rows)


@exercise.mistake(
    "this is a mean of the tokens' ratios: a token of one character counts as much as one of six. "
    "Sum first, divide once."
)
def _mean_of_ratios(logits, labels, lengths):
    guessed, right, spelled = logits[:, :-1], labels[:, 1:], lengths[:, 1:]
    counted = right != -100
    nats = F.cross_entropy(guessed[counted], right[counted], reduction="none")
    return (nats / math.log(2) / spelled[counted]).mean().item()


@exercise.mistake(
    "the rows are joined before the shift, so that the last logits of each row guess the first "
    "token of the next. Shift first, then flatten."
)
def _flattened_first(logits, labels, lengths):
    logits, labels, lengths = logits.flatten(0, 1), labels.flatten(), lengths.flatten()
    nats, _, spelled = _sums(logits[:-1], labels[1:], lengths[1:])
    return nats / math.log(2) / spelled
