"""`train`, the one training loop, and `fit`, its use for classifiers."""

import copy
import functools
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from labhelpers import session
from labhelpers.batches import Augment
from labhelpers.checkpoint import Progress, RunStore
from labhelpers.data import ImageData
from labhelpers.epoch import deferred_interrupt, events, train_epoch
from labhelpers.fingerprint import describe
from labhelpers.metrics import loss_and_accuracy, predict

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": functools.partial(torch.optim.SGD, fused=True),
    "momentum": functools.partial(torch.optim.SGD, momentum=0.9, fused=True),
    "nesterov": functools.partial(torch.optim.SGD, momentum=0.9, nesterov=True, fused=True),
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adam": functools.partial(torch.optim.Adam, fused=True),
    "adamw": functools.partial(torch.optim.AdamW, fused=True),
}


@dataclass(frozen=True)
class Run:
    """A training run that came to its end."""

    name: str | None
    state: dict[str, Any] = field(repr=False)  # the trained objects
    history: list[dict[str, float]] = field(repr=False)  # one dict per epoch
    best: dict[str, float]  # the row with the lowest monitored value, or the last
    seconds: float  # spent training
    path: Path | None  # the folder

    @property
    def model(self) -> nn.Module:
        """The trained model, ``state["model"]``."""
        return self.state["model"]


def train(
    step: Callable[[Any], dict[str, Tensor]], batches: Iterable, *, epochs: int, state: dict[str, Any],
    evaluate: Callable[[], dict[str, float]] | None = None, monitor: str = "val_loss", patience: int | None = None,
    run: str | None = None, fresh: bool = False, seed: int | None = None, choices: dict[str, Any] | None = None,
) -> Run:  # fmt: skip
    """Call `step` on every batch for some epochs; keep history, checkpoints and TensorBoard events.

    Args:
        step: does forward, loss, `zero_grad`, `backward` and `step` on one batch and returns scalar tensors,
            ``{"loss": …}`` and any others; they are averaged over examples.
        batches: iterated once per epoch; `Split.batches` or any loader. The length of a batch's first
            tensor is its number of examples.
        epochs: passes over the batches, at most.
        state: what the steps change, by name: modules, optimizers, schedules, generators. Changed in place.
        evaluate: called after each epoch, with the modules in `eval()` mode; its numbers join the history.
        monitor: the number, lower is better, that early stopping and `Run.best` watch.
        patience: stop after this many epochs without a lower `monitor`, with the best epoch's weights.
        run: the folder's name under the runs folder, such as ``"06/vae"``; None writes nothing. A finished
            run of the same fingerprint is loaded, an unfinished one goes on exactly where it stood.
        fresh: train from the start whatever the folder holds.
        seed: seeds the global generators for this run alone; the session's seed by default.
        choices: further hyperparameters, for the fingerprint and for TensorBoard.

    Raises ValueError for epochs or patience below 1, no batches, or a `monitor` that is not reported;
    NonFiniteLossError when the loss, or a weight at an epoch's end, became NaN or infinite; and KeyboardInterrupt
    when interrupted, saved after the running step.
    """
    current = session.current()
    for name, value in (("epochs", epochs), ("patience", patience)):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise ValueError(f"{name}={value!r} is not allowed: use a whole number from 1")
    if not hasattr(batches, "__len__") or len(batches) == 0:
        raise ValueError(f"{batches!r} gives no batches: use Split.batches, a DataLoader or a list with a batch in it")
    seed = current.seed if seed is None else seed
    choices = {"epochs": epochs, "patience": patience, "monitor": monitor, "seed": seed, **(choices or {})}
    name, say = run or "training", (lambda line: None) if current.quiet else print
    parts = {"budget": current.budget, "step": step, "data": batches, "evaluate": evaluate, **state} if run else {}
    store = RunStore(current.run_folder(run) if run else None, state, choices | describe(parts))
    if not fresh and (note := store.load()):
        say(f"{name}: {note}")
    progress = store.progress
    total, done_steps = epochs * len(batches), len(progress.history) * len(batches) + progress.step

    def done() -> bool:
        waited = len(progress.history) - _best(progress.history, monitor).get("epoch", 0)
        return len(progress.history) >= epochs or (patience is not None and waited >= patience)

    if done():
        say(f"{name}: loaded · {_summary(progress, monitor)}")
    else:
        with (
            session.isolated_random_state(seed),
            deferred_interrupt() as interrupted,
            events(store, choices) as write_events,
            tqdm(total=total, initial=done_steps, disable=current.quiet, leave=False, file=sys.stdout) as bar,
        ):
            if progress.now:
                session.set_random_state(progress.now, store.generators)
            while not done():
                bar.set_description_str(f"{name} · epoch {len(progress.history) + 1}/{epochs}", refresh=False)
                row = train_epoch(step, batches, store, bar, interrupted)
                store.modules.eval()
                row |= {key: float(value) for key, value in (evaluate() if evaluate else {}).items()}
                if patience and monitor not in row:
                    raise ValueError(f"monitor={monitor!r} is not reported: choose from {', '.join(row)}")
                progress.history.append(row)
                progress.step, progress.examples, progress.sums = 0, 0, {}
                if patience and _best(progress.history, monitor) is row:
                    progress.best = copy.deepcopy(store.modules.state_dict())
                write_events(row)
                (store.save if done() else store.save_if_due)()
        again = f"resumed after step {done_steps} · " if done_steps else ""
        say(f"{name}: {again}{_summary(progress, monitor)}")
    if progress.best:
        store.modules.load_state_dict(progress.best)
    store.modules.eval()
    return Run(run, state, progress.history, _best(progress.history, monitor), progress.seconds, store.folder)


