"""Lab 07, exercise `coverage`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def coverage(labels, num_classes):
    """How many classes occur, and the entropy of their shares; a class without samples adds
    nothing.
    """
    share = torch.bincount(labels, minlength=num_classes).double() / len(labels)
    found = share[share > 0]
    return len(found), -(found * found.log()).sum().item()


def _label_inputs():
    lists = [([0, 1, 2, 3, 4, 5], 10), ([7, 7, 7, 2], 10), ([0, 1, 1, 1, 3, 3], 5), ([1, 1], 4)]
    return [(torch.tensor(labels), classes) for labels, classes in lists]


exercise = Exercise(
    coverage,
    _label_inputs,
    hints=[
        ("torch.bincount(labels, minlength=num_classes) counts; divide by the number of samples."),
        "The entropy is -Σ share · log(share), with the natural logarithm.",
        (
            "What is 0 · log 0 for a class without samples? In the limit 0, in float "
            "arithmetic NaN: leave it out."
        ),
    ],
)


@exercise.mistake(
    "0 · log 0 is NaN in float arithmetic: leave out classes without samples, or use torch.xlogy."
)
def _nan_from_empty_classes(labels, num_classes):
    share = torch.bincount(labels, minlength=num_classes).double() / len(labels)
    return int((share > 0).sum()), -(share * share.log()).sum().item()


@exercise.mistake("these are bits: use the natural logarithm.")
def _bits(labels, num_classes):
    classes, entropy = coverage(labels, num_classes)
    return classes, entropy / torch.tensor(2.0).double().log().item()


@exercise.mistake("the entropy has a minus in front: it is never negative.")
def _sign(labels, num_classes):
    classes, entropy = coverage(labels, num_classes)
    return classes, -entropy


@exercise.mistake("sum over the classes: do not average.")
def _mean_over_classes(labels, num_classes):
    classes, entropy = coverage(labels, num_classes)
    return classes, entropy / num_classes


@exercise.mistake("divide the counts by the number of samples first: entropy is about shares.")
def _counts(labels, num_classes):
    count = torch.bincount(labels, minlength=num_classes).double()
    count = count[count > 0]
    return len(count), -(count * count.log()).sum().item()


@exercise.mistake(
    "the largest label says nothing about the classes below it: count those that occur."
)
def _largest_label(labels, num_classes):
    return int(labels.max()) + 1, coverage(labels, num_classes)[1]


@exercise.mistake("num_classes is how many there could be: count those that occur.")
def _all_classes(labels, num_classes):
    return num_classes, coverage(labels, num_classes)[1]
