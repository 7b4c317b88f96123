"""Lab 12, exercise `blind_loss`."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises.grading import Exercise


def blind_loss(labels):
    """Give each class its share: the loss is the entropy of the shares."""
    shares = labels.bincount() / len(labels)
    shares = shares[shares > 0]  # a class without images costs nothing
    return -(shares * shares.log()).sum().item()


def _labels():
    some = ([0, 0, 0, 1], [2, 2, 0, 0, 0, 0, 1, 1], [0, 3, 3, 3, 3, 0, 0, 1, 3, 0])
    return [(torch.tensor(labels),) for labels in some]


exercise = Exercise(
    blind_loss,
    _labels,
    hints=[
        "It gives every image the same probabilities. Which ones are best if 3 in 4 are zeros?",
        "The share of each class. An image then costs minus the logarithm of its class's share.",
        "labels.bincount() counts the classes. Weight each class's cost with its share, and add.",
    ],
)


@exercise.mistake(
    "this is ln K, which holds if all classes are equally frequent. These are not, and to know "
    "their shares already saves something."
)
def _as_if_balanced(labels):
    return math.log(len(labels.unique()))


@exercise.mistake(
    "this is ln 10, whatever the labels are. Not all of ten classes are here, and some are more "
    "frequent than others: use the labels."
)
def _ten_classes(labels):
    return math.log(10)


@exercise.mistake(
    "0 times the logarithm of 0 is nan in floating point: leave out the classes without images."
)
def _nan_for_a_missing_class(labels):
    shares = labels.bincount() / len(labels)
    return -(shares * shares.log()).sum().item()


@exercise.mistake(
    "this is the loss on the images of the most frequent class alone: the others cost more."
)
def _the_largest_class(labels):
    return -(labels.bincount().max() / len(labels)).log().item()


@exercise.mistake(
    "every class counts the same here. The mean is over images: weight each class with its share."
)
def _classes_alike(labels):
    shares = labels.bincount() / len(labels)
    return -shares[shares > 0].log().mean().item()


@exercise.mistake("this is the sum over the images: a loss is their mean.")
def _summed(labels):
    return blind_loss(labels) * len(labels)


@exercise.mistake("this is in bits: nats come from the natural logarithm.")
def _in_bits(labels):
    return blind_loss(labels) / math.log(2)


@exercise.mistake("the sign is missing: a logarithm of a share is negative, a loss is not.")
def _negative(labels):
    return -blind_loss(labels)
