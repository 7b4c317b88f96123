"""Lab 10: receptive field, the way back through max pooling, running statistics, folding batch norm away."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises import Exercise


def receptive_field(layers):
    """Each layer adds kernel_size - 1 steps, as long as the product of the strides before it."""
    side, step = 1, 1
    for kernel_size, stride in layers:
        side += (kernel_size - 1) * step
        step *= stride
    return side


def _strides_forgotten(layers):
    return 1 + sum(kernel_size - 1 for kernel_size, _ in layers)


def _own_stride_first(layers):
    side, step = 1, 1
    for kernel_size, stride in layers:
        step *= stride
        side += (kernel_size - 1) * step
    return side


def _last_stride_only(layers):
    side, step = 1, 1
    for kernel_size, stride in layers:
        side += (kernel_size - 1) * step
        step = stride
    return side


def _strides_added(layers):
    side, step = 1, 0
    for kernel_size, stride in layers:
        side += (kernel_size - 1) * max(step, 1)
        step += stride
    return side


def _whole_kernels(layers):
    side, step = 0, 1
    for kernel_size, stride in layers:
        side += kernel_size * step
        step *= stride
    return side


def _area(layers):
    return receptive_field(layers) ** 2


def _from_the_end(layers):
    return receptive_field(layers[::-1])


def max_pool_backward(x, gradient):
    """Each window's gradient goes whole to its first largest value; all others get zero."""
    result = torch.zeros_like(x)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            row, column = divmod(int(window.argmax()), 2)
            result[2 * i + row, 2 * j + column] = gradient[i, j]
    return result


def _spread(gradient):
    return gradient.repeat_interleave(2, 0).repeat_interleave(2, 1)


def _largest(x):
    return x == _spread(F.max_pool2d(x[None, None], 2)[0, 0])


def _to_all_ties(x, gradient):
    return _spread(gradient) * _largest(x)


def _shared_by_ties(x, gradient):
    winners = _largest(x).to(x)
    return _spread(gradient / (4 * F.avg_pool2d(winners[None, None], 2)[0, 0])) * winners


def _average_pooling(x, gradient):
    return _spread(gradient) / 4


def _everywhere(x, gradient):
    return _spread(gradient)


def _times_value(x, gradient):
    return max_pool_backward(x, gradient) * x


def _mask_only(x, gradient):
    return max_pool_backward(x, torch.ones_like(gradient))


def _last_of_ties(x, gradient):
    return max_pool_backward(x.flip(0, 1), gradient.flip(0, 1)).flip(0, 1)


def running_statistics(batches, momentum):
    """Go the share `momentum` of the way to each batch's mean and unbiased variance."""
    mean, var = torch.zeros(batches[0].shape[1]), torch.ones(batches[0].shape[1])
    for x in batches:
        mean = (1 - momentum) * mean + momentum * x.mean((0, 2, 3))
        var = (1 - momentum) * var + momentum * x.var((0, 2, 3))
    return mean, var


def _follow(batches, momentum, variance, mean_0=0.0, var_0=1.0):
    channels = batches[0].shape[1]
    mean, var = torch.full((channels,), mean_0), torch.full((channels,), var_0)
    for x in batches:
        mean = (1 - momentum) * mean + momentum * x.mean((0, 2, 3))
        var = (1 - momentum) * var + momentum * variance(x)
    return mean, var


def _biased(batches, momentum):
    return _follow(batches, momentum, lambda x: x.var((0, 2, 3), correction=0))


def _deviation(batches, momentum):
    return _follow(batches, momentum, lambda x: x.std((0, 2, 3)))


def _momentum_swapped(batches, momentum):
    return running_statistics(batches, 1 - momentum)


def _variance_starts_at_zero(batches, momentum):
    return _follow(batches, momentum, lambda x: x.var((0, 2, 3)), var_0=0.0)


def _last_batch_only(batches, momentum):
    return running_statistics(batches[-1:], momentum)


def _no_memory(batches, momentum):
    return batches[-1].mean((0, 2, 3)), batches[-1].var((0, 2, 3))


def _over_the_batch_only(batches, momentum):
    mean, var = torch.zeros(batches[0].shape[1:]), torch.ones(batches[0].shape[1:])
    for x in batches:
        mean = (1 - momentum) * mean + momentum * x.mean(0)
        var = (1 - momentum) * var + momentum * x.var(0)
    return mean, var


def fold_batch_norm(weight, gamma, beta, mean, var, eps):
    """γ (w·x - mean) / √(var + eps) + β is a convolution with scaled weights and a bias."""
    scale = gamma / (var + eps).sqrt()
    return weight * scale[:, None, None, None], beta - mean * scale


def _mean_forgotten(weight, gamma, beta, mean, var, eps):
    return fold_batch_norm(weight, gamma, beta, 0 * mean, var, eps)


def _mean_not_scaled(weight, gamma, beta, mean, var, eps):
    return fold_batch_norm(weight, gamma, beta, mean, var, eps)[0], beta - mean


def _no_root(weight, gamma, beta, mean, var, eps):
    return fold_batch_norm(weight, gamma, beta, mean, (var + eps) ** 2 - eps, eps)


def _beta_scaled(weight, gamma, beta, mean, var, eps):
    scale = gamma / (var + eps).sqrt()
    return weight * scale[:, None, None, None], (beta - mean) * scale


def _gamma_forgotten(weight, gamma, beta, mean, var, eps):
    return fold_batch_norm(weight, torch.ones_like(gamma), beta, mean, var, eps)


def _eps_outside(weight, gamma, beta, mean, var, eps):
    scale = gamma / (var.sqrt() + eps)
    return weight * scale[:, None, None, None], beta - mean * scale


