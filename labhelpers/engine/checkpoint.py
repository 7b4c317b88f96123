"""A run's store: what is saved of it, when, and how it goes on from there."""

import contextlib
import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from torch import Tensor, nn

from labhelpers.engine.format import CHECKPOINT, PREVIOUS, decoded, encoded, read_checkpoint
from labhelpers.session import random_state
from labhelpers.store.files import reported, write_atomically, write_json
from labhelpers.store.fingerprint import describe, differences, digest

SAVE_SECONDS = 30.0  # inside an epoch, save at most this often; after a failure, try again then
SAVE_SHARE = 0.01  # of the time may go into saving; a resume is exact from any checkpoint


# Folder → weights that a failed call left in memory, and the state from which it had begun.
_failed: dict[Path, tuple[str, dict[str, Any]]] = {}


@dataclass
class Progress:
    """How far a run has come: with the weights, all that an exact resume needs."""

    history: list[dict[str, float]] = field(default_factory=list)  # a row per finished epoch
    step: int = 0  # steps done of the running epoch
    examples: int = 0  # examples in those steps
    sums: dict[str, float] = field(default_factory=dict)  # metric × examples over those steps
    seconds: float = 0.0  # spent training so far, over all sittings
    best: dict[str, Any] = field(default_factory=dict)  # the weights after the best epoch
    epoch_start: dict[str, Any] = field(default_factory=dict)  # generators as the epoch began
    now: dict[str, Any] = field(default_factory=dict)  # the same at the last checkpoint


