"""Lab 01, exercise `mlp_gradients`."""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F

from labhelpers.exercises.grading import Exercise


def mlp_gradients(x, y, W1, b1, W2, b2):
    """The chain rule from the loss backwards; the mean over images divides by N once."""
    a = x @ W1.T + b1  # (N, H)
    h = a.relu()
    p = (h @ W2.T + b2).softmax(1)  # (N, K)
    dz = (p - F.one_hot(y, len(b2))) / len(y)
    da = (dz @ W2) * (a > 0)
    return da.T @ x, da.sum(0), dz.T @ h, dz.sum(0)


def _network_inputs():
    generator = torch.Generator().manual_seed(6)
    draw = functools.partial(torch.randn, generator=generator)
    return [
        (draw(n, d), torch.arange(n) % k, draw(h, d), draw(h), draw(k, h), draw(k))
        for n, d, h, k in ((1, 3, 4, 2), (5, 4, 6, 3), (8, 2, 3, 4))
    ]


exercise = Exercise(
    mlp_gradients,
    _network_inputs,
    hints=[
        "Forward first, as in section 4, with one image per row: a = x @ W1.T + b1.",
        (
            "The gradient by the logits is (p - onehot) / N, a row for each image. Then one "
            "line per layer, backwards."
        ),
        (
            "A sum of outer products over the images is a matrix product: dW2 = dz.T @ h. A "
            "bias collects dz.sum(0)."
        ),
    ],
)


def _backward(x, y, W1, b1, W2, b2, *, scale=True, hot=True, mask=True, on_output=False):
    a = x @ W1.T + b1
    h = a.relu()
    p = (h @ W2.T + b2).softmax(1)
    dz = p - F.one_hot(y, len(b2)) if hot else p
    dz = dz / len(y) if scale else dz
    da = dz @ W2
    if mask:
        da = da * (a > 0)
    if on_output:
        da = (dz @ W2) * h
    return da.T @ x, da.sum(0), dz.T @ h, dz.sum(0)


@exercise.mistake(
    "this is the gradient of the sum over the images: the loss is their mean, so divide by N."
)
def _sum_not_mean(*args):
    return _backward(*args, scale=False)


@exercise.mistake("the target is missing: the gradient by the logits is p minus the one-hot label.")
def _no_target(*args):
    return _backward(*args, hot=False)


@exercise.mistake(
    "the ReLU is forgotten on the way back: where its input is negative nothing passes."
)
def _no_relu_mask(*args):
    return _backward(*args, mask=False)


@exercise.mistake("on the way back ReLU multiplies by 1 or 0, not by its output.")
def _times_relu(*args):
    return _backward(*args, on_output=True)


@exercise.mistake("the biases are averaged twice: dz has been divided by N already.")
def _bias_mean(*args):
    dW1, db1, dW2, db2 = _backward(*args)
    return dW1, db1 / len(args[0]), dW2, db2 / len(args[0])


@exercise.mistake("the weight gradients are transposed: each has the shape of its weights.")
def _upside_down(*args):
    dW1, db1, dW2, db2 = _backward(*args)
    return dW1.T, db1, dW2.T, db2


@exercise.mistake("the sign is wrong: this is the direction downhill, the gradient points uphill.")
def _uphill(*args):
    return tuple(-gradient for gradient in _backward(*args))
