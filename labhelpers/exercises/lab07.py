"""Lab 07: sizes of transposed convolutions, both losses of the game, class coverage, Fréchet distance on a line."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from labhelpers.exercises import Exercise


def transposed_size(size, kernel, stride, padding):
    """Kernels start stride apart, the last one reaches kernel further, and padding is cut off at both ends."""
    return (size - 1) * stride + kernel - 2 * padding


def _convolution(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) // stride + 1


def _multiplied(size, kernel, stride, padding):
    return size * stride


def _one_start_too_many(size, kernel, stride, padding):
    return size * stride + kernel - 2 * padding


def _padding_added(size, kernel, stride, padding):
    return (size - 1) * stride + kernel + 2 * padding


def _padding_once(size, kernel, stride, padding):
    return (size - 1) * stride + kernel - padding


def generator_loss(logits):
    """-log D(G(z)) = softplus(-logit), averaged over the batch."""
    return F.softplus(-logits).mean()


def _saturating(logits):
    return -F.softplus(logits).mean()


def _wrong_sign(logits):
    return -F.softplus(-logits).mean()


def _labels_swapped(logits):
    return F.softplus(logits).mean()


def _sigmoid_twice(logits):
    return F.softplus(-logits.sigmoid()).mean()


def _log_of_the_sigmoid(logits):
    return -logits.sigmoid().log().mean()


def _probabilities(logits):
    return F.binary_cross_entropy(logits.sigmoid(), torch.ones_like(logits))


def _no_gradient(logits):
    return generator_loss(logits).detach()


def _summed(logits):
    return F.softplus(-logits).sum()


def smoothed_loss(real_logits, fake_logits, smoothing):
    """Cross-entropy with the target 1 - smoothing for real images and 0 for fakes: the sum of the two means."""
    real = F.binary_cross_entropy_with_logits(real_logits, torch.full_like(real_logits, 1 - smoothing))
    return real + F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))


def _smoothed_loss(real_logits, fake_logits, real_target, fake_target):
    real = F.binary_cross_entropy_with_logits(real_logits, torch.full_like(real_logits, real_target))
    return real + F.binary_cross_entropy_with_logits(fake_logits, torch.full_like(fake_logits, fake_target))


def _both_sides(real_logits, fake_logits, smoothing):
    return _smoothed_loss(real_logits, fake_logits, 1 - smoothing, smoothing)


def _the_other_side(real_logits, fake_logits, smoothing):
    return _smoothed_loss(real_logits, fake_logits, 1, smoothing)


def _smoothing_is_the_target(real_logits, fake_logits, smoothing):
    return _smoothed_loss(real_logits, fake_logits, smoothing, 0)


def _not_smoothed(real_logits, fake_logits, smoothing):
    return _smoothed_loss(real_logits, fake_logits, 1, 0)


def _targets_swapped(real_logits, fake_logits, smoothing):
    return _smoothed_loss(real_logits, fake_logits, 0, 1 - smoothing)


def _loss_scaled(real_logits, fake_logits, smoothing):
    return (1 - smoothing) * F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def _halved(real_logits, fake_logits, smoothing):
    return smoothed_loss(real_logits, fake_logits, smoothing) / 2


def coverage(labels, num_classes):
    """How many classes occur, and the entropy of their shares; a class without samples adds nothing."""
    share = torch.bincount(labels, minlength=num_classes).double() / len(labels)
    found = share[share > 0]
    return len(found), -(found * found.log()).sum().item()


def _nan_from_empty_classes(labels, num_classes):
    share = torch.bincount(labels, minlength=num_classes).double() / len(labels)
    return int((share > 0).sum()), -(share * share.log()).sum().item()


def _bits(labels, num_classes):
    classes, entropy = coverage(labels, num_classes)
    return classes, entropy / torch.tensor(2.0).double().log().item()


def _sign(labels, num_classes):
    classes, entropy = coverage(labels, num_classes)
    return classes, -entropy


def _mean_over_classes(labels, num_classes):
    classes, entropy = coverage(labels, num_classes)
    return classes, entropy / num_classes


def _counts(labels, num_classes):
    count = torch.bincount(labels, minlength=num_classes).double()
    count = count[count > 0]
    return len(count), -(count * count.log()).sum().item()


def _largest_label(labels, num_classes):
    return int(labels.max()) + 1, coverage(labels, num_classes)[1]


def _all_classes(labels, num_classes):
    return num_classes, coverage(labels, num_classes)[1]


def frechet_1d(a, b):
    """The squared difference of the means plus that of the standard deviations."""
    return ((a.mean() - b.mean()) ** 2 + (a.std() - b.std()) ** 2).item()


def _means_only(a, b):
    return ((a.mean() - b.mean()) ** 2).item()


def _variances(a, b):
    return ((a.mean() - b.mean()) ** 2 + (a.var() - b.var()) ** 2).item()


def _divided_by_n(a, b):
    return ((a.mean() - b.mean()) ** 2 + (a.std(correction=0) - b.std(correction=0)) ** 2).item()


def _root_taken(a, b):
    return frechet_1d(a, b) ** 0.5


def _absolute(a, b):
    return ((a.mean() - b.mean()).abs() + (a.std() - b.std()).abs()).item()


def _no_cross_term(a, b):
    return ((a.mean() - b.mean()) ** 2 + a.var() + b.var()).item()


def _variance_difference(a, b):
    return ((a.mean() - b.mean()) ** 2 + (a.var() - b.var()).abs()).item()


def _logit_inputs():
    generator = torch.Generator().manual_seed(71)
    logits = [torch.tensor([0.0, 2.0]), 3 * torch.randn(8, generator=generator), torch.tensor([-200.0, 1.0])]
    return [(values.requires_grad_(),) for values in logits]  # the loss has to hand a gradient back


def _pair_inputs():
    generator = torch.Generator().manual_seed(72)
    pairs = [(2 * torch.randn(n, generator=generator), 2 * torch.randn(n, generator=generator)) for n in (3, 6)]
    return [(*pair, smoothing) for pair in pairs for smoothing in (0.1, 0.25)]


def _label_inputs():
    lists = [([0, 1, 2, 3, 4, 5], 10), ([7, 7, 7, 2], 10), ([0, 1, 1, 1, 3, 3], 5), ([1, 1], 4)]
    return [(torch.tensor(labels), classes) for labels, classes in lists]


def _line_inputs():
    generator = torch.Generator().manual_seed(73)
    draws = [torch.randn(n, generator=generator, dtype=torch.float64) for n in (9, 5, 30, 20)]
    return [(draws[0], 3 + 2 * draws[1]), (draws[2], 0.2 * draws[3] - 1), (draws[1], draws[1] + 0.5)]


EXERCISES = [
    Exercise(
        transposed_size,
        lambda: [(1, 4, 1, 0), (4, 4, 2, 1), (7, 5, 2, 2), (5, 3, 3, 0), (8, 2, 2, 0)],
        [
            "Draw it: each input pixel stamps one kernel onto the output. Where does the first stamp begin, and where "
            "the last one?",
            "The last of `size` stamps begins (size - 1) · stride after the first and is `kernel` wide.",
            "Padding is cut off, at both ends.",
        ],
        {
            "this is the size after an ordinary convolution: the transposed one goes the other way.": _convolution,
            "size · stride holds only when kernel - stride = 2 · padding, as in most DCGAN layers, but not in the "
            "first one.": _multiplied,
            "between the first and the last of `size` stamps lie size - 1 steps.": _one_start_too_many,
            "in a transposed convolution padding makes the output smaller: it is cut off.": _padding_added,
            "padding is cut off at both ends.": _padding_once,
        },
    ),
    Exercise(
        generator_loss,
        _logit_inputs,
        [
            "The generator wants D to say 1 about its samples: the loss is -log D(G(z)).",
            "D(x) is the sigmoid of a logit. What is -log σ(a) as one function of a?",
            "F.softplus(-logits), or F.binary_cross_entropy_with_logits with ones as targets; then the mean.",
        ],
        {
            "this is the saturating loss log(1 - D(G(z))): its gradient vanishes just where the generator is worst.": (
                _saturating
            ),
            "the sign is wrong: minimising log D(G(z)) makes samples look more like fakes.": _wrong_sign,
            "the labels are swapped: this is the discriminator's loss for fakes, and it teaches the generator to be "
            "caught.": _labels_swapped,
            "the sigmoid is applied twice: these functions take logits and apply it themselves.": _sigmoid_twice,
            "σ(-200) is 0 in float32 and its logarithm infinite: use a function that takes logits.": (
                _log_of_the_sigmoid
            ),
            "σ(-200) is 0 in float32, and binary_cross_entropy cuts its loss off at 100: use "
            "binary_cross_entropy_with_logits.": _probabilities,
            "the value is right, but it is cut off from the logits (item, detach or no_grad), so no gradient reaches "
            "the generator: return the tensor as it is.": _no_gradient,
            "average over the batch instead of summing, so that the learning rate does not depend on its size.": (
                _summed
            ),
        },
    ),
    Exercise(
        smoothed_loss,
        _pair_inputs,
        [
            "Without smoothing: cross-entropy with target 1 for real images plus cross-entropy with target 0 for "
            "fakes.",
            "One-sided: only the target of the real images changes, to 1 - smoothing.",
            "F.binary_cross_entropy_with_logits(real_logits, torch.full_like(real_logits, 1 - smoothing)) is one half.",
        ],
        {
            "the fakes are smoothed too: a target above 0 there rewards the discriminator for believing bad samples. "
            "One-sided means real images only.": _both_sides,
            "the wrong side is smoothed: it is the target of the real images that moves.": _the_other_side,
            "the target of the real images is 1 - smoothing, not smoothing.": _smoothing_is_the_target,
            "`smoothing` is not used.": _not_smoothed,
            "the targets are swapped: real images have the high one.": _targets_swapped,
            "the loss is scaled, the target is not moved: the cross-entropy with target t has a second part, "
            "(1 - t) · softplus(logit), that punishes too much confidence.": _loss_scaled,
            "the two means are added, not averaged.": _halved,
        },
    ),
    Exercise(
        coverage,
        _label_inputs,
        [
            "torch.bincount(labels, minlength=num_classes) counts; divide by the number of samples.",
            "The entropy is -Σ share · log(share), with the natural logarithm.",
            "What is 0 · log 0 for a class without samples? In the limit 0, in float arithmetic NaN: leave it out.",
        ],
        {
            "0 · log 0 is NaN in float arithmetic: leave out classes without samples, or use torch.xlogy.": (
                _nan_from_empty_classes
            ),
            "these are bits: use the natural logarithm.": _bits,
            "the entropy has a minus in front: it is never negative.": _sign,
            "sum over the classes: do not average.": _mean_over_classes,
            "divide the counts by the number of samples first: entropy is about shares.": _counts,
            "the largest label says nothing about the classes below it: count those that occur.": _largest_label,
            "num_classes is how many there could be: count those that occur.": _all_classes,
        },
    ),
    Exercise(
        frechet_1d,
        _line_inputs,
        [
            "Fit a Gaussian to each set: two numbers each.",
            "In one dimension σ² + s² - 2 √(σ² s²) is a square. Of what?",
            "(a.mean() - b.mean())² + (a.std() - b.std())²",
        ],
        {
            "the means alone do not see a collapse: a set of equal samples can have the right mean.": _means_only,
            "it is the standard deviations that are subtracted and squared, not the variances.": _variances,
            "no root at the end: like FID, this is the squared distance.": _root_taken,
            "the differences are squared.": _absolute,
            "the variances are those that divide by n, as NumPy does: fit the Gaussians with n - 1, as torch.std and "
            "lab.frechet_distance do.": _divided_by_n,
            "the cross term -2 σ s is missing: equal sets must have the distance 0.": _no_cross_term,
            "σ² + s² - 2 σ s is (σ - s)², not |σ² - s²|.": _variance_difference,
        },
    ),
]
