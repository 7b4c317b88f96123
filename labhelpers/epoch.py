"""One epoch of a run: train on the batches that are left of it, and collect what the steps report."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor
from tqdm import tqdm

from labhelpers.checkpoint import Progress, RunStore

SYNC_STEPS = 64  # on a GPU the metrics of so many steps are fetched together; on a CPU each step's at once


class NonFiniteLossError(FloatingPointError):
    """The loss or a weight became infinite or NaN; the message says where."""


def train_epoch(step: Callable, batches: Iterable, store: RunStore, bar: tqdm, interrupted: Callable) -> dict:
    """Train to the end of the running epoch; return the means of its metrics over examples."""
    progress, pending = store.progress, []
    began, before = time.monotonic(), progress.seconds
    epoch = len(progress.history) + 1
    store.set_training(True)
    for batch in _remaining(batches, store):
        metrics = {name: torch.as_tensor(value).detach() for name, value in step(batch).items()}
        if "loss" not in metrics:
            raise ValueError(f'the step returned {list(metrics)}: return at least {{"loss": loss}}')
        pending.append((len(batch if isinstance(batch, Tensor) else batch[0]), metrics))
        bar.update()
        if interrupted() or metrics["loss"].device.type == "cpu" or len(pending) == SYNC_STEPS:
            _collect(pending, progress)
            progress.seconds = before + time.monotonic() - began
            store.save_if_due()
            if interrupted():
                store.save()
                saved = ", saved: run the cell again to go on from there" if store.folder else ""
                raise KeyboardInterrupt(
                    f"interrupted in epoch {epoch}, after step {progress.step} of {len(batches)}{saved}"
                )
    _collect(pending, progress)
    if not store.is_finite():
        raise NonFiniteLossError(f"a weight is infinite or NaN at the end of epoch {epoch}. {_ADVICE}")
    progress.seconds = before + time.monotonic() - began
    return {"epoch": epoch} | {name: total / progress.examples for name, total in progress.sums.items()}


def _remaining(batches: Iterable, store: RunStore) -> Iterator:
    """Yield the batches of the running epoch that were not trained on yet."""
    if hasattr(batches, "set_epoch"):
        batches.set_epoch(len(store.progress.history))
    done = store.progress.step
    store.epoch_start = store.epoch_start if done else store.randomness()
    if done:  # resumed inside an epoch: draw its order again, skip what is done
        store.restore_randomness(store.epoch_start)
    rest = iter(batches)
    for _ in itertools.islice(rest, done):
        pass
    if done:
        store.restore_randomness()
    yield from rest


def _collect(pending: list[tuple[int, dict[str, Tensor]]], progress: Progress) -> None:
    """Add pending metrics to the epoch's sums: the only place that waits for the device."""
    for name in pending[0][1] if pending else ():
        values = torch.stack([metrics[name] for _, metrics in pending]).tolist()
        for offset, (value, (examples, _)) in enumerate(zip(values, pending, strict=True), start=1):
            if name == "loss" and not math.isfinite(value):
                where = f"epoch {len(progress.history) + 1}, step {progress.step + offset}"
                raise NonFiniteLossError(f"the loss is {value} at {where}: training stopped there. {_ADVICE}")
            progress.sums[name] = progress.sums.get(name, 0.0) + value * examples
    progress.step += len(pending)
    progress.examples += sum(examples for examples, _ in pending)
    pending.clear()


_ADVICE = (
    "The last good checkpoint is kept. Try a lower learning rate, and look for a logarithm of 0 or a division by 0"
)
