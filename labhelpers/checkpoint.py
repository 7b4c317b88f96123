"""Checkpoints: atomic to write, verified to load, exact to resume from."""

import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from labhelpers.fingerprint import describe, differences, digest
from labhelpers.session import random_state

SAVE_SECONDS = 30.0  # inside an epoch, save at most this often
SAVE_SHARE = 0.01  # of the time may go into saving; a resume is exact from any checkpoint
WAITS = (1.0, 3.0, 9.0)  # seconds before a failed write is tried again: a mounted drive can drop out for a while
CHECKPOINT, PREVIOUS = "checkpoint.pt", "checkpoint.previous.pt"
_NUMPY_NUMBERS = [type(np.dtype(kind)) for kind in (np.bool_, np.int32, np.int64, np.float32, np.float64)]
torch.serialization.add_safe_globals([np.float64().__reduce__()[0], np.dtype, *_NUMPY_NUMBERS])  # as in lr=table.lr


def write_atomically(path: Path, content: bytes, keep: Path | None = None) -> None:
    """Write `content` so that `path`, or `keep` that gets what it held before, is whole at every instant.

    A write that fails is tried again, after each of `WAITS`, before its OSError is raised.
    """
    partial = path.with_name(path.name + ".part")
    for wait in (*WAITS, None):
        try:
            with open(partial, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if keep and path.exists():
                path.replace(keep)
            partial.replace(path)
            return
        except OSError:
            if wait is None:
                raise
            time.sleep(wait)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    write_atomically(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())


def read_checkpoint(folder: Path) -> tuple[dict[str, Any] | None, str]:
    """Return the newest sound checkpoint in `folder`, or None, and a sentence on what was damaged, or "".

    Nothing is unpickled but tensors and plain containers (``weights_only=True``), and the CRC of each
    record is checked first: `torch.load` itself does not notice a flipped bit. A damaged file is
    put aside as ``<name>.damaged``, so that it never takes the place of a sound one.
    """
    troubles = []
    for path in (folder / CHECKPOINT, folder / PREVIOUS):
        if not path.exists():
            continue
        content = io.BytesIO(path.read_bytes())
        try:
            if broken := zipfile.ZipFile(content).testzip():
                raise ValueError(f"the record {broken} fails its checksum")
            content.seek(0)
            return torch.load(content, map_location="cpu", weights_only=True), " and ".join(troubles)
        except Exception as error:  # a damaged file can fail anywhere in zip, pickle or torch: all are reported
            path.replace(path.with_name(path.name + ".damaged"))
            troubles.append(f"{path.name} is damaged ({(str(error) or repr(error)).splitlines()[0][:80]})")
    return None, " and ".join(troubles)


@dataclass
class Progress:
    """How far a run has come: with the weights, all that an exact resume needs."""

    history: list[dict[str, float]] = field(default_factory=list)  # a row per finished epoch
    step: int = 0  # steps done of the running epoch
    examples: int = 0  # examples in those steps
    sums: dict[str, float] = field(default_factory=dict)  # metric × examples over those steps
    seconds: float = 0.0  # spent training so far, over all sittings
    best: dict[str, Any] = field(default_factory=dict)  # the modules' weights after the best epoch
    epoch_start: dict[str, Any] = field(default_factory=dict)  # every generator's state when the running epoch began
    now: dict[str, Any] = field(default_factory=dict)  # the same at the last checkpoint


class RunStore:
    """Saves and restores the objects in `state`, a run's progress and every random generator.

    `folder` is where the checkpoint lies, None keeps nothing; `state` holds, by name, objects with `state_dict`
    or `torch.Generator`s; `choices` is the fingerprint, less the initial weights.
    """

    def __init__(self, folder: Path | None, state: dict[str, Any], choices: dict[str, Any]) -> None:
        self.folder, self.progress = folder, Progress()
        self.generators = [item for item in state.values() if isinstance(item, torch.Generator)]
        self.modules = nn.ModuleDict({name: item for name, item in state.items() if isinstance(item, nn.Module)})
        others = {name: item for name, item in state.items() if not isinstance(item, nn.Module | torch.Generator)}
        self.objects = {"all modules": self.modules, **others}
        self._saved_at, self._save_cost = time.monotonic(), 0.0
        initial = {"initial weights": digest(describe(self.modules.state_dict()))} if folder else {}
        self.fingerprint = choices | initial

    def load(self) -> str:
        """Restore the newest sound checkpoint of the same fingerprint; return what stood in the way, or ""."""
        saved, trouble = read_checkpoint(self.folder) if self.folder else (None, "")
        if saved is None:
            return trouble and f"{trouble}: starting afresh"
        asked, hint = self.fingerprint, ""
        left = [digest(describe(weights)) for weights in (saved["objects"]["all modules"], saved["progress"]["best"])]
        if asked["initial weights"] in left:  # the cell was run again with the model that this run has already trained
            asked = asked | {"initial weights": saved["fingerprint"]["initial weights"]}
            hint = ", from the weights the last run left: build the model again for a clean start"
        changed = ", ".join(differences(saved["fingerprint"], asked))
        if changed:
            return "; ".join(filter(None, [trouble, f"starting afresh, because {changed}{hint}"]))
        self.fingerprint, self.progress = asked, Progress(**saved["progress"])
        for name, item in self.objects.items():
            item.load_state_dict(saved["objects"][name])
        return trouble and f"{trouble}: going on from the one before"

    def save(self) -> None:
        """Write a checkpoint and `history.json`, unless a weight is no longer finite: the last good ones stay."""
        if not self.folder or not self.is_finite():
            return
        begun, buffer = time.monotonic(), io.BytesIO()
        self.progress.now = random_state(self.generators)
        objects = {name: item.state_dict() for name, item in self.objects.items()}
        torch.save({"fingerprint": self.fingerprint, "objects": objects, "progress": vars(self.progress)}, buffer)
        self.reported(self._write, buffer.getvalue())
        self._saved_at = time.monotonic()
        self._save_cost = self._saved_at - begun

    def _write(self, content: bytes) -> None:  # together: a drive that is away is waited for, and reported, once
        write_atomically(self.folder / CHECKPOINT, content, keep=self.folder / PREVIOUS)
        write_json(self.folder / "history.json", self.progress.history)

    def save_if_due(self) -> None:
        """Save unless that would cost more than its share of the time, or comes too soon inside an epoch."""
        wait = max(self._save_cost / SAVE_SHARE, SAVE_SECONDS if self.progress.step else 0.0)
        if time.monotonic() - self._saved_at >= wait:
            self.save()

    def reported(self, write: Callable[..., None], *what: Any) -> None:
        """Call `write`, and say so when the folder cannot be written: a drive that dropped out must not end a run."""
        try:
            write(*what)
        except OSError as error:
            print(f"NOT saved: {self.folder} cannot be written ({error.strerror or error})")

    def is_finite(self) -> bool:
        """Whether no parameter has become infinite or NaN."""
        return all(bool(parameter.isfinite().all()) for parameter in self.modules.parameters())
