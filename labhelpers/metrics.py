"""Measuring a classifier: predictions for a whole split, and scikit-learn's scores on them."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from labhelpers.batches import Split

EVALUATION_BATCH = 1000  # images at a time: no gradients are kept, so memory allows far more than in training


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put `model` into `eval()` mode for the block, and each of its modules back into its own afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@torch.no_grad()
def predict(model: nn.Module, split: Split) -> Tensor:
    """Return the logits (N, K) of all images, computed in `eval()` mode; the model's mode is put back."""
    with evaluating(model):
        return torch.cat([model(x) for x, _ in split.batches(EVALUATION_BATCH)])


def loss_and_accuracy(logits: Tensor, labels: Tensor) -> dict[str, float]:
    """Return cross-entropy in nats and accuracy in 0…1 of logits (N, K) for labels (N,), averaged over examples."""
    correct = (logits.argmax(1) == labels).double().mean()
    return {"loss": F.cross_entropy(logits, labels).item(), "accuracy": correct.item()}


def evaluate(model: nn.Module, split: Split) -> dict[str, Any]:
    """Measure a classifier on a split; raise ValueError unless it gives (N, K) with K above every label.

    Returns ``loss`` (nats, averaged over examples), ``accuracy``, and ``precision``, ``recall``, ``f1``, each
    averaged over classes with their number of examples as weights, all in 0…1; and ``confusion``, a (K, K)
    array of counts with true classes as rows.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    logits = predict(model, split)
    if logits.ndim != 2 or logits.shape[1] <= int(split.labels.max()):
        given = f"{tuple(logits.shape)} for {len(split)} images with labels up to {int(split.labels.max())}"
        raise ValueError(f"the model gives {given}: its last layer needs one output per class")
    truth, guess = split.labels.cpu().numpy(), logits.argmax(1).cpu().numpy()
    precision, recall, f1, _ = precision_recall_fscore_support(truth, guess, average="weighted", zero_division=0)
    averages = {"precision": float(precision), "recall": float(recall), "f1": float(f1)}
    confusion = confusion_matrix(truth, guess, labels=range(logits.shape[1]))
    return loss_and_accuracy(logits, split.labels) | averages | {"confusion": confusion}
