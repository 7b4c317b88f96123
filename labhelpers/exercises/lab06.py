"""Lab 06: the KL of two Gaussians, active units, free bits, the importance-weighted bound, conditional inputs."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from labhelpers.exercises import Exercise


def gaussian_kl_between(mean_q, log_var_q, mean_p, log_var_p):
    """The log of the ratio of the deviations, and what q's mean and variance cost in units of p's variance."""
    cost = (log_var_q.exp() + (mean_q - mean_p).square()) / log_var_p.exp()
    return 0.5 * (log_var_p - log_var_q + cost - 1).sum(1)


def _arguments_exchanged(mean_q, log_var_q, mean_p, log_var_p):
    return gaussian_kl_between(mean_p, log_var_p, mean_q, log_var_q)


def _standard_prior(mean_q, log_var_q, mean_p, log_var_p):
    return gaussian_kl_between(mean_q, log_var_q, torch.zeros_like(mean_p), torch.zeros_like(log_var_p))


def _log_var_as_log_std(mean_q, log_var_q, mean_p, log_var_p):
    return gaussian_kl_between(mean_q, 2 * log_var_q, mean_p, 2 * log_var_p)


def _means_not_scaled(mean_q, log_var_q, mean_p, log_var_p):
    ratio = (log_var_q - log_var_p).exp()
    return 0.5 * (log_var_p - log_var_q + ratio + (mean_q - mean_p).square() - 1).sum(1)


def _without_the_half(mean_q, log_var_q, mean_p, log_var_p):
    return 2 * gaussian_kl_between(mean_q, log_var_q, mean_p, log_var_p)


def _mean_over_dimensions(mean_q, log_var_q, mean_p, log_var_p):
    return gaussian_kl_between(mean_q, log_var_q, mean_p, log_var_p) / mean_q.shape[1]


def _without_minus_one(mean_q, log_var_q, mean_p, log_var_p):
    return gaussian_kl_between(mean_q, log_var_q, mean_p, log_var_p) + 0.5 * mean_q.shape[1]


def active_units(means, threshold=0.01):
    """A unit is active when its mean moves from image to image."""
    return means.var(0) > threshold


def _spread_over_units(means, threshold=0.01):
    return means.var(1) > threshold


def _deviation(means, threshold=0.01):
    return means.std(0) > threshold


def _mean_square(means, threshold=0.01):
    return means.square().mean(0) > threshold


def _number(means, threshold=0.01):
    return active_units(means, threshold).sum()


def _silent(means, threshold=0.01):
    return means.var(0) <= threshold


def _mean_far_from_zero(means, threshold=0.01):
    return means.mean(0).abs() > threshold


def free_bits_penalty(kl, floor):
    """First the mean over images, then the floor, then the sum over units."""
    return kl.mean(0).clamp(min=floor).sum()


def _floor_for_each_image(kl, floor):
    return kl.clamp(min=floor).mean(0).sum()


def _floor_under_the_sum(kl, floor):
    return kl.mean(0).sum().clamp(min=floor)


def _ceiling(kl, floor):
    return kl.mean(0).clamp(max=floor).sum()


def _excess_only(kl, floor):
    return (kl.mean(0) - floor).clamp(min=0).sum()


def _mean_of_units(kl, floor):
    return kl.mean(0).clamp(min=floor).mean()


def _no_floor(kl, floor):
    return kl.mean(0).sum()


def importance_bound(log_weights):
    """logsumexp takes out the largest logarithm first, so that nothing under- or overflows."""
    return log_weights.logsumexp(0) - math.log(len(log_weights))


def _mean_of_logs(log_weights):
    return log_weights.mean(0)


def _underflow(log_weights):
    return log_weights.exp().mean(0).log()


def _sum_of_weights(log_weights):
    return log_weights.logsumexp(0)


def _over_images(log_weights):
    return log_weights.logsumexp(1) - math.log(log_weights.shape[1])


def _largest(log_weights):
    return log_weights.amax(0)


def _one_maximum(log_weights):
    return (log_weights - log_weights.max()).exp().mean(0).log() + log_weights.max()


def _one_number(log_weights):
    return importance_bound(log_weights).mean()


def _weights_not_logs(log_weights):
    return importance_bound(log_weights).exp()


def conditional_inputs(x, z, y, num_classes):
    """The label as K values, of which one is 1, behind the pixels and behind the code."""
    label = F.one_hot(y, num_classes).float()
    return torch.cat([x.flatten(1), label], dim=1), torch.cat([z, label], dim=1)


def _label_as_a_number(x, z, y, num_classes):
    label = y[:, None].float()
    return torch.cat([x.flatten(1), label], dim=1), torch.cat([z, label], dim=1)


def _decoder_is_not_told(x, z, y, num_classes):
    return conditional_inputs(x, z, y, num_classes)[0], z


def _encoder_is_not_told(x, z, y, num_classes):
    return x.flatten(1), conditional_inputs(x, z, y, num_classes)[1]


def _label_in_front(x, z, y, num_classes):
    label = F.one_hot(y, num_classes).float()
    return torch.cat([label, x.flatten(1)], dim=1), torch.cat([label, z], dim=1)


def _pixels_to_the_decoder(x, z, y, num_classes):
    inputs = conditional_inputs(x, z, y, num_classes)[0]
    return inputs, inputs


def _as_many_as_occur(x, z, y, num_classes):
    return conditional_inputs(x, z, y, int(y.max()) + 1)


def _decoder_first(x, z, y, num_classes):
    return conditional_inputs(x, z, y, num_classes)[::-1]


def _pairs():
    generator = torch.Generator().manual_seed(61)
    return [tuple(torch.randn(*shape, generator=generator) for _ in range(4)) for shape in ((1, 1), (3, 2), (5, 8))]


def _latent_means():
    generator = torch.Generator().manual_seed(62)
    scale = torch.tensor([1.0, 0.2, 0.05, 0.001, 0.0, 0.5])
    shift = torch.tensor([0.0, 0.0, 0.0, 1.0, 0.0, -1.0])  # the fourth is far from zero, but never moves
    return [
        (torch.randn(50, 6, generator=generator) * scale + shift,),
        (torch.randn(40, 6, generator=generator) * scale.flip(0) + shift,),
        (torch.randn(30, 3, generator=generator) * torch.tensor([0.05, 1.0, 0.3]), 0.001),
    ]


def _kl_values():
    generator = torch.Generator().manual_seed(63)
    per_unit = torch.tensor([2.0, 0.3, 0.02, 0.0])
    return [(per_unit * 2 * torch.rand(20, 4, generator=generator), floor) for floor in (0.25, 0.1, 5.0)]


def _log_weights():
    generator = torch.Generator().manual_seed(64)
    levels = ((5, 3, 0), (20, 4, -8), (8, 3, -1e3), (6, 3, torch.tensor([0.0, -1e3, -2e3])))  # the last: by image
    return [(2 * torch.randn(k, n, generator=generator) + level,) for k, n, level in levels]


def _images_and_labels():
    generator = torch.Generator().manual_seed(65)
    found = []
    for n, size, latent, classes in ((2, 2, 3, 4), (5, 4, 2, 10)):
        x, z = torch.rand(n, 1, size, size, generator=generator), torch.randn(n, latent, generator=generator)
        y = torch.randint(1, classes - 1, (n,), generator=generator)  # no image of the last class
        found.append((x, z, y, classes))
    return found


EXERCISES = [
    Exercise(
        gaussian_kl_between,
        _pairs,
        [
            "Write log q(z) - log p(z) with z = mean_q + std_q * eps, and average: E[eps] = 0, E[eps²] = 1.",
            "E_q[(z - mean_p)²] = var_q + (mean_q - mean_p)². Divide it by var_p.",
            "With mean_p = 0 and log_var_p = 0 it must become gaussian_kl of section 2, summed over dimensions.",
        ],
        {
            "this is KL(p || q): the average is taken over draws from q, so q is the one whose variance is divided.": (
                _arguments_exchanged
            ),
            "p is taken for the standard normal distribution here: its mean and variance are not used.": (
                _standard_prior
            ),
            "log_var is the logarithm of the variance, not of the standard deviation: exp(log_var) is the variance "
            "already.": _log_var_as_log_std,
            "the squared distance of the means is not divided by p's variance: the same distance costs less under a "
            "wider p.": _means_not_scaled,
            "twice too large: the factor 1/2 is missing.": _without_the_half,
            "sum over the dimensions: the mean over them is a KL divided by D.": _mean_over_dimensions,
            "the -1 of each dimension is missing: the KL of two equal distributions must be 0.": _without_minus_one,
        },
    ),
    Exercise(
        active_units,
        _latent_means,
        [
            "A collapsed unit gives every image the same mean. Which axis runs over images?",
            "The variance over images, means.var(0), against the threshold: a boolean for each unit.",
        ],
        {
            "this is the variance over units, one number for each image: take it over images, axis 0.": (
                _spread_over_units
            ),
            "this compares the standard deviation with a threshold that is meant for the variance.": _deviation,
            "the mean square is not the variance: a unit that gives the same mean to all images says nothing, however "
            "far that mean lies from 0.": _mean_square,
            "return which units are active, one boolean each, not how many.": _number,
            "upside down: these are the units that are not active.": _silent,
            "the average of the means tells where a unit sits, not whether it moves: take the variance over images.": (
                _mean_far_from_zero
            ),
        },
    ),
    Exercise(
        free_bits_penalty,
        _kl_values,
        [
            "A unit has its floor on average over the images: single images may spend nothing.",
            "kl.mean(0) is (D,). tensor.clamp(min=…) puts a floor under every entry.",
            "Then sum: each unit has a floor of its own.",
        ],
        {
            "the floor stands under every single image: then an image whose code could be silent saves nothing, and a "
            "unit cannot say much about few images and little about the rest. Take the mean over images first.": (
                _floor_for_each_image
            ),
            "the floor stands under the sum: one busy unit then pays for all, and the others may collapse. Give each "
            "unit its own floor.": _floor_under_the_sum,
            "clamp(max=floor) is a ceiling: it takes the price away from the units that say much.": _ceiling,
            "this subtracts the floor. The gradient is the right one, but the value is too low by what is free; here "
            "the floor counts as paid.": _excess_only,
            "sum over the units: a KL adds up.": _mean_of_units,
            "there is no floor: this is the plain KL.": _no_floor,
        },
    ),
    Exercise(
        importance_bound,
        _log_weights,
        [
            "Average the weights, not their logarithms; then take the logarithm.",
            "The exponential of -1000 is 0. Take the largest logarithm out of the sum first, and add it at the end.",
            "torch.logsumexp does that. From the sum to the mean it is a division by k, in logarithms a subtraction.",
        ],
        {
            "the mean of the logarithms is the ELBO with k draws: no tighter than with one. Average the weights "
            "first, then take the logarithm.": _mean_of_logs,
            "right on paper, but exp underflows: around -1000 every weight is 0, and its logarithm minus infinity. Use "
            "logsumexp.": _underflow,
            "this is the logarithm of the sum: subtract log(k) for the mean. Without it the bound grows with k "
            "forever.": _sum_of_weights,
            "the mean runs over images: average over the k draws of each image, axis 0.": _over_images,
            "the largest weight alone: an average has all of them.": _largest,
            "return one bound for each image, not their mean.": _one_number,
            "one maximum for all images: where another image's weights are far larger, an image's own underflow. Take "
            "each image's largest, or logsumexp(0).": _one_maximum,
            "return the logarithm: p(x) itself is too small to be handled.": _weights_not_logs,
        },
    ),
    Exercise(
        conditional_inputs,
        _images_and_labels,
        [
            "torch.nn.functional.one_hot(y, num_classes) gives whole numbers: networks want float.",
            "x.flatten(1) makes rows of pixels. torch.cat([a, b], dim=1) puts columns side by side.",
            "Return two tensors: pixels and label for the encoder, code and label for the decoder.",
        ],
        {
            "the label enters as a number, as if a 9 were nine times a 1. Give each class a value of its own: "
            "one-hot.": _label_as_a_number,
            "the decoder is not told the label: then you cannot ask it for a digit.": _decoder_is_not_told,
            "the encoder is not told the label. That can be trained, but the code has to be found without knowing the "
            "digit; here both networks are told.": _encoder_is_not_told,
            "append the label behind the pixels and behind the code, not in front of them.": _label_in_front,
            "the decoder gets the pixels: then it needs no code, and there is nothing to sample. Give it z.": (
                _pixels_to_the_decoder
            ),
            "the order is: the encoder's input, then the decoder's.": _decoder_first,
            "one_hot(y) makes only as many columns as the largest label of this batch needs: give it num_classes.": (
                _as_many_as_occur
            ),
        },
    ),
]
