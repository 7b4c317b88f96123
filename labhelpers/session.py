"""The session: device, budget, seed and folders, chosen once at the top of a notebook."""

import contextlib
import importlib
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import torch

from labhelpers.seeds import isolated_random_state as isolated_random_state
from labhelpers.seeds import random_state as random_state
from labhelpers.seeds import seed_everything as seed_everything
from labhelpers.seeds import set_random_state as set_random_state
from labhelpers.theme import use_theme

BUDGETS = ("smoke", "laptop", "full")
T = TypeVar("T")


@dataclass(frozen=True)
class Session:
    """What every helper needs to know: where to compute, how much, and where to write.

    Example:
        >>> lab.setup(device="cpu", budget="smoke").pick(smoke=1, laptop=10, full=30)
        cpu ...
        1
    """

    device: torch.device
    budget: str
    seed: int
    data: Path  # data sets as downloaded
    runs: Path  # everything that a run writes
    figures: Path  # pictures and results.json
    quiet: bool = False  # True in the workers of a study: no bars, no lines
    sources: dict[str, str] = field(
        default_factory=dict
    )  # by name, data in use that is not the original

    @property
    def fingerprint(self) -> list[str]:
        """What of a session can change a result: not its folders, nor what else was loaded.

        The device is kept beside the rows that were measured on it.
        """
        return ["session", self.budget, f"seed {self.seed}"]

    def pick(self, *, smoke: T, laptop: T, full: T) -> T:
        """Return the value that belongs to this session's budget."""
        return {"smoke": smoke, "laptop": laptop, "full": full}[self.budget]

    def run_folder(self, name: str) -> Path:
        """Return the folder of the run called `name`, such as ``"01/baseline"``, creating it.

        Raises ValueError for a name that could leave the runs folder, PermissionError if it cannot
        be written.
        """
        if not re.fullmatch(r"[A-Za-z0-9_][\w.\-]*(/[A-Za-z0-9_][\w.\-]*)*", name, re.ASCII):
            raise ValueError(
                f"run name {name!r} is not allowed: it has to stay inside {self.runs}/, so use "
                "letters, "
                'digits, "-", "_", "." and "/", as in "01/baseline"'
            )
        return writable(self.runs / name)


def setup(
    seed: int = 0,
    device: str | None = None,
    budget: str | None = None,
    wandb: str | None = None,
) -> Session:
    """Start and return the session that all helpers use: seed, device, budget, folders, plot theme.

    Args:
        seed: seeds Python, NumPy and PyTorch; runs and shuffles derive theirs from it.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``; by default the NVIDIA GPU if there
            is one. Apple's GPU is used when it is asked for.
        budget: ``"smoke"``, ``"laptop"`` or ``"full"``; else `LABHELPERS_BUDGET`; else ``"full"``
            with a GPU and ``"laptop"`` without.
        wandb: a project of Weights & Biases that follows the TensorBoard events of all runs; needs
            that package.

    Raises ValueError for an unknown device or budget, PermissionError if the runs folder cannot be
    written.

    Example:
        >>> session = lab.setup(seed=0, device="cpu", budget="smoke")  # doctest: +ELLIPSIS
        cpu (... thread...) · smoke budget · torch ...
    """
    global _session
    chosen = _device(device)
    base = home()
    data = _folder("LABHELPERS_DATA", base / "data")
    runs = _folder("LABHELPERS_RUNS", base / "runs")
    chosen_budget = _budget(budget, chosen)
    figures = runs / "figures"
    if os.environ.get("LABHELPERS_PUBLISH"):
        figures = published_figures(base, chosen_budget)
    # What is loaded stays loaded when the setup cell is run again, and so does what it is.
    sources = _session.sources if _session else {}
    _session = Session(chosen, chosen_budget, seed, data, writable(runs), figures, sources=sources)
    seed_everything(seed)
    use_theme()
    if wandb:
        _follow_with_wandb(wandb, runs)
    _say_hello(_session)
    return _session


