"""Lab 01: honest averages, evaluation mode, early stopping, the test set, gradients by hand."""

from labhelpers.exercises.lab01 import (
    dataset_accuracy,
    early_stopping,
    logits_at_test_time,
    mlp_gradients,
    reported_accuracy,
)

EXERCISES = [
    dataset_accuracy.exercise,
    logits_at_test_time.exercise,
    early_stopping.exercise,
    reported_accuracy.exercise,
    mlp_gradients.exercise,
]
