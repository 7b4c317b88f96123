"""Lab 13, exercise `cached_step`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise
from labhelpers.models.language import rotate


def cached_step(q, k, v, keys, values):
    """Turn the new query and key by their place, append, read."""
    place = len(keys)
    keys = torch.cat([keys, rotate(k, place)])
    values = torch.cat([values, v])
    weights = (rotate(q, place) @ keys.T / math.sqrt(q.shape[1])).softmax(dim=-1)
    return weights @ values, keys, values


def _read(q, keys, values):
    return (q @ keys.T / math.sqrt(q.shape[1])).softmax(dim=-1) @ values


def _inputs():
    generator = torch.Generator().manual_seed(6)
    cases = []
    for places, size in ((3, 4), (6, 8), (1, 6)):
        q, k, v = torch.randn(3, 1, size, generator=generator)
        keys = rotate(torch.randn(places, size, generator=generator))
        cases.append((q, k, v, keys, torch.randn(places, size, generator=generator)))
    return cases


exercise = Exercise(
    cached_step,
    _inputs,
    hints=[
        "How many letters came before? That is the new letter's place: len(keys).",
        "lab.rotate(x, first) turns x by the angle of place `first`: q and k, but not v.",
        "Append first, then read: the new letter sees itself. No mask is needed. Why?",
    ],
)


@exercise.mistake(
    "the new letter is turned as if it stood at place 0, that is, not at all: its place is the "
    "number of keys so far."
)
def _position_restarts(q, k, v, keys, values):
    keys, values = torch.cat([keys, rotate(k)]), torch.cat([values, v])
    return _read(rotate(q), keys, values), keys, values


@exercise.mistake(
    "the key went into the cache before it was turned: the next step would turn nothing, and read "
    "it as if it stood at place 0."
)
def _cached_before(q, k, v, keys, values):
    place = len(keys)
    read = _read(rotate(q, place), torch.cat([keys, rotate(k, place)]), torch.cat([values, v]))
    return read, torch.cat([keys, k]), torch.cat([values, v])


@exercise.mistake("only the query is turned: turn the new key too, by the same place.")
def _query_only(q, k, v, keys, values):
    place = len(keys)
    keys, values = torch.cat([keys, k]), torch.cat([values, v])
    return _read(rotate(q, place), keys, values), keys, values


@exercise.mistake("only the key is turned: turn the query too, by the same place.")
def _key_only(q, k, v, keys, values):
    place = len(keys)
    keys, values = torch.cat([keys, rotate(k, place)]), torch.cat([values, v])
    return _read(q, keys, values), keys, values


@exercise.mistake("the keys in the cache are turned once more: they were turned when they came.")
def _turned_twice(q, k, v, keys, values):
    place = len(keys)
    keys, values = torch.cat([rotate(keys), rotate(k, place)]), torch.cat([values, v])
    return _read(rotate(q, place), keys, values), keys, values


@exercise.mistake("the new letter does not see itself: append its key and value before reading.")
def _not_itself(q, k, v, keys, values):
    place = len(keys)
    read = _read(rotate(q, place), keys, values)
    return read, torch.cat([keys, rotate(k, place)]), torch.cat([values, v])


@exercise.mistake(
    "the values are turned too: only queries and keys are, since only they are compared."
)
def _values_turned(q, k, v, keys, values):
    place = len(keys)
    keys, values = torch.cat([keys, rotate(k, place)]), torch.cat([values, rotate(v, place)])
    return _read(rotate(q, place), keys, values), keys, values


@exercise.mistake("one place too far: places are counted from 0, so the new one is len(keys).")
def _one_too_far(q, k, v, keys, values):
    place = len(keys) + 1
    keys, values = torch.cat([keys, rotate(k, place)]), torch.cat([values, v])
    return _read(rotate(q, place), keys, values), keys, values


@exercise.mistake("the scores are not divided by the root of the number of features.")
def _not_scaled(q, k, v, keys, values):
    return cached_step(q * math.sqrt(q.shape[1]), k, v, keys, values)


@exercise.mistake("one place too near: len(keys) letters came before, at 0 to len(keys) - 1.")
def _one_too_near(q, k, v, keys, values):
    place = len(keys) - 1
    keys, values = torch.cat([keys, rotate(k, place)]), torch.cat([values, v])
    return _read(rotate(q, place), keys, values), keys, values