def fit(
    model: nn.Module, data: ImageData, *, epochs: int, lr: float = 1e-3,
    optimizer: str | Callable[..., torch.optim.Optimizer] = "adam", weight_decay: float = 0.0,
    schedule: Callable[[float], float] | None = None, batch_size: int = 128, augment: Augment | None = None,
    patience: int | None = None, run: str | None = None, fresh: bool = False, seed: int | None = None,
) -> Run:  # fmt: skip
    """Train a copy of a classifier with cross-entropy; validate after each epoch.

    `model` itself stays as it is, so that several runs can start from the same weights; the trained
    copy is the run's ``.model``.

    Args:
        model: maps (N, C, H, W) float32 to logits (N, K).
        data: trained on ``data.train``, validated on ``data.val``; ``data.test`` is not touched.
        lr: learning rate; `weight_decay` too is handed to the optimizer.
        optimizer: a name in `OPTIMIZERS`, or a callable such as ``functools.partial(torch.optim.SGD, momentum=0.5)``.
        batch_size: images per step.
        patience: stop after so many epochs without a lower validation loss, with the best epoch's weights.
        schedule: maps the share of training done, 0…1, to a factor on `lr`.
        augment: changes each training batch, such as `random_crop_flip`.
        seed: order of the images, dropout and augmentation; the session's by default.

    `epochs`, `run` and `fresh` are as in `train`, and so is what is raised; besides, ValueError for an unknown
    optimizer, or a model whose output does not fit the number of classes.
    """
    if isinstance(optimizer, str) and optimizer not in OPTIMIZERS:
        raise ValueError(f"unknown optimizer {optimizer!r}: choose from {', '.join(sorted(OPTIMIZERS))}")
    build = OPTIMIZERS[optimizer] if isinstance(optimizer, str) else optimizer
    batches = data.train.batches(batch_size, shuffle=True, augment=augment, seed=seed)
    model = copy.deepcopy(model).to(session.current().device)
    if any(parameter.ndim == 4 for parameter in model.parameters()):
        model = model.to(memory_format=torch.channels_last)  # a quarter faster for convolutions
    shape = tuple(predict(model, data.train[:2]).shape)
    if shape != (2, data.num_classes):
        wanted = f"{data.name} has {data.num_classes} classes: check the width of the last layer"
        raise ValueError(f"the model turns 2 images into {shape}, but {wanted}")
    parameters = list(model.parameters())
    optim = build(parameters, lr=lr, weight_decay=weight_decay)
    state = {"model": model, "optimizer": optim}
    if schedule:
        steps = epochs * len(batches)
        decay = state["schedule"] = torch.optim.lr_scheduler.LambdaLR(optim, lambda i: schedule(i / steps))

    def step(batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        x, y = batch
        logits = model(x)
        loss = F.cross_entropy(logits, y)
        for parameter in parameters:  # optim.zero_grad(), less the bookkeeping that is 2 % of a small model's step
            parameter.grad = None
        loss.backward()
        optim.step()
        if schedule:
            decay.step()
        return {"loss": loss, "accuracy": (logits.argmax(1) == y).float().mean()}

    def evaluate() -> dict[str, float]:
        scores = loss_and_accuracy(predict(model, data.val), data.val.labels)
        return {f"val_{name}": value for name, value in scores.items()}

    choices = {
        "model": type(model).__name__, "data set": data.name, "train size": len(data.train), "batch size": batch_size,
        "optimizer": describe(optimizer), "lr": lr, "weight decay": weight_decay, "schedule": describe(schedule),
    }  # fmt: skip
    return train(
        step, batches, epochs=epochs, state=state, evaluate=evaluate, patience=patience,
        run=run, fresh=fresh, seed=seed, choices=choices,
    )  # fmt: skip


def _best(history: list[dict[str, float]], monitor: str) -> dict[str, float]:
    """The row with the lowest monitored value (the first of equals); the last row when it is not reported."""
    if not history or monitor not in history[-1]:
        return history[-1] if history else {}
    return min(history, key=lambda row: row[monitor] if math.isfinite(row[monitor]) else math.inf)


def _summary(progress: Progress, monitor: str) -> str:
    best = _best(progress.history, monitor)
    score = f" · best {monitor} {best[monitor]:.4f} in epoch {best['epoch']}" if monitor in best else ""
    return f"{len(progress.history)} epochs in {progress.seconds:.1f} s{score}"
