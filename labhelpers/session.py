"""The session: device, budget, seed and folders, chosen once at the top of a notebook."""

from __future__ import annotations

import contextlib
import os
import random
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

BUDGETS = ("smoke", "laptop", "full")
T = TypeVar("T")


@dataclass(frozen=True)
class Session:
    """What every helper needs to know: where to compute, how much, and where to write."""

    device: torch.device
    budget: str
    seed: int
    data: Path  # data sets as downloaded
    runs: Path  # everything that a run writes
    figures: Path  # pictures and results.json
    quiet: bool = False  # True in the workers of a study: no bars, no lines

    def pick(self, *, smoke: T, laptop: T, full: T) -> T:
        """Return the value that belongs to this session's budget."""
        return {"smoke": smoke, "laptop": laptop, "full": full}[self.budget]

    def run_folder(self, name: str) -> Path:
        """Return the folder of the run called `name`, such as ``"01/baseline"``, creating it.

        Raises:
            ValueError: the name is empty or would lead out of the runs folder.
            PermissionError: the folder cannot be written.
        """
        if not re.fullmatch(r"[A-Za-z0-9_][\w.\-]*(/[A-Za-z0-9_][\w.\-]*)*", name, re.ASCII):
            raise ValueError(
                f"run name {name!r} is not allowed: it has to stay inside {self.runs}/, so use letters, "
                'digits, "-", "_", "." and "/", as in "01/baseline"'
            )
        return writable(self.runs / name)


def setup(seed: int = 0, device: str | None = None, budget: str | None = None) -> Session:
    """Start a session: seed the generators, choose device and budget, set the plot theme.

    Args:
        seed: seeds Python, NumPy and PyTorch; runs and shuffles derive theirs from it.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``; the GPU if there is one.
        budget: ``"smoke"``, ``"laptop"`` or ``"full"``; else `LABHELPERS_BUDGET`; else ``"full"``
            with a GPU and ``"laptop"`` without.

    Returns:
        The session, which is also the one that all helpers use from now on.

    Raises:
        ValueError: the device or the budget is unknown.
        PermissionError: the runs folder cannot be written.
    """
    chosen_device = _device(device)
    budget = budget or os.environ.get("LABHELPERS_BUDGET") or ("laptop" if chosen_device.type == "cpu" else "full")
    if budget not in BUDGETS:
        raise ValueError(f"unknown budget {budget!r}: choose from {', '.join(BUDGETS)}")
    home = _home()
    runs = Path(os.environ.get("LABHELPERS_RUNS") or home / "runs").expanduser().resolve()
    session = Session(
        device=chosen_device,
        budget=budget,
        seed=seed,
        data=Path(os.environ.get("LABHELPERS_DATA") or home / "data").expanduser().resolve(),
        runs=writable(runs),
        figures=home / "figures" if os.environ.get("LABHELPERS_PUBLISH") else runs / "figures",
    )
    use(session)
    seed_everything(seed)
    from labhelpers.plots import use_theme

    use_theme()
    threads = torch.get_num_threads()
    place = f"{session.device} ({threads} threads)" if session.device.type == "cpu" else str(session.device)
    with contextlib.suppress(ValueError):  # a shorter name, when the folder lies below this one
        runs = runs.relative_to(home)
    print(f"{place} · {budget} budget · torch {torch.__version__.split('+')[0]} · {runs}/")
    return session


def current() -> Session:
    """Return the session in use; the first call starts a default one."""
    return _session or setup()


def use(session: Session) -> None:
    """Make `session` the one in use, with deterministic cuDNN kernels so that a run repeats exactly."""
    global _session
    _session = session
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True


@contextlib.contextmanager
def hushed(session: Session) -> Iterator[None]:
    """Use `session` without bars and lines, on one CPU thread, and put everything back afterwards."""
    before, threads = _session, torch.get_num_threads()
    use(replace(session, quiet=True))
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        globals()["_session"] = before


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and PyTorch's global generators (all devices)."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def random_state() -> dict[str, Any]:
    """Return the state of every global generator, in types that ``torch.load(weights_only=True)`` takes."""
    name, keys, position, has_gauss, cached = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": (
            name,
            torch.from_numpy(keys.astype(np.int64)),
            int(position),
            int(has_gauss),
            float(cached),
        ),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Put every global generator back into a state that `random_state` returned."""
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])


@contextlib.contextmanager
def isolated_random_state(seed: int) -> Iterator[None]:
    """Seed the global generators for the block and put them back afterwards.

    A run therefore depends on its own seed only, and the cells after it draw the same numbers
    whether it was trained, resumed or loaded.
    """
    before = random_state()
    seed_everything(seed)
    try:
        yield
    finally:
        set_random_state(before)


def writable(folder: Path) -> Path:
    """Create `folder` and return it, or raise a PermissionError that says what to do."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise PermissionError(
            f"cannot write to {folder} ({error.strerror}): set LABHELPERS_RUNS to a folder you can write"
        ) from error
    return folder


def _device(name: str | None) -> torch.device:
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    available = ["cpu"]
    if torch.cuda.is_available():
        available += ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        available.append("mps")
    if name not in available:
        raise ValueError(f"device {name!r} is not available here: choose from {', '.join(available)}")
    return torch.device(name)


def _home() -> Path:
    """The checkout that holds this package, or the current folder when installed without one (Colab)."""
    checkout = Path(__file__).resolve().parents[1]
    return checkout if (checkout / "notebooks").is_dir() else Path.cwd()


_session: Session | None = None
