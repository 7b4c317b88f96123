"""`fit`: the training loop's use for classifiers."""

import copy
import functools
import math
import numbers
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from labhelpers import session
from labhelpers.data.batches import Augment
from labhelpers.data.images import ImageData
from labhelpers.engine.train import Run, train
from labhelpers.measures.metrics import loss_and_accuracy, predict
from labhelpers.store.door import whole_number
from labhelpers.store.fingerprint import describe

Build = Callable[..., torch.optim.Optimizer]

OPTIMIZERS: dict[str, Build] = {
    "sgd": functools.partial(torch.optim.SGD, fused=True),
    "momentum": functools.partial(torch.optim.SGD, momentum=0.9, fused=True),
    "nesterov": functools.partial(torch.optim.SGD, momentum=0.9, nesterov=True, fused=True),
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adam": functools.partial(torch.optim.Adam, fused=True),
    "adamw": functools.partial(torch.optim.AdamW, fused=True),
}
_SHIPPED = dict(OPTIMIZERS)


def changed_optimizers() -> dict[str, Build]:
    """Return the entries of `OPTIMIZERS` that are not as the package ships them."""
    return {name: build for name, build in OPTIMIZERS.items() if _SHIPPED.get(name) is not build}


def fit(
    model: nn.Module,
    data: ImageData,
    *,
    epochs: int,
    lr: float = 1e-3,
    optimizer: str | Build = "adam",
    weight_decay: float = 0.0,
    schedule: Callable[[float], float] | None = None,
    batch_size: int = 128,
    augment: Augment | None = None,
    patience: int | None = None,
    run: str | None = None,
    fresh: bool = False,
    seed: int | None = None,
) -> Run:
    """Train a copy of a classifier with cross-entropy; validate after each epoch.

    `model` itself stays as it is, so that several runs can start from the same weights; the trained
    copy is the run's ``.model``.

    Args:
        model: maps (N, C, H, W) float32 to logits (N, K).
        data: trained on ``data.train``, validated on ``data.val``; ``data.test`` is not touched.
        lr: learning rate; `weight_decay` too is handed to the optimizer.
        optimizer: a name in `OPTIMIZERS`, or a callable such as
            ``functools.partial(torch.optim.SGD, momentum=0.5)``.
        schedule: maps the share of training done, 0…1, to a factor on `lr`.
        batch_size: images per step.
        augment: changes each training batch, such as `random_crop_flip`.
        patience: stop after so many epochs without a lower validation loss, with the best epoch's
            weights.
        seed: order of the images, dropout and augmentation; the session's by default.

    `epochs`, `run` and `fresh` are as in `train`, and so is what is raised; besides, ValueError for
    an unknown optimizer, a learning rate that is no positive number, or a model whose output does
    not fit the number of classes, and TypeError for a class in place of a model.

    Example:
        >>> data = lab.load_data("digits")
        >>> run = lab.fit(lab.MLP(784, 10), data, epochs=1, lr=1e-2)  # doctest: +ELLIPSIS
        training: 1 epoch in ...
    """
    epochs = whole_number("epochs", epochs)
    build = _builder(optimizer)
    if not isinstance(data, ImageData):
        kind = type(data).__name__
        raise TypeError(f"data is a {kind}: give what lab.load_data returns, with its three parts")
    _require_rate("lr", lr)
    _require_rate("weight_decay", weight_decay, least_included=True)
    batches = data.train.batches(batch_size, shuffle=True, augment=augment, seed=seed)
    model = _copy_for_training(model)
    _require_logits(model, data)
    parameters = list(model.parameters())
    optim = build(parameters, lr=lr, weight_decay=weight_decay)
    state: dict[str, Any] = {"model": model, "optimizer": optim}
    decay = None
    if schedule:
        steps = epochs * len(batches)
        decay = torch.optim.lr_scheduler.LambdaLR(optim, lambda i: schedule(i / steps))
        state["schedule"] = decay

    def step(batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        x, y = batch
        logits = model(x)
        loss = F.cross_entropy(logits, y)
        # optim.zero_grad(), less the bookkeeping that is 2 % of a small model's step
        for parameter in parameters:
            parameter.grad = None
        loss.backward()
        optim.step()
        if decay:
            decay.step()
        return {"loss": loss, "accuracy": (logits.argmax(1) == y).float().mean()}

    def evaluate() -> dict[str, float]:
        scores = loss_and_accuracy(predict(model, data.val), data.val.labels)
        return {f"val_{name}": value for name, value in scores.items()}

    choices = {
        "model": type(model).__name__,
        "data set": data.name,
        "train size": len(data.train),
        "batch size": batch_size,
        "optimizer": _told(optimizer),
        "lr": lr,
        "weight decay": weight_decay,
        "schedule": describe(schedule),
    }
    return train(
        step,
        batches,
        epochs=epochs,
        state=state,
        evaluate=evaluate,
        patience=patience,
        run=run,
        fresh=fresh,
        seed=seed,
        choices=choices,
    )


def _builder(optimizer: str | Build) -> Build:
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            known = ", ".join(sorted(OPTIMIZERS))
            raise ValueError(f"unknown optimizer {optimizer!r}: choose from {known}")
        return OPTIMIZERS[optimizer]
    if not callable(optimizer):
        kind = type(optimizer).__name__
        fix = "give a name, or the class with its settings, functools.partial(torch.optim.SGD, …)"
        raise TypeError(f"optimizer is a {kind}: {fix}")
    return optimizer


def _told(optimizer: str | Build) -> Any:
    """The optimizer for the fingerprint: by its name, unless the name was given another meaning."""
    if isinstance(optimizer, str) and optimizer not in changed_optimizers():
        return optimizer
    return describe(_builder(optimizer))


def _require_rate(name: str, value: Any, least_included: bool = False) -> None:
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    positive = real and math.isfinite(value) and (value >= 0 if least_included else value > 0)
    if not positive:
        wanted = "a number from 0" if least_included else "a positive number, such as 1e-3"
        raise ValueError(f"{name}={value!r} is not allowed: use {wanted}")


def _copy_for_training(model: nn.Module) -> nn.Module:
    if isinstance(model, type):
        raise TypeError(f"model is the class {model.__name__}: build it, {model.__name__}(…)")
    if not isinstance(model, nn.Module):
        raise TypeError(f"model is a {type(model).__name__}: give a torch.nn.Module")
    model = copy.deepcopy(model).to(session.current().device)
    if any(parameter.ndim == 4 for parameter in model.parameters()):
        model = model.to(memory_format=torch.channels_last)  # a quarter faster for convolutions
    return model


def _require_logits(model: nn.Module, data: ImageData) -> None:
    """Raise unless the model turns two images into two rows of one score per class."""
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError(
            f"{type(model).__name__} has no parameter with requires_grad=True to train"
        )
    shape = tuple(predict(model, data.train[:2]).shape)
    if shape != (2, data.num_classes):
        wanted = f"{data.name} has {data.num_classes} classes: check the width of the last layer"
        raise ValueError(f"the model turns 2 images into {shape}, but {wanted}")
