"""Inside a run: one epoch's steps, and interrupts that wait for the end of a step."""

import contextlib
import itertools
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from labhelpers.engine.checkpoint import Progress, RunStore
from labhelpers.engine.checks import Batched
from labhelpers.session import random_state, set_random_state

# The metrics of all steps in this time are fetched together, so that no step waits for a GPU.
FETCH_SECONDS = 0.1


class NonFiniteLossError(FloatingPointError):
    """The loss or a weight became infinite or NaN; the message says where.

    Example:
        >>> issubclass(lab.NonFiniteLossError, FloatingPointError)
        True
    """


def train_epoch(
    step: Callable, batches: Batched, store: RunStore, bar: tqdm, interrupted: Callable[[], bool]
) -> dict[str, float]:
    """Train to the end of the running epoch; return the means of its metrics over examples."""
    progress = store.progress
    pending: list[tuple[int, dict[str, Tensor]]] = []
    before, began = progress.seconds, time.monotonic()
    fetched = began
    store.modules.train()
    for batch in _remaining(batches, store):
        metrics = _as_tensors(step(batch))
        pending.append((_examples(batch), metrics))
        bar.update()
        now, loss = time.monotonic(), metrics["loss"]
        # On a CPU a loss that is not finite stops the run at its step; asking a GPU means waiting.
        diverged = loss.is_cpu and not math.isfinite(loss)
        if diverged or interrupted() or now - fetched >= FETCH_SECONDS:
            _collect(pending, progress)
            progress.seconds, fetched = before + now - began, now
            store.save_if_due()
            if interrupted():
                _stop(store, len(batches))
    _collect(pending, progress)
    epoch = len(progress.history) + 1
    if not store.is_finite():
        raise NonFiniteLossError(
            f"a weight is infinite or NaN at the end of epoch {epoch}. {_ADVICE}"
        )
    progress.seconds = before + time.monotonic() - began
    return {"epoch": epoch} | {
        name: sum_ / progress.examples for name, sum_ in progress.sums.items()
    }


def _as_tensors(returned: Any) -> dict[str, Tensor]:
    """A step's metrics as tensors of their own, which later changes in place do not reach."""
    if not isinstance(returned, Mapping):
        kind = type(returned).__name__
        raise TypeError(f'the step returned a {kind}: return a dict, {{"loss": loss}}')
    if "loss" not in returned:
        raise ValueError(f'the step returned {list(returned)}: return at least {{"loss": loss}}')
    metrics = {}
    for name, value in returned.items():
        try:
            metrics[name] = torch.as_tensor(value).detach().clone()
        except (TypeError, ValueError, RuntimeError) as error:
            raise TypeError(f"the step returned {name}={value!r}: return numbers") from error
        if metrics[name].numel() != 1:
            shape = tuple(metrics[name].shape)
            raise ValueError(
                f"the step returned {name} of shape {shape}: take its mean, one number"
            )
        metrics[name] = metrics[name].reshape(())
    return metrics


def _examples(batch: Any) -> int:
    """The number of examples in a batch: the length of its first tensor."""
    if isinstance(batch, Tensor):
        return len(batch)
    first = next(iter(batch.values())) if isinstance(batch, Mapping) else batch[0]
    return len(first)


def _stop(store: RunStore, steps: int) -> None:
    store.save()
    progress = store.progress
    where = f"epoch {len(progress.history) + 1}, after step {progress.step} of {steps}"
    saved = ", saved: run the cell again to go on from there" if store.folder else ""
    raise KeyboardInterrupt(f"interrupted in {where}{saved}")


def _remaining(batches: Batched, store: RunStore) -> Iterator:
    """Yield the batches of the running epoch that were not trained on yet."""
    progress = store.progress
    if hasattr(batches, "set_epoch"):
        batches.set_epoch(len(progress.history))
    if not progress.step:
        progress.epoch_start = random_state(store.generators)
    set_random_state(progress.epoch_start, store.generators)
    rest = iter(batches)
    if (
        progress.step
    ):  # resumed inside an epoch: its order is drawn again, and what is done is skipped
        for _ in itertools.islice(rest, progress.step):
            pass
        set_random_state(progress.now, store.generators)
    yield from rest


def _collect(pending: list[tuple[int, dict[str, Tensor]]], progress: Progress) -> None:
    """Add pending metrics to the epoch's sums: the only place that waits for the device."""
    for name in pending[0][1] if pending else ():
        found = [metrics[name] for _, metrics in pending]
        if len({value.device for value in found}) > 1:  # a constant from the CPU among them
            found = [value.cpu() for value in found]
        values = torch.stack(found).tolist()
        for offset, (value, (examples, _)) in enumerate(zip(values, pending, strict=True), start=1):
            if name == "loss" and not math.isfinite(value):
                where = f"epoch {len(progress.history) + 1}, step {progress.step + offset}"
                raise NonFiniteLossError(
                    f"the loss is {value} at {where}: training stopped there. {_ADVICE}"
                )
            progress.sums[name] = progress.sums.get(name, 0.0) + value * examples
    progress.step += len(pending)
    progress.examples += sum(examples for examples, _ in pending)
    pending.clear()


_ADVICE = (
    "The last good checkpoint is kept. Try a lower learning rate; look for a logarithm of 0 or a "
    "division by 0"
)


@contextlib.contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Note Ctrl-C (Jupyter's stop button) instead of breaking a step; a second breaks at once."""
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
