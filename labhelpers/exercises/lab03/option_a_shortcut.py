"""Lab 03, exercise `option_a_shortcut`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises.grading import Exercise


def option_a_shortcut(x, channels):
    """Every second pixel of x (N, C, H, W) along both sides, then zero maps up to `channels`."""
    x = x[:, :, ::2, ::2]
    zeros = x.new_zeros(len(x), channels - x.shape[1], *x.shape[2:])
    return torch.cat([x, zeros], 1)


def _shortcut_inputs():
    generator = torch.Generator().manual_seed(1)
    shapes = [((2, 2, 4, 4), 4), ((1, 3, 6, 8), 7), ((3, 4, 5, 5), 8)]
    return [(torch.randn(*shape, generator=generator), channels) for shape, channels in shapes]


exercise = Exercise(
    option_a_shortcut,
    _shortcut_inputs,
    hints=[
        "Slices can skip: x[::2]. Which of the four dimensions have to be halved?",
        (
            "x[:, :, ::2, ::2] drops pixels. The new channels come after the old ones and "
            "hold zeros."
        ),
        (
            "torch.cat([x, zeros], 1); or F.pad, whose pairs of numbers count from the last "
            "dimension."
        ),
    ],
)


@exercise.mistake("this averages 2×2 pixels; option A takes every second one as it is.")
def _average_pixels(x, channels):
    return option_a_shortcut(F.interpolate(F.avg_pool2d(x, 2), scale_factor=2), channels)


@exercise.mistake("this takes the largest of 2×2 pixels; option A takes every second one as it is.")
def _largest_pixels(x, channels):
    return option_a_shortcut(F.interpolate(F.max_pool2d(x, 2), scale_factor=2), channels)


@exercise.mistake(
    "begin with the first pixel, not the second: a convolution of stride 2 and padding 1 "
    "centres there."
)
def _start_at_one(x, channels):
    return option_a_shortcut(x[:, :, 1:, 1:], channels)


@exercise.mistake(
    "the zeros come after the channels that are there, so that channel i stays channel i."
)
def _zeros_first(x, channels):
    return option_a_shortcut(x, channels).roll(channels - x.shape[1], 1)


@exercise.mistake("the new channels are zeros, not copies of the old ones.")
def _repeat_channels(x, channels):
    x = x[:, :, ::2, ::2]
    return torch.cat([x] * -(-channels // x.shape[1]), 1)[:, :channels]


@exercise.mistake(
    "half of the zeros come before the channels that are there: put all of them after, so "
    "that channel i stays channel i."
)
def _zeros_on_both_sides(x, channels):
    new = channels - x.shape[1]
    return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, new // 2, new - new // 2))


@exercise.mistake("height and width both have to be halved.")
def _rows_only(x, channels):
    x = x[:, :, ::2]
    return F.pad(x, (0, 0, 0, 0, 0, channels - x.shape[1]))