def _scaled_by_inputs(weight, gamma, beta, mean, var, eps):
    scale = gamma / (var + eps).sqrt()
    return weight * scale[None, :, None, None], beta - mean * scale


def _maps():
    generator = torch.Generator().manual_seed(101)
    ties = torch.tensor([[3.0, 1.0, 0.0, 0.0], [3.0, 2.0, 0.0, 0.0]])
    dense = torch.randn(4, 6, generator=generator)
    return [
        (dense, torch.randn(2, 3, generator=generator)),
        (ties, torch.tensor([[2.0, -1.0]])),
        (ties.flip(1), torch.tensor([[0.5, 4.0]])),
    ]


def _batches():
    generator = torch.Generator().manual_seed(102)
    batches = [i + (1 + i) * torch.randn(2, 3, 2, 2, generator=generator) for i in range(4)]
    return [(batches[:1], 0.1), (batches, 0.1), (batches[1:3], 0.3)]


def _convolutions():
    generator = torch.Generator().manual_seed(103)

    def draw(channels, eps):
        weight = torch.randn(channels, channels, 3, 3, generator=generator)
        gamma, beta, mean = (torch.randn(channels, generator=generator) for _ in range(3))
        return weight, gamma, beta, mean, torch.rand(channels, generator=generator) + 0.2, eps

    return [draw(2, 1e-5), draw(3, 0.1)]


EXERCISES = [
    Exercise(
        receptive_field,
        lambda: [([(3, 1)],), ([(3, 1), (3, 1)],), ([(5, 2), (3, 2), (3, 1)],), ([(7, 2), (3, 2), (3, 3), (3, 1)],)],
        [
            "Walk through the layers and keep two numbers: the side so far, and how many input pixels lie between two "
            "neighbouring values of the present map.",
            "A window of k points spans k - 1 steps between neighbours. How long is such a step, in input pixels?",
            "The step before a layer is the product of the strides of all layers before it; its own stride counts "
            "from the next layer on.",
        ],
        {
            "the strides are forgotten: after a stride of 2, neighbouring values lie two input pixels apart.": (
                _strides_forgotten
            ),
            "a layer's own stride does not widen its own window: only the layers after it step further.": (
                _own_stride_first
            ),
            "strides multiply: two layers of stride 2 make steps of four pixels.": _last_stride_only,
            "the strides are added up: they multiply.": _strides_added,
            "k points span only k - 1 steps: begin with the one pixel itself and add (k - 1) steps per layer.": (
                _whole_kernels
            ),
            "this is the area: the side is asked for.": _area,
            "the order is reversed: the list begins at the input.": _from_the_end,
        },
    ),
    Exercise(
        max_pool_backward,
        _maps,
        [
            "If the largest value of a window grows a little, so does the output. What if another one grows?",
            "So a window's gradient goes whole to the place of its largest value, and all other places get zero.",
            "argmax counts through the flattened window and returns the first of equals; "
            "divmod(position, 2) gives its row and column.",
        ],
        {
            "where several values are equally large, each of them gets the whole gradient: only the first may.": (
                _to_all_ties
            ),
            "equally large values share the gradient here: the first in reading order gets all of it.": (
                _shared_by_ties
            ),
            "this is the way back through average pooling: a maximum sends all to one place.": _average_pooling,
            "every place of the window gets the gradient: only the place of the largest value may.": _everywhere,
            "the gradient is multiplied by the value: the derivative of the maximum by its largest argument is 1.": (
                _times_value
            ),
            "this marks the places of the maxima: the gradients have to go there.": _mask_only,
            "of equal values the last gets the gradient: it should be the first in reading order.": _last_of_ties,
        },
    ),
    Exercise(
        running_statistics,
        _batches,
        [
            "Statistics are per channel: over dimensions 0, 2 and 3.",
            "In each step: new = (1 - momentum) · old + momentum · batch's.",
            "For the running variance PyTorch takes the variance that divides by n - 1, which x.var does by default.",
        ],
        {
            "the variance is the one that divides by n: the batch is normalised with that one, but the running "
            "variance collects the unbiased one.": _biased,
            "this follows the standard deviation: the variance is asked for.": _deviation,
            "old and new are swapped: in PyTorch, momentum is the weight of the *new* batch.": _momentum_swapped,
            "the running variance starts from 1, not from 0.": _variance_starts_at_zero,
            "only the last batch has been seen: keep the statistics from batch to batch.": _last_batch_only,
            "these are the last batch's own statistics: the layer remembers all batches before, too.": _no_memory,
            "one number per channel, please: average over the places as well.": _over_the_batch_only,
        },
    ),
    Exercise(
        fold_batch_norm,
        _convolutions,
        [
            "Write batch norm as scale · y + shift. What are the two, for each output channel?",
            "With scale = gamma / sqrt(var + eps) the shift is beta - mean · scale.",
            "Scaling the output of a convolution is scaling its kernels: one factor for each output channel, "
            "the first dimension of the weight.",
        ],
        {
            "the running mean is not subtracted.": _mean_forgotten,
            "the mean must be scaled too: it is subtracted before the division.": _mean_not_scaled,
            "the root is missing: batch norm divides by the standard deviation.": _no_root,
            "beta is scaled here: it is added after the scaling.": _beta_scaled,
            "gamma is missing.": _gamma_forgotten,
            "eps belongs under the root, beside the variance.": _eps_outside,
            "the factors are applied to the input channels: the first dimension of the weight is the output's.": (
                _scaled_by_inputs
            ),
        },
        observe=lambda weight, *rest: weight,  # the network's own weights stay as they are
    ),
]
