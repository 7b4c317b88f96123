"""Inside a run: one epoch's steps, TensorBoard events, and interrupts that wait for the end of a step."""

import contextlib
import itertools
import math
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from labhelpers.checkpoint import Progress, RunStore
from labhelpers.session import random_state, set_random_state

FETCH_SECONDS = 0.1  # the metrics of all steps in this time are fetched together: no step waits for a GPU


class NonFiniteLossError(FloatingPointError):
    """The loss or a weight became infinite or NaN; the message says where."""


def train_epoch(step: Callable, batches: Iterable, store: RunStore, bar: tqdm, interrupted: Callable) -> dict:
    """Train to the end of the running epoch; return the means of its metrics over examples."""
    progress, pending, epoch = store.progress, [], len(store.progress.history) + 1
    before, began = progress.seconds, time.monotonic()
    fetched = began
    store.modules.train()
    for batch in _remaining(batches, store):
        metrics = {name: torch.as_tensor(value).detach().clone() for name, value in step(batch).items()}
        if "loss" not in metrics:
            raise ValueError(f'the step returned {list(metrics)}: return at least {{"loss": loss}}')
        pending.append((len(batch if isinstance(batch, Tensor) else batch[0]), metrics))
        bar.update()
        now, loss = time.monotonic(), metrics["loss"]
        diverged = loss.is_cpu and not math.isfinite(loss)  # asking a GPU at each step would mean waiting for it
        if diverged or interrupted() or now - fetched >= FETCH_SECONDS:
            _collect(pending, progress)
            progress.seconds, fetched = before + now - began, now
            store.save_if_due()
            if interrupted():
                store.save()
                where = f"epoch {epoch}, after step {progress.step} of {len(batches)}"
                saved = ", saved: run the cell again to go on from there" if store.folder else ""
                raise KeyboardInterrupt(f"interrupted in {where}{saved}")
    _collect(pending, progress)
    if not store.is_finite():
        raise NonFiniteLossError(f"a weight is infinite or NaN at the end of epoch {epoch}. {_ADVICE}")
    progress.seconds = before + time.monotonic() - began
    return {"epoch": epoch} | {name: total / progress.examples for name, total in progress.sums.items()}


def _remaining(batches: Iterable, store: RunStore) -> Iterator:
    """Yield the batches of the running epoch that were not trained on yet."""
    progress = store.progress
    if hasattr(batches, "set_epoch"):
        batches.set_epoch(len(progress.history))
    if not progress.step:
        progress.epoch_start = random_state(store.generators)
    set_random_state(progress.epoch_start, store.generators)
    rest = iter(batches)
    if progress.step:  # resumed inside an epoch: its order is drawn again, and what is done is skipped
        for _ in itertools.islice(rest, progress.step):
            pass
        set_random_state(progress.now, store.generators)
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


_ADVICE = "The last good checkpoint is kept. Try a lower learning rate; look for a logarithm of 0 or a division by 0"


@contextlib.contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Note Ctrl-C (Jupyter's stop button) instead of breaking a step in two; a second one breaks at once."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    came: list[int] = []

    def note(number: int, frame: Any) -> None:
        came.append(number)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(came)
        if came:  # the cells behind this one are not wanted
            raise KeyboardInterrupt("interrupted after the last step: the run is complete")
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def events(store: RunStore, choices: dict[str, Any]) -> Iterator[Callable[[dict], None]]:
    """Write each epoch's numbers, and at the end the run's choices with the last ones, as TensorBoard events."""
    if not store.folder:
        yield lambda row: None
        return
    from torch.utils.tensorboard import SummaryWriter

    history = store.progress.history
    if not history:
        for old in store.folder.glob("events.out.*"):
            old.unlink()
    plain = {k: v if isinstance(v, int | float | str) else str(v) for k, v in choices.items()}
    writer = SummaryWriter(str(store.folder), purge_step=len(history) + 1)

    def write(row: dict[str, float]) -> None:
        for name, value in row.items():
            writer.add_scalar(name, value, row["epoch"])

    try:
        yield lambda row: store.reported(write, row)
        last = {f"last/{name}": value for name, value in history[-1].items()}
        store.reported(writer.add_hparams, plain, last, None, ".")
    finally:
        store.reported(writer.close)
