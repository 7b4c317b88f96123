"""Lab 09, exercise `pixels_seen`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def pixels_seen(cell, layers):
    """From the last layer back: value i of a layer sees values i · stride - padding and on."""
    first = last = cell
    for kernel, stride, padding in reversed(layers):
        first = first * stride - padding
        last = last * stride - padding + kernel - 1
    return first, last


def _inputs():
    trunk = [(5, 1, 2), (2, 2, 0), (5, 1, 0), (2, 2, 0), (3, 1, 0)]
    return [
        (0, trunk),
        (3, trunk),
        (2, [(3, 1, 1)]),
        (4, [(3, 2, 1), (5, 3, 2)]),
        (1, [(7, 2, 3), (3, 2, 1), (3, 1, 1)]),
    ]


exercise = Exercise(
    pixels_seen,
    _inputs,
    hints=[
        "One layer first: with stride 1 and no padding, value i sees values i … i + kernel - 1.",
        "With a stride its window begins at i · stride, and the padding shifts it back.",
        "Go from the last layer to the first, and carry two numbers: the first and the last value.",
    ],
)


def _through(ends, layers, padded=1, reach=-1):
    first, last = ends
    for kernel, stride, padding in layers:
        first = first * stride - padded * padding
        last = last * stride - padded * padding + kernel + reach
    return first, last


@exercise.mistake("the layers are walked from the input on: begin at the last, where the cell is.")
def _from_the_input(cell, layers):
    return _through((cell, cell), layers)


@exercise.mistake("the padding is forgotten: it moves the window towards the start.")
def _no_padding(cell, layers):
    return _through((cell, cell), reversed(layers), padded=0)


@exercise.mistake("the padding has the wrong sign: with padding the first window begins earlier.")
def _padding_added(cell, layers):
    return _through((cell, cell), reversed(layers), padded=-1)


@exercise.mistake("a kernel of k values ends k - 1 after its first, not k.")
def _one_too_far(cell, layers):
    return _through((cell, cell), reversed(layers), reach=0)


@exercise.mistake("the strides are forgotten: value i begins at i · stride.")
def _no_strides(cell, layers):
    return _through((cell, cell), [(kernel, 1, padding) for kernel, _, padding in reversed(layers)])


@exercise.mistake("this is what the first cell sees: start from `cell`.")
def _first_cell(cell, layers):
    return _through((0, 0), reversed(layers))


@exercise.mistake(
    "the range is cut at the image's edge: pixels of the padding are asked for as well, with "
    "negative numbers."
)
def _cut_at_zero(cell, layers):
    first, last = pixels_seen(cell, layers)
    return max(first, 0), last


@exercise.mistake("this is how many pixels the cell sees: where do they begin and end?")
def _how_many(cell, layers):
    first, last = pixels_seen(cell, layers)
    return last - first + 1
