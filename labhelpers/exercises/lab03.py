"""Lab 03: output sizes, parameters and multiply-adds of convolutions, the option-A shortcut, augmentation."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises import Exercise


def conv_output_size(size, kernel, stride, padding):
    """Pixels along one side of the map that a convolution gives."""
    return (size + 2 * padding - kernel) // stride + 1


def _forget_plus_one(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) // stride


def _pad_one_side(size, kernel, stride, padding):
    return (size + padding - kernel) // stride + 1


def _round_up(size, kernel, stride, padding):
    return -(-(size + 2 * padding - kernel) // stride) + 1


def _exact_division(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) / stride + 1


def _ignore_stride(size, kernel, stride, padding):
    return size + 2 * padding - kernel + 1


def block_parameters(inputs, outputs):
    """Learned numbers of a BasicBlock: two 3×3 convolutions without biases, two batch norms, option A."""
    return 9 * inputs * outputs + 9 * outputs * outputs + 2 * 2 * outputs


def _with_biases(inputs, outputs):
    return block_parameters(inputs, outputs) + 2 * outputs


def _same_inputs_twice(inputs, outputs):
    return 2 * 9 * inputs * outputs + 4 * outputs


def _one_number_per_norm(inputs, outputs):
    return 9 * inputs * outputs + 9 * outputs * outputs + 2 * outputs


def _count_running_statistics(inputs, outputs):
    return block_parameters(inputs, outputs) + 4 * outputs


def _forget_norms(inputs, outputs):
    return 9 * inputs * outputs + 9 * outputs * outputs


def _projection_shortcut(inputs, outputs):
    return block_parameters(inputs, outputs) + (inputs * outputs if inputs != outputs else 0)


def option_a_shortcut(x, channels):
    """Every second pixel of x (N, C, H, W) along both sides, then zero channels up to `channels`."""
    x = x[:, :, ::2, ::2]
    zeros = x.new_zeros(len(x), channels - x.shape[1], *x.shape[2:])
    return torch.cat([x, zeros], 1)


def _average_pixels(x, channels):
    return option_a_shortcut(F.interpolate(F.avg_pool2d(x, 2), scale_factor=2), channels)


def _largest_pixels(x, channels):
    return option_a_shortcut(F.interpolate(F.max_pool2d(x, 2), scale_factor=2), channels)


def _start_at_one(x, channels):
    return option_a_shortcut(x[:, :, 1:, 1:], channels)


def _zeros_first(x, channels):
    return option_a_shortcut(x, channels).roll(channels - x.shape[1], 1)


def _repeat_channels(x, channels):
    x = x[:, :, ::2, ::2]
    return torch.cat([x] * -(-channels // x.shape[1]), 1)[:, :channels]


def _rows_only(x, channels):
    x = x[:, :, ::2]
    return F.pad(x, (0, 0, 0, 0, 0, channels - x.shape[1]))


def _zeros_on_both_sides(x, channels):
    new = channels - x.shape[1]
    return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, new // 2, new - new // 2))


def conv_multiply_adds(inputs, outputs, kernel, height, width):
    """Multiply-adds of a convolution for one image; height and width are those of its output."""
    return height * width * outputs * inputs * kernel * kernel


def _once_per_image(inputs, outputs, kernel, height, width):
    return outputs * inputs * kernel * kernel


def _count_operations(inputs, outputs, kernel, height, width):
    return 2 * height * width * outputs * inputs * kernel * kernel


def _one_input_channel(inputs, outputs, kernel, height, width):
    return height * width * outputs * kernel * kernel


def _kernel_not_squared(inputs, outputs, kernel, height, width):
    return height * width * outputs * inputs * kernel


def flip_half(x, training, generator):
    """Mirror each image of x (N, C, H, W) with probability 1/2, in training only."""
    if not training:
        return x
    mirrored = torch.rand(len(x), generator=generator) < 0.5  # (N,)
    return torch.where(mirrored[:, None, None, None], x.flip(3), x)


def _also_validation(x, training, generator):
    return flip_half(x, True, generator)


def _one_coin_per_batch(x, training, generator):
    flip = training and (torch.rand(1, generator=generator) < 0.5).item()
    return x.flip(3) if flip else x


def _upside_down(x, training, generator):
    return flip_half(x.transpose(2, 3), training, generator).transpose(2, 3)


def _everything(x, training, generator):
    return x.flip(3) if training else x


def _coin_per_channel(x, training, generator):
    if not training:
        return x
    mirrored = torch.rand(x.shape[:2], generator=generator) < 0.5
    return torch.where(mirrored[:, :, None, None], x.flip(3), x)


def _in_place(x, training, generator):
    if training:
        mirrored = torch.rand(len(x), generator=generator) < 0.5
        x[mirrored] = x[mirrored].flip(3)
    return x


def _other_generator(x, training, generator):
    return torch.where(torch.rand(len(x))[:, None, None, None] < 0.5, x.flip(3), x) if training else x


def _above_half(x, training, generator):
    return flip_half(x.flip(3), training, generator) if training else x


def _shortcut_inputs():
    generator = torch.Generator().manual_seed(1)
    shapes = [((2, 2, 4, 4), 4), ((1, 3, 6, 8), 7), ((3, 4, 5, 5), 8)]
    return [(torch.randn(*shape, generator=generator), channels) for shape, channels in shapes]


def _flip_inputs():
    generator = torch.Generator().manual_seed(2)
    batches = [(torch.randn(16, 3, 4, 4, generator=generator), training) for training in (True, False, True, True)]
    return [(x, training, torch.Generator().manual_seed(seed)) for seed, (x, training) in enumerate(batches, start=1)]


EXERCISES = [
    Exercise(
        conv_output_size,
        lambda: [(32, 3, 1, 1), (32, 3, 2, 1), (32, 5, 1, 0), (17, 3, 2, 1), (28, 4, 3, 2)],
        [
            "Padding is added on both sides. How many positions does the kernel's left edge have with stride 1?",
            "With stride 1 there are size + 2·padding - kernel + 1 positions.",
            "With stride s every s-th of them is used, beginning with the first: integer division, then plus one.",
        ],
        {
            "one short: the kernel's first position counts too, so add 1 after the division.": _forget_plus_one,
            "the padding is added on both sides of the image.": _pad_one_side,
            "rounded up: a kernel that would stick out over the edge is left out, so round down.": _round_up,
            "a map has a whole number of pixels: use integer division, //.": _exact_division,
            "the stride is ignored: the kernel moves by `stride` pixels at a time.": _ignore_stride,
        },
    ),
    Exercise(
        block_parameters,
        lambda: [(16, 16), (16, 32), (3, 5)],
        [
            "What are the shapes of the two weight tensors? The second convolution reads what the first one gives.",
            "9·inputs·outputs and 9·outputs·outputs. A batch norm learns a factor and an offset per channel.",
            "The option-A shortcut learns nothing.",
        ],
        {
            "a convolution before batch norm has no biases: the norm would subtract them again.": _with_biases,
            "the second convolution reads the `outputs` channels of the first, not the block's inputs.": (
                _same_inputs_twice
            ),
            "a batch norm learns two numbers per channel, a factor and an offset.": _one_number_per_norm,
            "running mean and variance are measured, not learned: they are buffers, not parameters.": (
                _count_running_statistics
            ),
            "the two batch norms learn something too: a factor and an offset per channel.": _forget_norms,
            "this is option B, a 1×1 convolution as shortcut. Option A has no parameters.": _projection_shortcut,
        },
    ),
    Exercise(
        option_a_shortcut,
        _shortcut_inputs,
        [
            "Slices can skip: x[::2]. Which of the four dimensions have to be halved?",
            "x[:, :, ::2, ::2] drops pixels. The new channels come after the old ones and hold zeros.",
            "torch.cat([x, zeros], 1); or F.pad, whose pairs of numbers count from the last dimension.",
        ],
        {
            "this averages 2×2 pixels; option A takes every second one as it is.": _average_pixels,
            "this takes the largest of 2×2 pixels; option A takes every second one as it is.": _largest_pixels,
            "begin with the first pixel, not the second: a convolution of stride 2 and padding 1 centres there.": (
                _start_at_one
            ),
            "the zeros come after the channels that are there, so that channel i stays channel i.": _zeros_first,
            "the new channels are zeros, not copies of the old ones.": _repeat_channels,
            "half of the zeros come before the channels that are there: put all of them after, so that channel i stays "
            "channel i.": _zeros_on_both_sides,
            "height and width both have to be halved.": _rows_only,
        },
    ),
    Exercise(
        conv_multiply_adds,
        lambda: [(3, 16, 3, 32, 32), (16, 32, 3, 16, 16), (8, 8, 5, 7, 9), (64, 10, 1, 4, 4)],
        [
            "How many multiplications give one number of the output map?",
            "One output number: inputs · kernel² of them. How many output numbers are there?",
        ],
        {
            "these are the weights. Each is used again at every position of the output map.": _once_per_image,
            "a multiply-add counts as one here; FLOPs, as counted by PyTorch's counter, are twice as many.": (
                _count_operations
            ),
            "every output channel reads *all* input channels.": _one_input_channel,
            "the kernel is a square: kernel · kernel weights per pair of channels.": _kernel_not_squared,
        },
    ),
    Exercise(
        flip_half,
        _flip_inputs,
        [
            "Draw one random number per image: torch.rand(len(x), generator=generator).",
            "x.flip(3) mirrors left and right. torch.where(condition, a, b) picks image by image "
            "once the condition has the shape (N, 1, 1, 1).",
        ],
        {
            "validation images are mirrored too: the score would then depend on chance, and on other images than "
            "everybody else's. Augmentation is for training only.": _also_validation,
            "one coin for the whole batch: all its images are mirrored or none. Draw one per image.": (
                _one_coin_per_batch
            ),
            "this turns images upside down: the last dimension, 3, runs from left to right.": _upside_down,
            "all images are mirrored: the network would never see the original ones.": _everything,
            "one coin per channel mirrors the red of an image but not its green: the colours come apart.": (
                _coin_per_channel
            ),
            "the coins do not come from `generator`: torch.rand(len(x), generator=generator).": _other_generator,
            "the result is right, but the images that were handed over are mirrored too: work on a copy.": _in_place,
            "mirrored where the number is above 1/2: below it, please.": _above_half,
        },
        observe=lambda x, training, generator: x,  # the caller's images stay as they are
    ),
]
