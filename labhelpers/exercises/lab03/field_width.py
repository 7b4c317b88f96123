"""Lab 03, exercise `field_width`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def field_width(kernels, strides):
    """Each kernel adds kernel - 1 steps, and a step is as long as the strides before it multiply
    to.
    """
    width, step = 1, 1  # pixels of the image
    for kernel, stride in zip(kernels, strides, strict=True):
        width += (kernel - 1) * step
        step *= stride
    return width


def _inputs():
    return [
        ([3], [1]),
        ([3, 3, 3], [1, 1, 1]),
        ([3, 5, 3], [2, 1, 1]),
        ([7, 3, 3, 1], [2, 2, 1, 2]),
    ]


exercise = Exercise(
    field_width,
    _inputs,
    hints=[
        "Without a layer a place sees one pixel: itself. What does a single 3 × 3 kernel add?",
        "A second 3 × 3 kernel adds 2 places of the first map. How many pixels are those apart?",
        (
            "Neighbouring places of a map are as many pixels apart as the strides of the layers "
            "before it multiply to."
        ),
    ],
)


@exercise.mistake(
    "the stride of a layer moves its own kernel, it does not stretch it: what counts is how far "
    "apart the places are that it *reads*, that is the strides of the layers before it."
)
def _own_stride_too(kernels, strides):
    width, step = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        step *= stride
        width += (kernel - 1) * step
    return width


@exercise.mistake(
    "the strides are ignored: behind a stride of 2 neighbouring places are two pixels apart."
)
def _ignore_strides(kernels, strides):
    return 1 + sum(kernel - 1 for kernel in kernels)


@exercise.mistake(
    "neighbouring fields overlap: a kernel adds kernel - 1 places, not kernel, and the kernels do "
    "not multiply."
)
def _product_of_kernels(kernels, strides):
    width = 1
    for kernel in kernels:
        width *= kernel
    return width


@exercise.mistake("a kernel adds kernel - 1 places: the middle one was there before.")
def _whole_kernels(kernels, strides):
    width, step = 0, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        width += kernel * step
        step *= stride
    return width


@exercise.mistake("one short: the place itself counts, so begin with one pixel.")
def _begin_with_nothing(kernels, strides):
    return field_width(kernels, strides) - 1


@exercise.mistake("strides multiply: after two of 2, places are four pixels apart.")
def _add_strides(kernels, strides):
    width, step = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        width += (kernel - 1) * step
        step += stride - 1
    return width


@exercise.mistake("the layers are taken in the wrong order: the first one reads the image.")
def _last_layer_first(kernels, strides):
    return field_width(kernels[::-1], strides[::-1])


@exercise.mistake(
    "each kernel is stretched by its own stride alone: what counts is the product of the strides "
    "of all layers before it."
)
def _own_stride_alone(kernels, strides):
    return 1 + sum((kernel - 1) * stride for kernel, stride in zip(kernels, strides, strict=True))


@exercise.mistake(
    "only the stride of the layer just before counts here: those of all layers before it multiply."
)
def _stride_before_alone(kernels, strides):
    return _own_stride_alone(kernels, [1, *strides[:-1]])
