"""Lab 10, exercise `max_pool_backward`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises.grading import Exercise


def max_pool_backward(x, gradient):
    """Each window's gradient goes whole to its first largest value; all others get zero."""
    result = torch.zeros_like(x)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            row, column = divmod(int(window.argmax()), 2)
            result[2 * i + row, 2 * j + column] = gradient[i, j]
    return result


def _maps():
    generator = torch.Generator().manual_seed(101)
    ties = torch.tensor([[3.0, 1.0, 0.0, 0.0], [3.0, 2.0, 0.0, 0.0]])
    dense = torch.randn(4, 6, generator=generator)
    return [
        (dense, torch.randn(2, 3, generator=generator)),
        (ties, torch.tensor([[2.0, -1.0]])),
        (ties.flip(1), torch.tensor([[0.5, 4.0]])),
        (torch.tensor([[1.0, 3.0], [3.0, 2.0]]), torch.tensor([[1.5]])),  # first by rows: the right
    ]


exercise = Exercise(
    max_pool_backward,
    _maps,
    hints=[
        (
            "If the largest value of a window grows a little, so does the output. What if "
            "another one grows?"
        ),
        (
            "So a window's gradient goes whole to the place of its largest value, and all "
            "other places get zero."
        ),
        (
            "argmax counts through the flattened window and returns the first of equals; "
            "divmod(position, 2) gives its row and column."
        ),
    ],
)


def _spread(gradient):
    return gradient.repeat_interleave(2, 0).repeat_interleave(2, 1)


def _largest(x):
    return x == _spread(F.max_pool2d(x[None, None], 2)[0, 0])


@exercise.mistake(
    "where several values are equally large, each of them gets the whole gradient: only the "
    "first may."
)
def _to_all_ties(x, gradient):
    return _spread(gradient) * _largest(x)


@exercise.mistake(
    "equally large values share the gradient here: the first in reading order gets all of it."
)
def _shared_by_ties(x, gradient):
    winners = _largest(x).to(x)
    return _spread(gradient / (4 * F.avg_pool2d(winners[None, None], 2)[0, 0])) * winners


@exercise.mistake("this is the way back through average pooling: a maximum sends all to one place.")
def _average_pooling(x, gradient):
    return _spread(gradient) / 4


@exercise.mistake(
    "every place of the window gets the gradient: only the place of the largest value may."
)
def _everywhere(x, gradient):
    return _spread(gradient)


@exercise.mistake(
    "the gradient is multiplied by the value: the derivative of the maximum by its largest "
    "argument is 1."
)
def _times_value(x, gradient):
    return max_pool_backward(x, gradient) * x


@exercise.mistake("this marks the places of the maxima: the gradients have to go there.")
def _mask_only(x, gradient):
    return max_pool_backward(x, torch.ones_like(gradient))


@exercise.mistake(
    "of equal values the last gets the gradient: it should be the first in reading order."
)
def _last_of_ties(x, gradient):
    return max_pool_backward(x.flip(0, 1), gradient.flip(0, 1)).flip(0, 1)


@exercise.mistake(
    "of equal values the first by columns gets the gradient: reading order goes row by row."
)
def _first_by_columns(x, gradient):
    return max_pool_backward(x.T, gradient.T).T
