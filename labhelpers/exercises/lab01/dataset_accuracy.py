"""Lab 01, exercise `dataset_accuracy`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def dataset_accuracy(batches):
    """Share of right answers over all examples of all batches."""
    right = sum((logits.argmax(1) == labels).sum().item() for logits, labels in batches)
    return right / sum(len(labels) for _, labels in batches)


def _batch_inputs():
    generator = torch.Generator().manual_seed(2)

    def batch(size):
        return torch.randn(size, 4, generator=generator), torch.randint(
            4, (size,), generator=generator
        )

    return [([batch(size) for size in sizes],) for sizes in ((8, 8, 3), (5, 1), (6,), (4, 4, 4, 1))]


exercise = Exercise(
    dataset_accuracy,
    _batch_inputs,
    hints=[
        "The last batch is smaller. How much should it count?",
        "Add up right answers and examples separately; divide once, at the end.",
    ],
)


@exercise.mistake(
    "this averages over batches: the few images of a small last batch count as much as a "
    "full batch. Count right answers and divide by the number of examples."
)
def _mean_of_batches(batches):
    shares = [(logits.argmax(1) == labels).float().mean().item() for logits, labels in batches]
    return sum(shares) / len(shares)


@exercise.mistake("only the first batch is counted: is the `return` inside the loop?")
def _first_batch_only(batches):
    logits, labels = batches[0]
    return (logits.argmax(1) == labels).float().mean().item()


@exercise.mistake("not every batch is as large as the first: add up len(labels).")
def _all_as_large_as_first(batches):
    right = sum((logits.argmax(1) == labels).sum().item() for logits, labels in batches)
    return right / (len(batches) * len(batches[0][1]))


@exercise.mistake("this is the number of right answers; divide it by the number of examples.")
def _count_not_share(batches):
    return sum((logits.argmax(1) == labels).sum().item() for logits, labels in batches)
