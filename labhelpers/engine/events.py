"""TensorBoard events of a run."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from labhelpers.engine.checkpoint import RunStore
from labhelpers.store.files import reported


@contextlib.contextmanager
def events(store: RunStore, choices: dict[str, Any]) -> Iterator[Callable[[dict], None]]:
    """Write each epoch's numbers, and at the end the run's choices with the last ones.

    An event file that cannot be written, or an old one that another program holds open, is reported
    and does not stop the run.
    """
    folder = store.folder
    if not folder:
        yield lambda row: None
        return
    from torch.utils.tensorboard import SummaryWriter

    history = store.progress.history
    if not history:
        for old in folder.glob("events.out.*"):
            reported(old.unlink, where=old)
    plain = {k: v if isinstance(v, int | float | str) else str(v) for k, v in choices.items()}
    opened: list[SummaryWriter] = []

    def start() -> None:
        opened.append(SummaryWriter(_name(folder), purge_step=len(history) + 1))

    if not reported(start, where=folder):
        yield lambda row: None
        return
    (writer,) = opened

    def write(row: dict[str, float]) -> None:
        for name, value in row.items():
            writer.add_scalar(name, value, row["epoch"])

    def report_row(row: dict[str, float]) -> None:
        reported(write, row, where=folder)

    try:
        yield report_row
        last = {f"last/{name}": value for name, value in history[-1].items()}
        reported(writer.add_hparams, plain, last, None, ".", where=folder)
    finally:
        reported(writer.close, where=folder)


def _name(folder: Path) -> str:
    """The folder's name as TensorBoard takes it: it turns names into bytes as UTF-8, always."""
    try:
        return os.fsencode(folder).decode("utf-8")
    except UnicodeDecodeError:
        return str(folder)
