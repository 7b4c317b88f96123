"""Lab 12: silent units, images that stand on both sides of a split, softmax twice, an honest accuracy."""

from __future__ import annotations

import math

import torch
from torch import nn

from labhelpers.exercises import Exercise


def silent_share(h):
    """A unit is silent if no image of the batch makes it differ from 0."""
    return (h == 0).all(dim=0).float().mean().item()


def _zeros_counted(h):
    return (h == 0).float().mean().item()


def _silent_once(h):
    return (h == 0).any(dim=0).float().mean().item()


def _over_units(h):
    return (h == 0).all(dim=1).float().mean().item()


def _alive(h):
    return 1 - silent_share(h)


def _silent_count(h):
    return float((h == 0).all(dim=0).sum().item())


def _constant(h):
    return (h == h[:1]).all(dim=0).float().mean().item()


def copied_share(train, val):
    """Look each validation image up among the training images, as bytes."""
    kept = {image.numpy().tobytes() for image in train}
    return sum(image.numpy().tobytes() in kept for image in val) / len(val)


def _share_of_training(train, val):
    kept = {image.numpy().tobytes() for image in val}
    return sum(image.numpy().tobytes() in kept for image in train) / len(train)


def _copies_counted(train, val):
    return float(round(copied_share(train, val) * len(val)))


def _pairs_counted(train, val):
    return (train[:, None] == val[None]).flatten(2).all(dim=2).sum().item() / len(val)


def _never_found(train, val):
    kept = set(train)
    return sum(image in kept for image in val) / len(val)


def _in_order(train, val):
    n = min(len(train), len(val))
    return (train[:n] == val[:n]).flatten(1).all(dim=1).sum().item() / len(val)


def _any_pixel(train, val):
    return (train[:, None] == val[None]).flatten(2).any(dim=2).any(dim=0).float().mean().item()


def _by_mean(train, val):
    means = {round(image.float().mean().item(), 4) for image in train}
    return sum(round(image.float().mean().item(), 4) in means for image in val) / len(val)


def _different_copies(train, val):
    kept, images = ({image.numpy().tobytes() for image in split} for split in (train, val))
    return len(images & kept) / len(val)


def softmax_floor(num_classes):
    """The best that softmax can hand over is 1 for the right class and 0 for the others."""
    return -math.log(math.e / (math.e + num_classes - 1))


def _no_floor(num_classes):
    return 0.0


def _blind(num_classes):
    return math.log(num_classes)


def _one_class_too_many(num_classes):
    return -math.log(math.e / (math.e + num_classes))


def _probability(num_classes):
    return math.e / (math.e + num_classes - 1)


def _in_bits(num_classes):
    return softmax_floor(num_classes) / math.log(2)


def honest_accuracy(model, x, y):
    """Remember every module's mode, evaluate, and put the modes back."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        answers = model(x).argmax(dim=1)
    for module, training in modes:
        module.training = training
    return (answers == y).float().mean().item()


@torch.no_grad()
def _no_eval(model, x, y):
    return (model(x).argmax(dim=1) == y).float().mean().item()


@torch.no_grad()
def _left_in_eval(model, x, y):
    model.eval()
    return (model(x).argmax(dim=1) == y).float().mean().item()


@torch.no_grad()
def _always_train(model, x, y):
    accuracy = _left_in_eval(model, x, y)
    model.train()
    return accuracy


@torch.no_grad()
def _only_the_top(model, x, y):
    before = model.training
    accuracy = _left_in_eval(model, x, y)
    model.train(before)
    return accuracy


@torch.no_grad()
def _only_the_children(model, x, y):
    before = [(module, module.training) for module in (model, *model.children())]
    accuracy = _left_in_eval(model, x, y)
    for module, training in before:
        module.training = training
    return accuracy


def _count_right(model, x, y):
    return honest_accuracy(model, x, y) * len(y)


def _modes_and_statistics(model, x, y):
    """What must not change: each module's mode, and the numbers that batch norm keeps."""
    return [module.training for module in model.modules()], [buffer.clone() for buffer in model.buffers()]


def _activations():
    generator = torch.Generator().manual_seed(121)
    inputs = []
    for n, d, shift in ((6, 8, 0.6), (3, 5, 0.9), (12, 10, 0.4)):
        h = (torch.randn(n, d, generator=generator) - shift).relu()
        h[:, 0], h[0, 1:] = 0.0, h[0, 1:] + 0.1  # one silent unit; the first image wakes all others …
        h[:, 1], h[-1] = 0.7, 0.0  # … one unit says the same to nearly all, and the last image wakes none
        h[:, 2] *= torch.arange(n) % 2  # zero for some images only
        inputs.append((h,))
    h = inputs[0][0].clone()
    h[:, 3] = 0.5  # a constant that is not zero
    return [*inputs, (h,)]


