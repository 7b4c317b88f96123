"""Lab 15, exercise `replay_places`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def replay_places(seen, n, size):
    """Behind the last one, and around the corner."""
    places = (seen + torch.arange(n)) % size
    return places, min(seen + n, size)


def _inputs():
    return [(0, 3, 10), (8, 4, 10), (10, 2, 10), (27, 5, 10), (95, 8, 12), (4, 2, 6)]


exercise = Exercise(
    replay_places,
    _inputs,
    hints=[
        "The first transition ever goes to place 0, the second to 1. Where does number `seen` go?",
        "When the ring is full, the oldest is overwritten: number k lies at k % size.",
        "Held are as many as were ever seen, but never more than `size`.",
    ],
)


@exercise.mistake("the places run past the end of the ring: take them modulo `size`.")
def _no_ring(seen, n, size):
    return seen + torch.arange(n), min(seen + n, size)


@exercise.mistake("one place too far: counting starts at 0, so the next free place is `seen`.")
def _one_too_far(seen, n, size):
    return (seen + 1 + torch.arange(n)) % size, min(seen + n, size)


@exercise.mistake("more are held than there is room for: at most `size`.")
def _overfull(seen, n, size):
    return (seen + torch.arange(n)) % size, seen + n


@exercise.mistake("the number held is that of before: count the new ones too.")
def _held_before(seen, n, size):
    return (seen + torch.arange(n)) % size, min(seen, size)


@exercise.mistake(
    "when they do not fit before the end of the ring, all start again at place 0: the last places "
    "would keep old transitions for ever."
)
def _restarts(seen, n, size):
    first = seen % size
    first = 0 if first + n > size else first
    return first + torch.arange(n), min(seen + n, size)


@exercise.mistake("those that do not fit are pressed into the last place: they overwrite it.")
def _pressed(seen, n, size):
    return (seen % size + torch.arange(n)).clamp(max=size - 1), min(seen + n, size)


@exercise.mistake("once full, everything goes to the start: go on behind the newest.")
def _full_means_zero(seen, n, size):
    first = 0 if seen >= size else seen
    return (first + torch.arange(n)) % size, min(seen + n, size)
