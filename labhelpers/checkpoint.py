"""Checkpoints: atomic to write, verified to load, exact to resume from."""

import copy
import dataclasses
import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from labhelpers.fingerprint import describe, differences, digest
from labhelpers.session import random_state, set_random_state

SAVE_SECONDS = 30.0  # inside an epoch, save at most this often
SAVE_SHARE = 0.02  # of the time may go into saving; a resume is exact from any checkpoint
CHECKPOINT, PREVIOUS = "checkpoint.pt", "checkpoint.previous.pt"


def write_atomically(path: Path, content: bytes, keep: Path | None = None) -> None:
    """Write `content` so that `path`, or `keep` that gets what it held before, is whole at every instant."""
    partial = path.with_name(path.name + ".part")
    with open(partial, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if keep and path.exists():
        path.replace(keep)
    partial.replace(path)


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
            broken = zipfile.ZipFile(content).testzip()
            if broken:
                raise ValueError(f"the record {broken} fails its checksum")
            content.seek(0)
            return torch.load(content, map_location="cpu", weights_only=True), " and ".join(troubles)
        except Exception as error:  # a damaged file can fail anywhere in zip, pickle or torch: all are reported
            path.replace(path.with_name(path.name + ".damaged"))
            troubles.append(f"{path.name} is damaged ({(str(error) or repr(error)).splitlines()[0][:80]})")
    return None, " and ".join(troubles)


@dataclass
class Progress:
    """How far a run has come: with weights and generators, all that an exact resume needs."""

    history: list[dict[str, float]] = field(default_factory=list)  # a row per finished epoch
    step: int = 0  # steps done of the running epoch
    examples: int = 0  # examples in those steps
    sums: dict[str, float] = field(default_factory=dict)  # metric × examples over those steps
    seconds: float = 0.0  # spent training so far, over all sittings

    def close_epoch(self, row: dict[str, float]) -> None:
        """Add the finished epoch's numbers to the history and start counting anew."""
        self.history.append(row)
        self.step, self.examples, self.sums = 0, 0, {}


class RunStore:
    """Saves and restores the objects in `state`, a run's progress and every random generator.

    `folder` is where the checkpoint lies, None keeps nothing; `state` holds, by name, objects with `state_dict`
    or `torch.Generator`s; `choices` returns the fingerprint, less the initial weights.
    """

    def __init__(self, folder: Path | None, state: dict[str, Any], choices: Callable[[], dict[str, Any]]) -> None:
        self.folder = folder
        self.progress = Progress()
        self.modules = {name: item for name, item in state.items() if isinstance(item, nn.Module)}
        self.generators = {name: item for name, item in state.items() if isinstance(item, torch.Generator)}
        self.objects = {name: item for name, item in state.items() if name not in self.generators}
        self.best: dict[str, Any] = {}  # the modules' weights after the best epoch
        self.epoch_start: dict[str, Any] = {}  # randomness when the running epoch began
        self._now: dict[str, Any] = {}  # randomness at the checkpoint that was loaded
        self._saved_at, self._save_cost = time.monotonic(), 0.0
        if folder:
            self.fingerprint = choices() | {"initial weights": self._hash(self._captured())}

    def load(self) -> str:
        """Restore the newest sound checkpoint of the same fingerprint; return what stood in the way, or ""."""
        saved, trouble = read_checkpoint(self.folder) if self.folder else (None, "")
        if saved is None:
            return trouble and f"{trouble}: starting afresh"
        initial = self.fingerprint["initial weights"]
        left = {self._hash(saved["objects"]), self._hash(saved["best"])}
        if initial in left:  # the cell was run again with the model that this run has already trained
            self.fingerprint["initial weights"] = saved["fingerprint"]["initial weights"]
        changed = ", ".join(differences(saved["fingerprint"], self.fingerprint))
        if changed:
            self.fingerprint["initial weights"] = initial
            hint = ", from the weights the last run left: build the model again for a clean start" * (initial in left)
            return "; ".join(filter(None, [trouble, f"starting afresh, because {changed}{hint}"]))
        for name, item in self.objects.items():
            item.load_state_dict(saved["objects"][name])
        self.best, self.epoch_start, self._now = saved["best"], saved["epoch_start"], saved["now"]
        self.progress = Progress(**saved["progress"])
        return trouble and f"{trouble}: going on from the one before"

    def save(self) -> None:
        """Write a checkpoint and `history.json`, unless a weight is no longer finite: the last good ones stay."""
        if not self.folder or not self.is_finite():
            return
        begun = time.monotonic()
        buffer, progress = io.BytesIO(), dataclasses.asdict(self.progress)
        kept = {"best": self.best, "epoch_start": self.epoch_start, "now": self.randomness()}
        payload = {"fingerprint": self.fingerprint, "progress": progress, "objects": self._captured(), **kept}
        torch.save(payload, buffer)
        write_atomically(self.folder / CHECKPOINT, buffer.getvalue(), keep=self.folder / PREVIOUS)
        write_json(self.folder / "history.json", self.progress.history)
        self._saved_at = time.monotonic()
        self._save_cost = self._saved_at - begun

    def save_if_due(self) -> None:
        """Save unless that would cost more than its share of the time, or comes too soon inside an epoch."""
        wait = max(self._save_cost / SAVE_SHARE, SAVE_SECONDS if self.progress.step else 0.0)
        if self.folder and time.monotonic() - self._saved_at >= wait:
            self.save()

    def is_finite(self) -> bool:
        """Whether no parameter has become infinite or NaN."""
        return all(bool(p.isfinite().all()) for module in self.modules.values() for p in module.parameters())

    def set_training(self, mode: bool) -> None:
        """Put all modules into `train()` mode, or into `eval()` mode."""
        for module in self.modules.values():
            module.train(mode)

    def keep_best(self) -> None:
        """Remember the modules' weights as those of the best epoch."""
        self.best = copy.deepcopy({name: module.state_dict() for name, module in self.modules.items()})

    def restore_best(self) -> None:
        """Put the best epoch's weights back, if any were kept."""
        for name, weights in self.best.items():
            self.modules[name].load_state_dict(weights)

    def randomness(self) -> dict[str, Any]:
        """Return the states of the global generators and of those in `state`."""
        return {"global": random_state(), "own": {name: g.get_state() for name, g in self.generators.items()}}

    def restore_randomness(self, saved: dict[str, Any] | None = None) -> None:
        """Put generators back to `saved`, or to where the loaded checkpoint had them."""
        saved = saved or self._now
        if saved:
            set_random_state(saved["global"])
            for name, generator in self.generators.items():
                generator.set_state(saved["own"][name])

    def _captured(self) -> dict[str, Any]:
        return {name: item.state_dict() for name, item in self.objects.items()}

    def _hash(self, state_dicts: dict[str, Any]) -> str:
        """A hash of the modules' weights; "" when there are none."""
        found = {name: weights for name, weights in state_dicts.items() if name in self.modules}
        return digest(describe(found)) if found else ""
