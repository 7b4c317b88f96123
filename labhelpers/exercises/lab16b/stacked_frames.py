"""Lab 16b, exercise `stacked_frames`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def stacked_frames(frames, over, k):
    """Go through time with the last k frames in hand; a new episode fills them with its first."""
    stacks, recent, fresh = [], [frames[0]] * k, True
    for frame, ends in zip(frames, over, strict=True):
        recent = [frame] * k if fresh else [*recent[1:], frame]
        stacks.append(torch.cat(recent))
        fresh = bool(ends)
    return torch.stack(stacks)


def _inputs():
    generator = torch.Generator().manual_seed(162)
    cases = []
    for steps, k, ends in ((6, 2, (2,)), (9, 4, (1, 6)), (5, 3, (0, 4))):
        frames = torch.rand(steps, 2, 3, 3, generator=generator)
        over = torch.zeros(steps, dtype=torch.bool)
        over[list(ends)] = True
        cases.append((frames, over, k))
    return cases


exercise = Exercise(
    stacked_frames,
    _inputs,
    hints=[
        "Keep a list of the last k frames while you go through time; torch.cat makes one "
        "observation of it.",
        "over[t] says that the episode ended *with* step t: frame t still belongs to it, and frame "
        "t + 1 is the first of the next.",
        "When an episode begins, the list is its first frame k times; else drop the oldest.",
    ],
)


def _rolled(frames, over, k, fill):
    """Stacks that look back over time, with `fill(frame, t)` before an episode's beginning."""
    stacks, begin = [], 0
    for t in range(len(frames)):
        looked = [frames[s] if s >= begin else fill(begin) for s in range(t - k + 1, t + 1)]
        stacks.append(torch.cat(looked))
        begin = t + 1 if over[t] else begin
    return torch.stack(stacks)


def _apart(frames, over, k):
    """The right stacks with time in a dimension of its own, (T, k, C, H, W)."""
    return stacked_frames(frames, over, k).unflatten(1, (k, frames.shape[1]))


@exercise.mistake("the newest frame stands first: the order of time was asked for, oldest first.")
def _newest_first(frames, over, k):
    return _apart(frames, over, k).flip(1).flatten(1, 2)


@exercise.mistake(
    "the frames are interleaved: channel 0 of all k frames, then channel 1 of all. Keep each frame "
    "together, as torch.cat does; torch.stack along dimension 1 does not."
)
def _interleaved(frames, over, k):
    return _apart(frames, over, k).transpose(1, 2).flatten(1, 2)


@exercise.mistake(
    "a new episode still shows frames of the old one: begin anew after a step that ends one."
)
def _no_reset(frames, over, k):
    return stacked_frames(frames, torch.zeros_like(over), k)


@exercise.mistake(
    "the reset comes one step too early: frame t, where over[t] is True, is the last of its own "
    "episode."
)
def _early(frames, over, k):
    before = torch.cat([over[1:], over[:1] & False])
    return stacked_frames(frames, before, k)


@exercise.mistake(
    "before its beginning an episode is filled with zeros, a picture that is never met later: "
    "repeat its first frame."
)
def _zeros(frames, over, k):
    return _rolled(frames, over, k, lambda begin: torch.zeros_like(frames[0]))


@exercise.mistake(
    "the first stacks hold frames from the *end* of the row: torch.roll, or a negative index, goes "
    "round."
)
def _wraps(frames, over, k):
    return torch.cat([frames.roll(shift, 0) for shift in range(k - 1, -1, -1)], dim=1)


@exercise.mistake("this is the current frame k times: nothing can be seen to move.")
def _the_same(frames, over, k):
    return torch.cat([frames] * k, dim=1)


@exercise.mistake(
    "the frames stand in a dimension of their own, (T, k, C, H, W): a convolution wants them as "
    "channels, (T, k · C, H, W)."
)
def _own_dimension(frames, over, k):
    return _apart(frames, over, k)


@exercise.mistake("the reset is one step late: step t + 1 already belongs to the next episode.")
def _late(frames, over, k):
    after = torch.cat([over[:1] & False, over[:-1]])
    return stacked_frames(frames, after, k)
