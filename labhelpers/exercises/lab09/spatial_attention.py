"""Lab 09, exercise `spatial_attention`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises.grading import Exercise


def spatial_attention(h, weight, bias):
    """Mean and maximum over channels, a convolution that keeps the size, a sigmoid, a product."""
    summary = torch.cat([h.mean(1, keepdim=True), h.amax(1, keepdim=True)], 1)
    return h * torch.sigmoid(F.conv2d(summary, weight, bias, padding=3))


def _maps():
    generator = torch.Generator().manual_seed(92)
    return [
        (
            torch.randn(n, c, height, width, generator=generator).relu(),
            0.3 * torch.randn(1, 2, 7, 7, generator=generator),
            torch.randn(1, generator=generator),
        )
        for n, c, height, width in ((1, 2, 3, 4), (3, 6, 9, 9))
    ]


exercise = Exercise(
    spatial_attention,
    _maps,
    hints=[
        (
            "Two numbers summarise the channels at each place: h.mean(1, keepdim=True) and "
            "h.amax(1, keepdim=True)."
        ),
        "torch.cat joins them along dimension 1; F.conv2d with padding=3 keeps the size.",
        (
            "The sigmoid of it is the gate, (N, 1, H, W). Multiplying by h uses it for "
            "every channel."
        ),
    ],
)


def _summary(h):
    return torch.cat([h.mean(1, keepdim=True), h.amax(1, keepdim=True)], 1)


@exercise.mistake("this is the gate alone: multiply h by it.")
def _gate_only(h, weight, bias):
    return torch.sigmoid(F.conv2d(_summary(h), weight, bias, padding=3))


@exercise.mistake("the gate is added: that is the control of section 5. Attention multiplies.")
def _added(h, weight, bias):
    return h + _gate_only(h, weight, bias)


@exercise.mistake("the order of the two summaries is swapped: mean first, then maximum.")
def _maximum_first(h, weight, bias):
    return h * torch.sigmoid(F.conv2d(_summary(h).flip(1), weight, bias, padding=3))


@exercise.mistake("the sigmoid is missing, so the weights are not between 0 and 1.")
def _no_sigmoid(h, weight, bias):
    return h * F.conv2d(_summary(h), weight, bias, padding=3)


@exercise.mistake(
    "a softmax makes the places compete for a sum of 1: here each place has a sigmoid of its own."
)
def _softmax(h, weight, bias):
    scores = F.conv2d(_summary(h), weight, bias, padding=3)
    return h * scores.flatten(2).softmax(2).reshape(scores.shape)


@exercise.mistake("the bias is missing.")
def _no_bias(h, weight, bias):
    return h * torch.sigmoid(F.conv2d(_summary(h), weight, padding=3))


@exercise.mistake(
    "mean and maximum are taken over the places too: then all places look the same. Take "
    "them over the channels, dimension 1."
)
def _over_space(h, weight, bias):
    pooled = torch.cat([h.mean((1, 2, 3), keepdim=True), h.amax((1, 2, 3), keepdim=True)], 1)
    summary = pooled.expand(-1, -1, *h.shape[2:])
    return h * torch.sigmoid(F.conv2d(summary, weight, bias, padding=3))


@exercise.mistake("the sum over the channels is not their mean.")
def _sum_for_mean(h, weight, bias):
    summary = torch.cat([h.sum(1, keepdim=True), h.amax(1, keepdim=True)], 1)
    return h * torch.sigmoid(F.conv2d(summary, weight, bias, padding=3))