def _splits():
    generator = torch.Generator().manual_seed(122)
    inputs = []
    for n, m, places in ((9, 5, [2, 7]), (4, 8, [3, 0, 1]), (6, 3, [])):
        train, val = (torch.randint(256, (k, 1, 4, 4), generator=generator, dtype=torch.uint8) for k in (n, m))
        if places:
            val[-len(places) :] = train[places]
        inputs.append((train, val))
    train, val = inputs[0]
    twice, turned = val.clone(), val.clone()
    twice[0] = twice[-1]  # a copy that stands in the validation set twice
    turned[0] = train[0].flip(-1)  # the same mean, another image
    doubled, aligned, nearly = torch.cat([train, train[2:3]]), val.clone(), val.clone()
    aligned[1] = train[1]  # a copy at the same place
    nearly[0] = train[0] ^ (torch.arange(16) == 15).reshape(1, 4, 4)  # one step in the last pixel
    more = [(doubled, val), (train, aligned), (train, nearly)]
    return [*inputs, (train, twice), (train, turned), *more]


def _models():
    inputs = []
    for seed, mode in ((0, "training"), (1, "eval"), (2, "mixed")):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            inner = nn.Sequential(nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5))  # modules inside modules
            model = nn.Sequential(nn.Linear(4, 16), inner, nn.Linear(16, 3))
            inner[0].running_mean += torch.randn(16)
            x = torch.randn(40, 4)
            y = torch.randint(3, (40,))
        model.train(mode != "eval")
        if mode == "mixed":
            inner[0].eval()  # somebody froze the batch norm
        inputs.append((model, x, y))
    return inputs


EXERCISES = [
    Exercise(
        silent_share,
        _activations,
        [
            "Ask of each unit, a column of h: is it 0 for this image, and this one, and all of them?",
            "(h == 0) has the shape of h. Which dimension runs over the images?",
            "(h == 0).all(dim=0) has one entry per unit; its mean is the share.",
        ],
        {
            "this is the share of zeros. About half of them is normal in a ReLU layer: a unit is silent only if it is "
            "0 for every image.": _zeros_counted,
            "this counts a unit as silent if it is 0 for one image. It has to be 0 for all of them.": _silent_once,
            "this asks which images wake no unit at all: take the other dimension.": _over_units,
            "this is the share of units that are alive.": _alive,
            "this is a number of units: divide by how many there are.": _silent_count,
            "this also counts units that give every image the same number other than 0.": _constant,
        },
    ),
    Exercise(
        copied_share,
        _splits,
        [
            "Two images are the same if all their pixels are.",
            "image.numpy().tobytes() turns an image into something that a set can hold and find again at once.",
            "Make a set of the training images, count the validation images that are in it, divide by their number.",
        ],
        {
            "this is the share of the training images. The validation accuracy is inflated by the copies among the "
            "validation images.": _share_of_training,
            "this is a number of images: divide by len(val).": _copies_counted,
            "this compares the first image with the first, the second with the second: a copy may stand anywhere.": (
                _in_order
            ),
            "this takes two images for the same if a single pixel agrees: all of them must.": _any_pixel,
            "two different images may have the same mean: compare the pixels.": _by_mean,
            "an image that stands in the validation set twice is evaluated twice: count it twice.": _different_copies,
            "every pair counts here: an image that stands in the training set twice is still one validation image.": (
                _pairs_counted
            ),
            "nothing is ever found: `tensor in a_set` asks for the same object, not for the same pixels.": _never_found,
        },
    ),
    Exercise(
        softmax_floor,
        lambda: [(10,), (2,), (100,)],
        [
            "What are the best ten numbers that a softmax can hand over, and what does cross-entropy make of them?",
            "It takes 1 for the right class and 0 for each other as logits, and applies softmax once more.",
            "The right class gets e / (e + K - 1) then. The loss is minus the logarithm of that.",
        ],
        {
            "0 is the floor of a loss that is fed logits without bound. These lie between 0 and 1.": _no_floor,
            "ln K is the loss of a network without opinion. This one may be certain.": _blind,
            "besides the right class there are K - 1 others.": _one_class_too_many,
            "this is the probability: the loss is minus its logarithm.": _probability,
            "this is in bits: nats come from the natural logarithm.": _in_bits,
        },
    ),
    Exercise(
        honest_accuracy,
        _models,
        [
            "Batch norm and dropout compute something else in training mode. Which method switches it off?",
            "A module's mode is module.training. Note it before you call model.eval().",
            "A frozen batch norm inside a network that trains has a mode of its own: note that of every module in "
            "model.modules().",
        ],
        {
            "eval() is forgotten: batch norm uses the batch it is shown, and even learns from it, and dropout drops.": (
                _no_eval
            ),
            "the network is left in eval() mode: the next epoch would train without dropout and with frozen "
            "statistics.": _left_in_eval,
            "afterwards the network is always in training mode, even if it was found in eval() mode.": _always_train,
            "model.train(before) sets every module to the mode of the outermost one. Here a batch norm inside had "
            "been frozen, and is no longer.": _only_the_top,
            "this is a number of images: divide by how many there are.": _count_right,
            "the modes of the outer modules are back, those inside them are not: model.modules() gives all of them.": (
                _only_the_children
            ),
        },
        observe=lambda model, x, y: _modes_and_statistics(model, x, y),
    ),
]
