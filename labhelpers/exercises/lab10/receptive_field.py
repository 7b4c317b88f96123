"""Lab 10, exercise `receptive_field`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def receptive_field(layers):
    """Each layer adds kernel_size - 1 steps, as long as the product of the strides before it."""
    side, step = 1, 1
    for kernel_size, stride in layers:
        side += (kernel_size - 1) * step
        step *= stride
    return side


def _inputs():
    return [
        ([(3, 1)],),
        ([(3, 1), (3, 1)],),
        ([(5, 2), (3, 2), (3, 1)],),
        ([(7, 2), (3, 2), (3, 3), (3, 1)],),
    ]


exercise = Exercise(
    receptive_field,
    _inputs,
    hints=[
        (
            "Walk through the layers and keep two numbers: the side so far, and how many "
            "input pixels lie between two neighbouring values of the present map."
        ),
        (
            "A window of k points spans k - 1 steps between neighbours. How long is such a "
            "step, in input pixels?"
        ),
        (
            "The step before a layer is the product of the strides of all layers before it; "
            "its own stride counts from the next layer on."
        ),
    ],
)


@exercise.mistake(
    "the strides are forgotten: after a stride of 2, neighbouring values lie two input "
    "pixels apart."
)
def _strides_forgotten(layers):
    return 1 + sum(kernel_size - 1 for kernel_size, _ in layers)


@exercise.mistake(
    "a layer's own stride does not widen its own window: only the layers after it step further."
)
def _own_stride_first(layers):
    side, step = 1, 1
    for kernel_size, stride in layers:
        step *= stride
        side += (kernel_size - 1) * step
    return side


@exercise.mistake("strides multiply: two layers of stride 2 make steps of four pixels.")
def _last_stride_only(layers):
    side, step = 1, 1
    for kernel_size, stride in layers:
        side += (kernel_size - 1) * step
        step = stride
    return side


@exercise.mistake("the strides are added up: they multiply.")
def _strides_added(layers):
    side, step = 1, 0
    for kernel_size, stride in layers:
        side += (kernel_size - 1) * max(step, 1)
        step += stride
    return side


@exercise.mistake(
    "k points span only k - 1 steps: begin with the one pixel itself and add (k - 1) steps "
    "per layer."
)
def _whole_kernels(layers):
    side, step = 0, 1
    for kernel_size, stride in layers:
        side += kernel_size * step
        step *= stride
    return side


@exercise.mistake("this is the area: the side is asked for.")
def _area(layers):
    return receptive_field(layers) ** 2


@exercise.mistake("the order is reversed: the list begins at the input.")
def _from_the_end(layers):
    return receptive_field(layers[::-1])