def published_figures(base: Path, budget: str) -> Path:
    """Return the folder of published figures and results, one for each budget."""
    return base / "figures" / ("" if budget == "laptop" else budget)


def _budget(asked: str | None, device: torch.device) -> str:
    usual = "laptop" if device.type == "cpu" else "full"
    budget = asked or os.environ.get("LABHELPERS_BUDGET") or usual
    if budget not in BUDGETS:
        known = ", ".join(BUDGETS)
        where = "as an argument or in LABHELPERS_BUDGET"
        raise ValueError(f"unknown budget {budget!r}: choose from {known}, {where}")
    return budget


def _folder(variable: str, usual: Path) -> Path:
    return Path(os.environ.get(variable) or usual).expanduser().resolve()


def _follow_with_wandb(project: str, runs: Path) -> None:
    client = importlib.import_module("wandb")
    if client.run is not None:
        return  # once, however often the setup cell is run
    client.tensorboard.patch(
        root_logdir=str(runs)
    )  # metrics get their run's name, "01/baseline/loss"
    client.init(project=project, dir=runs, sync_tensorboard=True)


def _say_hello(session: Session) -> None:
    device = session.device
    threads = f"{(n := torch.get_num_threads())} thread{'s' * (n != 1)}"
    place = f"cpu ({threads})" if device.type == "cpu" else str(device)
    version = torch.__version__.split("+")[0]
    print(f"{place} · {session.budget} budget · torch {version} · {shown(session.runs)}/")
    if device.type == "cpu" and torch.backends.mps.is_available():
        print('This machine has an Apple GPU: lab.setup(device="mps") uses it')


_session: Session | None = None


def current() -> Session:
    """Return the session in use; the first call starts a default one."""
    return _session or setup()


@contextlib.contextmanager
def hushed(session: Session) -> Iterator[None]:
    """Use `session` without bars and lines, on one CPU thread, and put all back afterwards."""
    global _session
    before, threads = _session, torch.get_num_threads()
    _session = replace(session, quiet=True)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        _session = before


def home() -> Path:
    """Return the folder that holds ``data/`` and ``runs/``: the checkout, else the current folder.

    The checkout is looked for at the package itself, then from the current folder upward, so that
    an installation that is not editable finds it from inside.
    """
    here = Path.cwd()
    for folder in (Path(__file__).resolve().parents[1], here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    return here


def shown(folder: Path) -> Path:
    """Return a folder's name as it is printed: relative to `home`, where it lies below it."""
    return folder.relative_to(home()) if folder.is_relative_to(home()) else folder


def notebook_name() -> str:
    """Return the running notebook's name without its ending, or "unknown".

    `LABHELPERS_NOTEBOOK` says it where notebooks are executed by a tool; JupyterLab tells its
    kernels, and VS Code leaves a variable in the notebook's namespace.
    """
    told = os.environ.get("LABHELPERS_NOTEBOOK") or os.environ.get("JPY_SESSION_NAME")
    main = sys.modules.get("__main__")
    told = told or getattr(main, "__vsc_ipynb_file__", None)
    return Path(told).stem if told else "unknown"


def device_name() -> str:
    """Return the name of the session's device, such as that of its GPU."""
    device = current().device
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)


def versions() -> dict[str, str]:
    """Return the versions that numbers depend on: Python's and PyTorch's."""
    return {"python": platform.python_version(), "torch": torch.__version__}


def writable(folder: Path, variable: str = "LABHELPERS_RUNS") -> Path:
    """Create `folder` and return it, or raise a PermissionError naming the `variable` that moves it
    elsewhere.
    """
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
    cuda = (
        ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        if torch.cuda.is_available()
        else []
    )
    available = ["cpu", *cuda, *(["mps"] if torch.backends.mps.is_available() else [])]
    if str(name) not in available:
        raise ValueError(
            f"device {name!r} is not available here: choose from {', '.join(available)}"
        )
    return torch.device(name)
