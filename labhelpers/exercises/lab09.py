"""Lab 09: sizes of a convolutional network, moving images, spatial attention, attention in a box."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises import Exercise


def conv_net_size(channels, side, layers):
    """Each convolution: side + 2 padding - kernel + 1, and outputs · (inputs · kernel² + 1) parameters."""
    parameters = 0
    for kind, *numbers in layers:
        if kind == "conv":
            outputs, kernel, padding = numbers
            parameters += outputs * (channels * kernel**2 + 1)
            channels, side = outputs, side + 2 * padding - kernel + 1
        else:
            side //= numbers[0]
    return channels, side, parameters


def _sizes(count, grow=lambda side, kernel, padding: side + 2 * padding - kernel + 1, pool=lambda side, k: side // k):
    """A wrong `conv_net_size`, by how it counts parameters or follows the side."""

    def wrong(channels, side, layers):
        parameters = 0
        for kind, *numbers in layers:
            if kind == "conv":
                outputs, kernel, padding = numbers
                parameters += count(channels, outputs, kernel, side)
                channels, side = outputs, grow(side, kernel, padding)
            else:
                side = pool(side, numbers[0])
        return channels, side, parameters

    return wrong


def _right_count(inputs, outputs, kernel, side):
    return outputs * (inputs * kernel**2 + 1)


_no_biases = _sizes(lambda inputs, outputs, kernel, side: outputs * inputs * kernel**2)
_inputs_forgotten = _sizes(lambda inputs, outputs, kernel, side: outputs * (kernel**2 + 1))
_bias_per_kernel = _sizes(lambda inputs, outputs, kernel, side: outputs * inputs * (kernel**2 + 1))
_kernel_not_squared = _sizes(lambda inputs, outputs, kernel, side: outputs * (inputs * kernel + 1))
_like_linear = _sizes(lambda inputs, outputs, kernel, side: outputs * (inputs * side**2 + 1))
_padding_once = _sizes(_right_count, lambda side, kernel, padding: side + padding - kernel + 1)
_plus_one_forgotten = _sizes(_right_count, lambda side, kernel, padding: side + 2 * padding - kernel)
_pool_like_conv = _sizes(_right_count, pool=lambda side, kernel: side - kernel + 1)
_pool_rounded_up = _sizes(_right_count, pool=lambda side, kernel: -(-side // kernel))
_pool_exactly = _sizes(_right_count, pool=lambda side, kernel: side / kernel)


def shift_images(images, down, right):
    """Copy the part that stays in view into an image of zeros."""
    height, width = images.shape[-2:]
    moved = torch.zeros_like(images)
    if abs(down) < height and abs(right) < width:
        rows, columns = height - abs(down), width - abs(right)
        top, left, new_top, new_left = max(-down, 0), max(-right, 0), max(down, 0), max(right, 0)
        moved[..., new_top : new_top + rows, new_left : new_left + columns] = images[
            ..., top : top + rows, left : left + columns
        ]
    return moved


def _rolled(images, down, right):
    return images.roll((down, right), (-2, -1))


def _backwards(images, down, right):
    return shift_images(images, -down, -right)


def _swapped(images, down, right):
    return shift_images(images, right, down)


def _down_only(images, down, right):
    return shift_images(images, down, 0)


def _edge_repeated(images, down, right):
    rows = (torch.arange(images.shape[-2]) - down).clamp(0, images.shape[-2] - 1)
    columns = (torch.arange(images.shape[-1]) - right).clamp(0, images.shape[-1] - 1)
    return images[..., rows, :][..., columns]


def _as_float(images, down, right):
    return shift_images(images, down, right).float() / 255


def spatial_attention(h, weight, bias):
    """Mean and maximum over the channels, a convolution that keeps the size, a sigmoid, a product."""
    summary = torch.cat([h.mean(1, keepdim=True), h.amax(1, keepdim=True)], 1)
    return h * torch.sigmoid(F.conv2d(summary, weight, bias, padding=3))


def _summary(h):
    return torch.cat([h.mean(1, keepdim=True), h.amax(1, keepdim=True)], 1)


def _gate_only(h, weight, bias):
    return torch.sigmoid(F.conv2d(_summary(h), weight, bias, padding=3))


def _added(h, weight, bias):
    return h + _gate_only(h, weight, bias)


def _maximum_first(h, weight, bias):
    return h * torch.sigmoid(F.conv2d(_summary(h).flip(1), weight, bias, padding=3))


def _no_sigmoid(h, weight, bias):
    return h * F.conv2d(_summary(h), weight, bias, padding=3)


def _softmax(h, weight, bias):
    scores = F.conv2d(_summary(h), weight, bias, padding=3)
    return h * scores.flatten(2).softmax(2).reshape(scores.shape)


def _no_bias(h, weight, bias):
    return h * torch.sigmoid(F.conv2d(_summary(h), weight, padding=3))


def _over_space(h, weight, bias):
    pooled = torch.cat([h.mean((1, 2, 3), keepdim=True), h.amax((1, 2, 3), keepdim=True)], 1)
    summary = pooled.expand(-1, -1, *h.shape[2:])
    return h * torch.sigmoid(F.conv2d(summary, weight, bias, padding=3))


def _sum_for_mean(h, weight, bias):
    summary = torch.cat([h.sum(1, keepdim=True), h.amax(1, keepdim=True)], 1)
    return h * torch.sigmoid(F.conv2d(summary, weight, bias, padding=3))


def attention_lift(attention, boxes):
    """(attention inside / all attention) / (cells inside / all cells), image by image."""
    share = (attention * boxes).sum((1, 2)) / attention.sum((1, 2))
    return share / boxes.float().mean((1, 2))


def _share_only(attention, boxes):
    return (attention * boxes).sum((1, 2)) / attention.sum((1, 2))


def _one_number(attention, boxes):
    return attention_lift(attention, boxes).mean()


def _over_all_images(attention, boxes):
    return (attention * boxes).sum((1, 2)) / attention.sum() / boxes.float().mean((1, 2))


def _inside_by_outside(attention, boxes):
    inside, outside = ((attention * part).sum((1, 2)) / part.sum((1, 2)) for part in (boxes, ~boxes))
    return inside / outside


def _mean_inside(attention, boxes):
    return (attention * boxes).sum((1, 2)) / boxes.sum((1, 2))


def _mean_box(attention, boxes):
    return _share_only(attention, boxes) / boxes.float().mean()


def _images():
    generator = torch.Generator().manual_seed(91)

    def draw(*shape):
        return torch.randint(1, 256, shape, generator=generator).byte()

    moves = [((2, 1, 4, 5), 1, 2), ((1, 3, 6, 4), -2, 1), ((2, 1, 5, 5), 0, -3), ((1, 1, 3, 3), 1, 0)]
    return [(draw(*shape), down, right) for shape, down, right in [*moves, ((1, 1, 3, 4), -3, 1)]]


def _maps():
    generator = torch.Generator().manual_seed(92)
    return [
        (
            torch.randn(n, c, height, width, generator=generator).relu(),
            0.3 * torch.randn(1, 2, 7, 7, generator=generator),
            torch.randn(1, generator=generator),
        )
        for n, c, height, width in ((1, 2, 3, 4), (3, 6, 9, 9))
    ]


def _attention_and_boxes():
    generator = torch.Generator().manual_seed(93)
    attention = torch.rand(3, 6, 8, generator=generator) * torch.tensor([1.0, 5.0, 0.2])[:, None, None]
    boxes = torch.zeros(3, 6, 8, dtype=torch.bool)
    boxes[0, 1:4, 2:5] = boxes[1, :2, :] = boxes[2, 5:, 7:] = True
    return [(attention, boxes), (torch.ones(2, 6, 8), boxes[:2]), (attention.square(), boxes.flip(0))]


_LENET = [("conv", 6, 5, 2), ("pool", 2), ("conv", 16, 5, 0), ("pool", 2)]

EXERCISES = [
    Exercise(
        conv_net_size,
        lambda: [
            (1, 28, _LENET),
            (3, 32, _LENET),
            (2, 10, [("conv", 4, 7, 3)]),
            (1, 9, [("conv", 2, 3, 1), ("pool", 3)]),
            (1, 12, [("conv", 2, 4, 0), ("pool", 2), ("conv", 3, 1, 0)]),  # a row and a column are left over
        ],
        [
            "Go through the layers one by one and keep three numbers up to date: channels, side, parameters.",
            "A kernel of k pixels fits into n + 2p pixels at n + 2p - k + 1 places. Pooling divides the side.",
            "A convolution has, for each output, one k × k kernel per input and a single bias. Pooling learns nothing.",
        ],
        {
            "the biases are missing: one for each output.": _no_biases,
            "each output has a kernel for every input: multiply by the number of input channels.": _inputs_forgotten,
            "there is one bias per output, not one for each pair of input and output.": _bias_per_kernel,
            "a kernel has k × k weights, not k.": _kernel_not_squared,
            "this counts a weight for every pixel of the image, as a linear layer has: a convolution uses the same "
            "kernel everywhere, so the side does not matter.": _like_linear,
            "what does not fill a whole block is left out: divide with //, and do not round up.": _pool_rounded_up,
            "a map has a whole number of pixels: divide with //.": _pool_exactly,
            "the padding is added on both sides.": _padding_once,
            "a kernel of k pixels fits into k pixels once, not zero times: the + 1 is missing.": _plus_one_forgotten,
            "this pooling moves on by one pixel; ours takes one value from each block, so the side is divided.": (
                _pool_like_conv
            ),
        },
    ),
    Exercise(
        shift_images,
        _images,
        [
            "What leaves on one side must not come in on the other: start from an image of zeros.",
            "A slice of the old image goes into a slice of the new one, of height H - |down| and width W - |right|.",
            "With down > 0, rows 0 … H - down - 1 of the old image become rows down … H - 1 of the new one.",
        ],
        {
            "torch.roll lets in on one side what it pushed out on the other: fill with zeros.": _rolled,
            "it moves in the opposite direction: down and right are positive.": _backwards,
            "rows and columns are swapped: `down` moves along the last but one dimension.": _swapped,
            "it moves down only: `right` is not used.": _down_only,
            "the pixels at the edge are repeated: what moves in is zero.": _edge_repeated,
            "the images come back as numbers in 0…1: keep their type and values.": _as_float,
        },
        observe=lambda images, down, right: images,  # the caller's images stay as they are
    ),
    Exercise(
        spatial_attention,
        _maps,
        [
            "Two numbers summarise the channels at each place: h.mean(1, keepdim=True) and h.amax(1, keepdim=True).",
            "torch.cat joins them along dimension 1; F.conv2d with padding=3 keeps the size.",
            "The sigmoid of it is the gate, (N, 1, H, W). Multiplying by h uses it for every channel.",
        ],
        {
            "this is the gate alone: multiply h by it.": _gate_only,
            "the gate is added: that is the control of section 5. Attention multiplies.": _added,
            "the order of the two summaries is swapped: mean first, then maximum.": _maximum_first,
            "the sigmoid is missing, so the weights are not between 0 and 1.": _no_sigmoid,
            "a softmax makes the places compete for a sum of 1: here each place has a sigmoid of its own.": _softmax,
            "the bias is missing.": _no_bias,
            "mean and maximum are taken over the places too: then all places look the same. Take them over the "
            "channels, dimension 1.": _over_space,
            "the sum over the channels is not their mean.": _sum_for_mean,
        },
    ),
    Exercise(
        attention_lift,
        _attention_and_boxes,
        [
            "First the share: attention inside the box, divided by all attention of the same image.",
            "Sum over dimensions 1 and 2 only, so that one number per image remains.",
            "The box's share of the area is the mean of its zeros and ones, again image by image.",
        ],
        {
            "this is the share of the attention: divide by the box's share of the area.": _share_only,
            "one number per image, please: this is the mean over the images.": _one_number,
            "the attention of all images is in the denominator: each image has its own sum.": _over_all_images,
            "this compares inside with outside: compare inside with the whole image.": _inside_by_outside,
            "this is the mean attention inside the box, which grows with the map's scale: divide by the mean over "
            "the image.": _mean_inside,
            "the boxes differ in size: use each image's own, not their average.": _mean_box,
        },
    ),
]
