"""Lab 07, exercise `transposed_size`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def transposed_size(size, kernel, stride, padding):
    """Kernels start stride apart, the last one reaches kernel further, and padding is cut off at
    both ends.
    """
    return (size - 1) * stride + kernel - 2 * padding


def _inputs():
    return [(1, 4, 1, 0), (4, 4, 2, 1), (7, 5, 2, 2), (5, 3, 3, 0), (8, 2, 2, 0)]


exercise = Exercise(
    transposed_size,
    _inputs,
    hints=[
        (
            "Draw it: each input pixel stamps one kernel onto the output. Where does the "
            "first stamp begin, and where the last one?"
        ),
        (
            "The last of `size` stamps begins (size - 1) · stride after the first and is "
            "`kernel` wide."
        ),
        "Padding is cut off, at both ends.",
    ],
)


@exercise.mistake(
    "this is the size after an ordinary convolution: the transposed one goes the other way."
)
def _convolution(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) // stride + 1


@exercise.mistake(
    "size · stride holds only when kernel - stride = 2 · padding, as in most DCGAN layers, "
    "but not in the first one."
)
def _multiplied(size, kernel, stride, padding):
    return size * stride


@exercise.mistake("between the first and the last of `size` stamps lie size - 1 steps.")
def _one_start_too_many(size, kernel, stride, padding):
    return size * stride + kernel - 2 * padding


@exercise.mistake("in a transposed convolution padding makes the output smaller: it is cut off.")
def _padding_added(size, kernel, stride, padding):
    return (size - 1) * stride + kernel + 2 * padding


@exercise.mistake("padding is cut off at both ends.")
def _padding_once(size, kernel, stride, padding):
    return (size - 1) * stride + kernel - padding