class RunStore:
    """Saves and restores the objects in `state`, a run's progress and every random generator.

    `folder` is where the checkpoint lies, None keeps nothing; `state` holds, by name, objects with
    `state_dict` or `torch.Generator`s; `choices` is the fingerprint, less the initial weights. With
    `keep_gradients` the gradients are saved too, for steps that accumulate them.
    """

    def __init__(
        self,
        folder: Path | None,
        state: dict[str, Any],
        choices: dict[str, Any],
        keep_gradients: bool = False,
    ) -> None:
        self.folder = folder
        self.progress = Progress()
        self.keep_gradients = keep_gradients
        self.generators = [item for item in state.values() if isinstance(item, torch.Generator)]
        modules = {name: item for name, item in state.items() if isinstance(item, nn.Module)}
        self.modules = nn.ModuleDict(modules)
        plain = (nn.Module, torch.Generator)
        others = {name: item for name, item in state.items() if not isinstance(item, plain)}
        self.objects = {"all modules": self.modules, **others}
        self.fingerprint = choices
        self._saved_at = time.monotonic()
        self._wait = 0.0  # seconds until a save is due again
        self._was_read_back = False
        if folder:
            self._begin(folder)

    def _begin(self, folder: Path) -> None:
        """Note the initial weights; after a call that failed, put back what it had begun from."""
        left, initial = _failed.pop(folder, ("", {}))
        if left and left == self._weights():
            self._restore(initial)
        self._initial = copy.deepcopy(self._states())
        self.fingerprint = self.fingerprint | {"initial weights": self._weights()}

    def failed(self) -> None:
        """Remember, after an error, that the objects in memory are half trained."""
        if self.folder:
            _failed[self.folder] = (self._weights(), self._initial)

    def _weights(self) -> str:
        return digest(describe(self.modules.state_dict()))

    def _states(self) -> dict[str, Any]:
        states = {name: item.state_dict() for name, item in self.objects.items()}
        return states | {"own generators": [item.get_state() for item in self.generators]}

    def _restore(self, states: dict[str, Any]) -> None:
        for name, item in self.objects.items():
            item.load_state_dict(states[name])
        for generator, saved in zip(self.generators, states["own generators"], strict=True):
            generator.set_state(saved)

    def load(self) -> str:
        """Restore the newest sound checkpoint of the same fingerprint; return what stood in the
        way.
        """
        saved, trouble = read_checkpoint(self.folder) if self.folder else (None, "")
        if saved is None:
            return trouble and f"{trouble}: starting afresh"
        asked, hint = self.fingerprint, ""
        left = [saved["objects"]["all modules"], saved["progress"]["best"]]
        if asked["initial weights"] in [digest(describe(weights)) for weights in left]:
            # The cell was run again with the model that this run has already trained.
            asked = asked | {"initial weights": saved["fingerprint"]["initial weights"]}
            hint = ", from the weights the last run left: build the model again for a clean start"
        changed = ", ".join(differences(saved["fingerprint"], asked))
        if changed:
            reason = f"starting afresh, because {changed}{hint}"
            return f"{trouble}; {reason}" if trouble else reason
        self.fingerprint = asked
        self.progress = Progress(**saved["progress"])
        for name, item in self.objects.items():
            item.load_state_dict(saved["objects"][name])
        for generator, drawn in zip(self.generators, self.progress.now["own"], strict=True):
            generator.set_state(drawn)
        self._set_gradients(saved["gradients"])
        return trouble and f"{trouble}: going on from the one before"

    def save(self) -> None:
        """Write a checkpoint and `history.json`, unless a weight is no longer finite."""
        if not self.folder or not self.is_finite():
            return
        begun = time.monotonic()
        self.progress.now = random_state(self.generators)
        objects = {name: item.state_dict() for name, item in self.objects.items()}
        payload = {
            "fingerprint": self.fingerprint,
            "objects": objects,
            "progress": vars(self.progress),
            "gradients": self._gradients(),
        }
        if not self._was_read_back:
            _require_readable(payload, objects)
            self._was_read_back = True
        content = encoded(payload)
        saved = reported(self._write, content, where=self.folder)
        self._saved_at = time.monotonic()
        # A drive that was away comes back: that the attempt took long is no reason to save seldom.
        self._wait = (self._saved_at - begun) / SAVE_SHARE if saved else SAVE_SECONDS

    def _write(self, content: bytes) -> None:
        assert self.folder is not None
        # Together: a drive that is away is waited for, and reported, once.
        write_atomically(self.folder / CHECKPOINT, content, keep=self.folder / PREVIOUS)
        write_json(self.folder / "history.json", self.progress.history)

    def save_if_due(self) -> None:
        """Save unless that would cost more than its share of the time, or comes too soon."""
        least = SAVE_SECONDS if self.progress.step else 0.0
        if time.monotonic() - self._saved_at >= max(self._wait, least):
            self.save()

    def learned(self) -> nn.ModuleDict:
        """Return the modules that have parameters. An environment or a replay memory, which have
        none, may be large, and is no part of the best model.
        """
        items = self.modules.items()
        return nn.ModuleDict(
            {name: item for name, item in items if any(True for _ in item.parameters())}
        )

    def is_finite(self) -> bool:
        """Whether no parameter has become infinite or NaN."""
        return all(bool(parameter.isfinite().all()) for parameter in self.modules.parameters())

    def _gradients(self) -> dict[str, Tensor]:
        if not self.keep_gradients:
            return {}
        named = self.modules.named_parameters()
        return {name: weight.grad for name, weight in named if weight.grad is not None}

    def _set_gradients(self, gradients: dict[str, Tensor]) -> None:
        for name, parameter in self.modules.named_parameters():
            if name in gradients:
                parameter.grad = gradients[name].to(parameter.device)

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Hold the run's folder for the block; say so while another notebook has it, and wait."""
        if not self.folder:
            yield
            return
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            print(f"{name} is being trained by another notebook: waiting until it is done there")
            lock.acquire()
        except (OSError, NotImplementedError):  # a drive without locks: as before there were any
            pass
        try:
            yield
        finally:
            lock.release()


def _require_readable(payload: dict[str, Any], objects: dict[str, Any]) -> None:
    """Read a first checkpoint back at once, and name what cannot be: now, not when needed."""
    try:
        decoded(encoded(payload))
    except Exception as whole:  # torch names a type, not where it was found
        for name, state in objects.items():
            try:
                decoded(encoded({"state": state}))
            except Exception as error:
                reason = str(error).splitlines()[0][:120]
                fix = "give state_dict() tensors, numbers, text, lists and dicts only"
                raise TypeError(f"state[{name!r}] cannot be read back ({reason}): {fix}") from error
        raise TypeError(f"the checkpoint cannot be read back: {whole}") from whole
