"""Lab 03, exercise `block_parameters`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def block_parameters(inputs, outputs):
    """Learned numbers of a BasicBlock: two 3×3 convolutions without biases, two batch norms, option
    A.
    """
    return 9 * inputs * outputs + 9 * outputs * outputs + 2 * 2 * outputs


def _inputs():
    return [(16, 16), (16, 32), (3, 5)]


exercise = Exercise(
    block_parameters,
    _inputs,
    hints=[
        (
            "What are the shapes of the two weight tensors? The second convolution reads "
            "what the first one gives."
        ),
        (
            "9·inputs·outputs and 9·outputs·outputs. A batch norm learns a factor and an "
            "offset per channel."
        ),
        "The option-A shortcut learns nothing.",
    ],
)


@exercise.mistake(
    "a convolution before batch norm has no biases: the norm would subtract them again."
)
def _with_biases(inputs, outputs):
    return block_parameters(inputs, outputs) + 2 * outputs


@exercise.mistake(
    "the second convolution reads the `outputs` channels of the first, not the block's inputs."
)
def _same_inputs_twice(inputs, outputs):
    return 2 * 9 * inputs * outputs + 4 * outputs


@exercise.mistake("a batch norm learns two numbers per channel, a factor and an offset.")
def _one_number_per_norm(inputs, outputs):
    return 9 * inputs * outputs + 9 * outputs * outputs + 2 * outputs


@exercise.mistake(
    "running mean and variance are measured, not learned: they are buffers, not parameters."
)
def _count_running_statistics(inputs, outputs):
    return block_parameters(inputs, outputs) + 4 * outputs


@exercise.mistake("the two batch norms learn something too: a factor and an offset per channel.")
def _forget_norms(inputs, outputs):
    return 9 * inputs * outputs + 9 * outputs * outputs


@exercise.mistake("this is option B, a 1×1 convolution as shortcut. Option A has no parameters.")
def _projection_shortcut(inputs, outputs):
    return block_parameters(inputs, outputs) + (inputs * outputs if inputs != outputs else 0)


@exercise.mistake(
    "the first norm comes after the first convolution: it has the `outputs` channels of that one, "
    "not the block's inputs."
)
def _first_norm_of_inputs(inputs, outputs):
    return 9 * inputs * outputs + 9 * outputs * outputs + 2 * inputs + 2 * outputs


@exercise.mistake(
    "both norms come after a convolution: each has `outputs` channels, none the block's inputs."
)
def _norms_of_inputs(inputs, outputs):
    return 9 * inputs * outputs + 9 * outputs * outputs + 2 * 2 * inputs


@exercise.mistake(
    "this is option B, a 1×1 convolution with its batch norm as shortcut. Option A has no "
    "parameters."
)
def _projection_with_norm(inputs, outputs):
    projection = inputs * outputs + 2 * outputs
    return block_parameters(inputs, outputs) + (projection if inputs != outputs else 0)
