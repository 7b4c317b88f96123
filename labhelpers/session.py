"""The session: device, budget, seed and folders, chosen once at the top of a notebook."""

import contextlib
import importlib
import os
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
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

        Raises ValueError for a name that could leave the runs folder, PermissionError if it cannot be written.
        """
        if not re.fullmatch(r"[A-Za-z0-9_][\w.\-]*(/[A-Za-z0-9_][\w.\-]*)*", name, re.ASCII):
            raise ValueError(
                f"run name {name!r} is not allowed: it has to stay inside {self.runs}/, so use letters, "
                'digits, "-", "_", "." and "/", as in "01/baseline"'
            )
        return writable(self.runs / name)


def setup(seed: int = 0, device: str | None = None, budget: str | None = None, wandb: str | None = None) -> Session:
    """Start and return the session that all helpers use: seed, device, budget, folders and plot theme.

    Args:
        seed: seeds Python, NumPy and PyTorch; runs and shuffles derive theirs from it.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``; the GPU if there is one.
        budget: ``"smoke"``, ``"laptop"`` or ``"full"``; else `LABHELPERS_BUDGET`; else ``"full"``
            with a GPU and ``"laptop"`` without.
        wandb: a project of Weights & Biases that follows the TensorBoard events of all runs; needs that package.

    Raises ValueError for an unknown device or budget, PermissionError if the runs folder cannot be written.
    """
    global _session
    device = _device(device)
    budget = budget or os.environ.get("LABHELPERS_BUDGET") or ("laptop" if device.type == "cpu" else "full")
    if budget not in BUDGETS:
        known = ", ".join(BUDGETS)
        raise ValueError(f"unknown budget {budget!r}: choose from {known}, as an argument or in LABHELPERS_BUDGET")
    checkout = Path(__file__).resolve().parents[1]  # holds the notebooks, unless installed without them (Colab)
    home = checkout if (checkout / "notebooks").is_dir() else Path.cwd()
    data = Path(os.environ.get("LABHELPERS_DATA") or home / "data").expanduser().resolve()
    runs = Path(os.environ.get("LABHELPERS_RUNS") or home / "runs").expanduser().resolve()
    figures = home / "figures" if os.environ.get("LABHELPERS_PUBLISH") else runs / "figures"
    session = _session = Session(device, budget, seed, data, writable(runs), figures)
    seed_everything(seed)
    from labhelpers.plots import use_theme

    use_theme()
    if wandb and (client := importlib.import_module("wandb")).run is None:  # once, however often the cell is run
        client.tensorboard.patch(root_logdir=str(runs))  # names metrics after their run, "01/baseline/loss"
        client.init(project=wandb, dir=runs, sync_tensorboard=True)
    place = f"cpu ({torch.get_num_threads()} threads)" if device.type == "cpu" else str(device)
    with contextlib.suppress(ValueError):  # a shorter name, when the folder lies below this one
        runs = runs.relative_to(home)
    print(f"{place} · {budget} budget · torch {torch.__version__.split('+')[0]} · {runs}/")
    return session


_session: Session | None = None


def current() -> Session:
    """Return the session in use; the first call starts a default one."""
    return _session or setup()


@contextlib.contextmanager
def hushed(session: Session) -> Iterator[None]:
    """Use `session` without bars and lines, on one CPU thread, and put everything back afterwards."""
    global _session
    before, threads = _session, torch.get_num_threads()
    _session = replace(session, quiet=True)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        _session = before


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and PyTorch's global generators (all devices), and have cuDNN repeat itself exactly."""
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def random_state(own: Sequence[torch.Generator] = ()) -> dict[str, Any]:
    """Return the state of every global generator and of `own`, in types that `torch.load` takes unpickled."""
    name, keys, *rest = np.random.get_state()
    state = {"python": random.getstate(), "numpy": (name, keys.tolist(), *rest), "torch": torch.get_rng_state()}
    return state | {"cuda": torch.cuda.get_rng_state_all(), "own": [generator.get_state() for generator in own]}


def set_random_state(state: dict[str, Any], own: Sequence[torch.Generator] = ()) -> None:
    """Put every global generator, and `own`, back into a state that `random_state` returned."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    if len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
    for generator, saved in zip(own, state["own"], strict=True):
        generator.set_state(saved)


@contextlib.contextmanager
def isolated_random_state(seed: int) -> Iterator[None]:
    """Seed the global generators for the block and put them back afterwards.

    The cells after a run therefore draw the same numbers whether it was trained, resumed or loaded.
    """
    before = random_state()
    seed_everything(seed)
    try:
        yield
    finally:
        set_random_state(before)


def writable(folder: Path, variable: str = "LABHELPERS_RUNS") -> Path:
    """Create `folder` and return it, or raise a PermissionError naming the `variable` that moves it elsewhere."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        fix = f"set {variable} to a folder you can write"
        raise PermissionError(f"cannot write to {folder} ({error.strerror}): {fix}") from error
    return folder


def _device(name: str | None) -> torch.device:
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    cuda = ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))] if torch.cuda.is_available() else []
    available = ["cpu", *cuda, *(["mps"] if torch.backends.mps.is_available() else [])]
    if str(name) not in available:
        raise ValueError(f"device {name!r} is not available here: choose from {', '.join(available)}")
    return torch.device(name)
