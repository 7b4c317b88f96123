"""Lab 03, exercise `conv_multiply_adds`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def conv_multiply_adds(inputs, outputs, kernel, height, width):
    """Multiply-adds of a convolution for one image; height and width are those of its output."""
    return height * width * outputs * inputs * kernel * kernel


def _inputs():
    return [(3, 16, 3, 32, 32), (16, 32, 3, 16, 16), (8, 8, 5, 7, 9), (64, 10, 1, 4, 4)]


exercise = Exercise(
    conv_multiply_adds,
    _inputs,
    hints=[
        "How many multiplications give one number of the output map?",
        "One output number: inputs · kernel² of them. How many output numbers are there?",
    ],
)


@exercise.mistake("these are the weights. Each is used again at every position of the output map.")
def _once_per_image(inputs, outputs, kernel, height, width):
    return outputs * inputs * kernel * kernel


@exercise.mistake(
    "a multiply-add counts as one here; FLOPs, as counted by PyTorch's counter, are twice as many."
)
def _count_operations(inputs, outputs, kernel, height, width):
    return 2 * height * width * outputs * inputs * kernel * kernel


@exercise.mistake("every output channel reads *all* input channels.")
def _one_input_channel(inputs, outputs, kernel, height, width):
    return height * width * outputs * kernel * kernel


@exercise.mistake("the kernel is a square: kernel · kernel weights per pair of channels.")
def _kernel_not_squared(inputs, outputs, kernel, height, width):
    return height * width * outputs * inputs * kernel
