"""Lab 03, exercise `conv_output_size`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def conv_output_size(size, kernel, stride, padding):
    """Pixels along one side of the map that a convolution gives."""
    return (size + 2 * padding - kernel) // stride + 1


def _inputs():
    return [(32, 3, 1, 1), (32, 3, 2, 1), (32, 5, 1, 0), (17, 3, 2, 1), (28, 4, 3, 2)]


exercise = Exercise(
    conv_output_size,
    _inputs,
    hints=[
        (
            "Padding is added on both sides. How many positions does the kernel's left edge "
            "have with stride 1?"
        ),
        "With stride 1 there are size + 2·padding - kernel + 1 positions.",
        (
            "With stride s every s-th of them is used, beginning with the first: integer "
            "division, then plus one."
        ),
    ],
)


@exercise.mistake("one short: the kernel's first position counts too, so add 1 after the division.")
def _forget_plus_one(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) // stride


@exercise.mistake("the padding is added on both sides of the image.")
def _pad_one_side(size, kernel, stride, padding):
    return (size + padding - kernel) // stride + 1


@exercise.mistake(
    "rounded up: a kernel that would stick out over the edge is left out, so round down."
)
def _round_up(size, kernel, stride, padding):
    return -(-(size + 2 * padding - kernel) // stride) + 1


@exercise.mistake("a map has a whole number of pixels: use integer division, //.")
def _exact_division(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) / stride + 1


@exercise.mistake("the stride is ignored: the kernel moves by `stride` pixels at a time.")
def _ignore_stride(size, kernel, stride, padding):
    return size + 2 * padding - kernel + 1
