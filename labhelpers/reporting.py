"""What surrounds a run: TensorBoard events, and interrupts that wait for the end of a step."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

from labhelpers.checkpoint import RunStore


@contextlib.contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Note Ctrl-C (Jupyter's stop button) instead of breaking a step in two; a second one breaks at once."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    came: list[int] = []

    def note(number: int, frame: Any) -> None:
        if came:
            raise KeyboardInterrupt("interrupted twice: stopped inside a step, nothing saved since the last checkpoint")
        came.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(came)
        if came:  # the cells behind this one are not wanted
            raise KeyboardInterrupt("interrupted after the last step: the run is complete")
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def events(store: RunStore, choices: dict[str, Any]) -> Iterator[Callable[[dict], None]]:
    """Write each epoch's numbers, and at the end the run's choices, as TensorBoard events."""
    if not store.folder:
        yield lambda row: None
        return
    from torch.utils.tensorboard import SummaryWriter

    history = store.progress.history
    if not history:
        for old in store.folder.glob("events.out.*"):
            old.unlink()
    plain = {k: v if isinstance(v, int | float | str) else str(v) for k, v in choices.items()}
    with SummaryWriter(str(store.folder), purge_step=len(history) + 1) as writer:
        writer.add_text("choices", "\n".join(f"- {name}: {value}" for name, value in plain.items()))

        def write(row: dict[str, float]) -> None:
            for name, value in row.items():
                writer.add_scalar(name, value, row["epoch"])

        yield write
        writer.add_hparams(plain, {f"last/{k}": v for k, v in history[-1].items()}, run_name=".")
