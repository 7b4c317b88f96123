"""Lab 14, exercise `shared_attention`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise


def shared_attention(q, k, v):
    """Repeat each key and value for its neighbouring heads, then attend as ever."""
    times = len(q) // len(k)
    return _attend(q, k.repeat_interleave(times, dim=0), v.repeat_interleave(times, dim=0))


def _attend(q, k, v, causal=True, scale=None):
    scores = q @ k.transpose(1, 2) / (math.sqrt(q.shape[-1]) if scale is None else scale)
    if causal:
        future = torch.ones(q.shape[1], q.shape[1], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(future, -math.inf)
    return scores.softmax(dim=-1) @ v


def _inputs():
    generator = torch.Generator().manual_seed(5)
    cases = []
    for heads, shared, places, size in ((4, 2, 3, 4), (6, 2, 5, 2), (6, 3, 4, 6)):
        q = torch.randn(heads, places, size, generator=generator)
        k, v = torch.randn(2, shared, places, size, generator=generator)
        cases.append((q, k, v))
    return cases


exercise = Exercise(
    shared_attention,
    _inputs,
    hints=[
        "How many heads share a key? len(q) // len(k).",
        "Heads 0 and 1 share key 0, heads 2 and 3 key 1, …: repeat_interleave, not repeat.",
        "Then each head attends as in lab 13: divide by √D, hide the future, softmax, @ v.",
    ],
)


@exercise.mistake(
    "the keys are repeated as a whole (0, 1, 0, 1): *neighbouring* heads share one (0, 0, 1, 1)."
)
def _tiled(q, k, v):
    times = len(q) // len(k)
    return _attend(q, k.repeat(times, 1, 1), v.repeat(times, 1, 1))


@exercise.mistake("keys are shared as asked, but values are repeated in another order.")
def _values_tiled(q, k, v):
    times = len(q) // len(k)
    return _attend(q, k.repeat_interleave(times, dim=0), v.repeat(times, 1, 1))


@exercise.mistake("all heads read the first key and value: each group has its own.")
def _first_only(q, k, v):
    return _attend(q, k[:1], v[:1])


@exercise.mistake("the future is not hidden.")
def _no_mask(q, k, v):
    times = len(q) // len(k)
    return _attend(
        q, k.repeat_interleave(times, dim=0), v.repeat_interleave(times, dim=0), causal=False
    )


@exercise.mistake("not divided by √D.")
def _no_scale(q, k, v):
    times = len(q) // len(k)
    return _attend(q, k.repeat_interleave(times, dim=0), v.repeat_interleave(times, dim=0), scale=1)


@exercise.mistake("the queries of a group are averaged: only keys and values are shared.")
def _queries_averaged(q, k, v):
    times = len(q) // len(k)
    mean = q.unflatten(0, (len(k), times)).mean(dim=1)
    return _attend(mean, k, v).repeat_interleave(times, dim=0)
