"""Lab 01, exercise `reported_accuracy`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def reported_accuracy(history):
    """The test accuracy of the epoch with the lowest validation loss."""
    return min(history, key=lambda row: row["val_loss"])["test_accuracy"]


def _history_inputs():
    generator = torch.Generator().manual_seed(4)
    names = ("loss", "val_loss", "val_accuracy", "test_loss", "test_accuracy")
    tables = torch.rand(3, 6, len(names), generator=generator).tolist()
    return [([dict(zip(names, row, strict=True)) for row in table],) for table in tables]


exercise = Exercise(
    reported_accuracy,
    _history_inputs,
    hints=[
        "Which of the three data sets may choose the epoch?",
        "Choose by validation loss, report on the test set: min(history, key=…)[…].",
    ],
)


@exercise.mistake(
    "the test set has leaked: it chose the epoch with its own best accuracy, so it can no "
    "longer say how well unseen digits are read. Choose by validation loss."
)
def _best_on_test(history):
    return max(row["test_accuracy"] for row in history)


@exercise.mistake(
    "the test set has leaked into early stopping: its loss chose the epoch. Choose by "
    "validation loss."
)
def _stop_on_test(history):
    return min(history, key=lambda row: row["test_loss"])["test_accuracy"]


@exercise.mistake(
    "the training loss chose the epoch: it nearly always falls, also while the network overfits."
)
def _stop_on_training(history):
    return min(history, key=lambda row: row["loss"])["test_accuracy"]


@exercise.mistake(
    "this is the validation accuracy of the chosen epoch: it chose that epoch, so it is "
    "flattered by it. Report the test accuracy."
)
def _report_validation(history):
    return min(history, key=lambda row: row["val_loss"])["val_accuracy"]


@exercise.mistake(
    "honest, since the test set had no part in it; but this lab stops by the validation "
    "loss, so let that choose the epoch."
)
def _chosen_by_accuracy(history):
    return max(history, key=lambda row: row["val_accuracy"])["test_accuracy"]


@exercise.mistake(
    "this is the last epoch's accuracy: by then the network may overfit. Report that of the epoch "
    "with the lowest validation loss."
)
def _last_epoch(history):
    return history[-1]["test_accuracy"]
