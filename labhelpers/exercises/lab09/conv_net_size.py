"""Lab 09, exercise `conv_net_size`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def conv_net_size(channels, side, layers):
    """Each convolution: side + 2 padding - kernel + 1, and outputs · (inputs · kernel² + 1)
    parameters.
    """
    parameters = 0
    for kind, *numbers in layers:
        if kind == "conv":
            outputs, kernel, padding = numbers
            parameters += outputs * (channels * kernel**2 + 1)
            channels, side = outputs, side + 2 * padding - kernel + 1
        else:
            side //= numbers[0]
    return channels, side, parameters


_LENET = [("conv", 6, 5, 2), ("pool", 2), ("conv", 16, 5, 0), ("pool", 2)]


def _inputs():
    return [
        (1, 28, _LENET),
        (3, 32, _LENET),
        (2, 10, [("conv", 4, 7, 3)]),
        (1, 9, [("conv", 2, 3, 1), ("pool", 3)]),
        # a row and a column are left over
        (1, 12, [("conv", 2, 4, 0), ("pool", 2), ("conv", 3, 1, 0)]),
    ]


exercise = Exercise(
    conv_net_size,
    _inputs,
    hints=[
        (
            "Go through the layers one by one and keep three numbers up to date: channels, "
            "side, parameters."
        ),
        (
            "A kernel of k pixels fits into n + 2p pixels at n + 2p - k + 1 places. Pooling "
            "divides the side."
        ),
        (
            "A convolution has, for each output, one k × k kernel per input and a single "
            "bias. Pooling learns nothing."
        ),
    ],
)


def _right_count(inputs, outputs, kernel, side):
    return outputs * (inputs * kernel**2 + 1)


def _right_growth(side, kernel, padding):
    return side + 2 * padding - kernel + 1


def _right_pool(side, kernel):
    return side // kernel


def _sizes(channels, side, layers, count=_right_count, grow=_right_growth, pool=_right_pool):
    """`conv_net_size`, with one of its three rules replaced by a wrong one."""
    parameters = 0
    for kind, *numbers in layers:
        if kind == "conv":
            outputs, kernel, padding = numbers
            parameters += count(channels, outputs, kernel, side)
            channels = outputs
            side = grow(side, kernel, padding)
        else:
            side = pool(side, numbers[0])
    return channels, side, parameters


@exercise.mistake("the biases are missing: one for each output.")
def _no_biases(channels, side, layers):
    def count(inputs, outputs, kernel, side):
        return outputs * inputs * kernel**2

    return _sizes(channels, side, layers, count=count)


@exercise.mistake(
    "each output has a kernel for every input: multiply by the number of input channels."
)
def _inputs_forgotten(channels, side, layers):
    def count(inputs, outputs, kernel, side):
        return outputs * (kernel**2 + 1)

    return _sizes(channels, side, layers, count=count)


@exercise.mistake("there is one bias per output, not one for each pair of input and output.")
def _bias_per_kernel(channels, side, layers):
    def count(inputs, outputs, kernel, side):
        return outputs * inputs * (kernel**2 + 1)

    return _sizes(channels, side, layers, count=count)


@exercise.mistake("a kernel has k × k weights, not k.")
def _kernel_not_squared(channels, side, layers):
    def count(inputs, outputs, kernel, side):
        return outputs * (inputs * kernel + 1)

    return _sizes(channels, side, layers, count=count)


@exercise.mistake(
    "this counts a weight for every pixel of the image, as a linear layer has: a "
    "convolution uses the same kernel everywhere, so the side does not matter."
)
def _like_linear(channels, side, layers):
    def count(inputs, outputs, kernel, side):
        return outputs * (inputs * side**2 + 1)

    return _sizes(channels, side, layers, count=count)


@exercise.mistake(
    "what does not fill a whole block is left out: divide with //, and do not round up."
)
def _pool_rounded_up(channels, side, layers):
    def pool(side, kernel):
        return -(-side // kernel)

    return _sizes(channels, side, layers, pool=pool)


@exercise.mistake("a map has a whole number of pixels: divide with //.")
def _pool_exactly(channels, side, layers):
    def pool(side, kernel):
        return side / kernel

    return _sizes(channels, side, layers, pool=pool)


@exercise.mistake("the padding is added on both sides.")
def _padding_once(channels, side, layers):
    def grow(side, kernel, padding):
        return side + padding - kernel + 1

    return _sizes(channels, side, layers, grow=grow)


@exercise.mistake(
    "a kernel of k pixels fits into k pixels once, not zero times: the + 1 is missing."
)
def _plus_one_forgotten(channels, side, layers):
    def grow(side, kernel, padding):
        return side + 2 * padding - kernel

    return _sizes(channels, side, layers, grow=grow)


@exercise.mistake(
    "this pooling moves on by one pixel; ours takes one value from each block, so the side "
    "is divided."
)
def _pool_like_conv(channels, side, layers):
    def pool(side, kernel):
        return side - kernel + 1

    return _sizes(channels, side, layers, pool=pool)
