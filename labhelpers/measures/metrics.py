"""Measuring a classifier: predictions for a whole split, and scikit-learn's scores on them."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from labhelpers.data.batches import Split

# Images at a time: no gradients are kept, so memory allows far more than in training.
EVALUATION_BATCH = 1000


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put `model` into `eval()` mode for the block, then each of its modules back into its own."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@torch.no_grad()
def predict(model: nn.Module, split: Split) -> Tensor:
    """Return the logits (N, K) of all images, computed in `eval()` mode; the mode is put back.

    Raises TypeError for a class in place of a model, a float64 model or an output that is no
    tensor, ValueError for images that the model cannot take.

    Example:
        >>> data = lab.load_data("digits")
        >>> lab.predict(lab.MLP(784, 10), data.val).shape
        torch.Size([300, 10])
    """
    if isinstance(model, type) or not isinstance(model, nn.Module):
        kind = model if isinstance(model, type) else type(model)
        said = "the class" if isinstance(model, type) else "a"
        raise TypeError(
            f"model is {said} {kind.__name__}: give a torch.nn.Module, built with its sizes"
        )
    if any(weight.dtype == torch.float64 for weight in model.parameters()):
        raise TypeError("the model's weights are float64, images are float32: call model.float()")
    with evaluating(model):
        return torch.cat([logits_of(model, x) for x, _ in split.batches(EVALUATION_BATCH)])


def logits_of(model: nn.Module, x: Tensor) -> Tensor:
    """Return what `model` gives for images x, or say why it is no classifier for them."""
    try:
        logits = model(x)
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        shape = tuple(x.shape[1:])
        raise ValueError(f"the model cannot take images of shape {shape} ({reason})") from error
    if not isinstance(logits, Tensor):
        kind = type(logits).__name__
        raise TypeError(f"the model returns a {kind}: let its forward return the logits alone")
    return logits


def loss_and_accuracy(logits: Tensor, labels: Tensor) -> dict[str, float]:
    """Return cross-entropy in nats and accuracy in 0…1 of logits (N, K) for labels (N,).

    Both are averaged over examples.
    """
    correct = int((logits.argmax(1) == labels).sum())  # counted: Apple's GPU has no float64
    loss = F.cross_entropy(logits, labels).item()
    return {"loss": loss, "accuracy": correct / len(labels)}


def evaluate(model: nn.Module, split: Split) -> dict[str, Any]:
    """Measure a classifier on a split.

    Returns ``loss`` (nats, averaged over examples), ``accuracy``, and ``precision``, ``recall``,
    ``f1``, each averaged over classes with their number of examples as weights, all in 0…1; and
    ``confusion``, a (K, K) array of counts with true classes as rows.

    Raises what `predict` raises, and ValueError unless the model gives (N, K) with K above every
    label.

    Example:
        >>> scores = lab.evaluate(lab.MLP(784, 10), lab.load_data("digits").val)
        >>> 0 <= scores["accuracy"] <= 1
        True
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    logits = predict(model, split)
    if logits.ndim != 2 or logits.shape[1] <= int(split.labels.max()):
        highest = int(split.labels.max())
        given = f"{tuple(logits.shape)} for {len(split)} images with labels up to {highest}"
        raise ValueError(f"the model gives {given}: its last layer needs one output per class")
    truth, guess = split.labels.cpu().numpy(), logits.argmax(1).cpu().numpy()
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, guess, average="weighted", zero_division=0
    )
    averages = {"precision": float(precision), "recall": float(recall), "f1": float(f1)}
    confusion = confusion_matrix(truth, guess, labels=range(logits.shape[1]))
    return loss_and_accuracy(logits, split.labels) | averages | {"confusion": confusion}
