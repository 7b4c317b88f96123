"""`study`: one experiment over a grid and several seeds; `interval` and `claim`: what its numbers allow to say."""

import itertools
import json
import math
import os
import platform
import statistics
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tqdm import tqdm

if TYPE_CHECKING:
    import pandas as pd

from labhelpers import data, session
from labhelpers.checkpoint import write_json
from labhelpers.fingerprint import describe, digest


def study(
    experiment: Callable[..., dict | list[dict]], *, run: str, seeds: int | Sequence[int] = 3, fresh: bool = False,
    workers: int | None = None, **grid: Sequence,
) -> "pd.DataFrame":  # fmt: skip
    """Call ``experiment(seed=…, **point)`` for every point of a grid and every seed; return a tidy DataFrame.

    Each finished call is kept on disk at once, so a study that was cut off goes on where it stopped. Calls
    run in processes of one thread each, one per core; a ``joblib.parallel_config`` around the call sends
    them elsewhere, to a cluster say. The rows are the same, bit for bit, in processes and in turn. In a
    call, the session's seed is the call's, so that `fit` draws other orders with each.

    Args:
        experiment: returns a dict of plain numbers or strings, or a list of them (one row each).
        seeds: how many seeds, counted from 0, or which ones.
        run: the folder's name under the runs folder, such as ``"02/depth"``.
        fresh: compute everything again.
        workers: processes; 1 runs in turn. One per core by default, in turn on a GPU or with the smoke budget.
        grid: values of each factor by name, such as ``depth=[2, 10, 40]``.

    Returns one row per call (or per dict of its list): the factors, ``seed`` and what the experiment returned.
    Raises ValueError for no seeds, an empty factor or values that cannot be told apart, and TypeError when the
    experiment returns something else than plain values.
    """
    import joblib
    import pandas as pd

    current = session.current()
    seeds = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
    for name, values in {"seeds": seeds, **grid}.items():
        if len(values) == 0:
            raise ValueError(f"{name} is empty: give at least one value")
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    calls = [{**point, "seed": seed} for point in points for seed in seeds]
    folder, asked = current.run_folder(run), [describe(experiment), current.budget]
    files = [folder / f"row-{digest([asked, describe(call)])[1:]}.json" for call in calls]
    if "seed" in grid or len(set(files)) < len(files):
        raise ValueError("two runs of the study look the same: give each value once, as numbers or words, and seeds=")
    done = {} if fresh else {i: json.loads(file.read_text()) for i, file in enumerate(files) if file.exists()}
    backend, n_jobs = joblib.parallel.get_active_backend()  # n_jobs: None or 1 (joblib before 1.6) unless configured
    if workers is None and n_jobs in (None, 1) and type(backend).__name__ == "LokyBackend":
        workers = 1 if current.budget == "smoke" or current.device.type != "cpu" else joblib.cpu_count()
    jobs = (joblib.delayed(_call)(experiment, current, i, call) for i, call in enumerate(calls) if i not in done)
    loaded = len(done)
    with (
        warnings.catch_warnings(),
        tqdm(desc=run, total=len(calls), initial=loaded, leave=False, file=sys.stdout, disable=current.quiet) as bar,
    ):
        warnings.filterwarnings("ignore", "A worker stopped", UserWarning)  # replaced when its memory has grown
        for i, rows in joblib.Parallel(n_jobs=workers, return_as="generator_unordered")(jobs):
            write_json(files[i], rows)
            done[i] = rows
            bar.update()
    if not current.quiet:
        known = f", {loaded} of them loaded" if loaded else ""
        print(f"{run}: {len(points)} settings × {len(seeds)} seeds = {len(calls)} runs{known}")
    return pd.DataFrame([call | row for i, call in enumerate(calls) for row in done[i]])


_TURN = threading.RLock()  # threads of one process share its generators and its session: one call at a time


def _call(experiment: Callable, current: session.Session, i: int, call: dict[str, Any]) -> tuple[int, list[dict]]:
    own = replace(current, seed=call["seed"])
    with _TURN, session.hushed(own), session.isolated_random_state(call["seed"]):
        result = experiment(**call)
    rows = result if isinstance(result, list) else [result]
    for row in rows:
        if not isinstance(row, dict):
            raise TypeError(f"the experiment returned {row!r}: return a dict of plain numbers or strings, or a list")
    return i, [{name: _plain(name, value) for name, value in row.items()} for row in rows]


def _plain(name: str, value: Any) -> str | int | float | bool | None:
    plain = value.item() if getattr(value, "ndim", None) == 0 else value  # numpy scalars and 0-d tensors
    if not isinstance(plain, str | int | float | bool | type(None)):
        raise TypeError(f"the experiment returned {name}={value!r}: return plain numbers or strings, such as float(x)")
    return plain


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval; ``f"{interval:.1%}"`` prints both, with n."""

    mean: float
    low: float
    high: float
    n: int

    def __format__(self, spec: str) -> str:
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}] (n = {self.n})"


def interval(values: Iterable[float]) -> Interval:
    """Return the mean of `values`, one per seed, and its 95 % interval by Student's t distribution.

    To compare two settings that share seeds, give it the differences. With fewer than two values
    the interval is infinite.
    """
    from scipy.stats import t

    values = [float(value) for value in values]
    n, mean = len(values), statistics.fmean(values)
    half = t.ppf(0.975, n - 1) * statistics.stdev(values) / math.sqrt(n) if n > 1 else math.inf
    return Interval(mean, mean - half, mean + half, n)


def t_interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of `interval`, in the form that seaborn's ``errorbar=`` takes."""
    found = interval(values)
    return (found.low, found.high) if found.n > 1 else (found.mean, found.mean)


def claim(statement: str, holds: bool, *, evidence: str, seeds: int | None = None) -> None:
    """State what the numbers above are said to show, judge it, print it and keep it in ``results.json``.

    With the smoke budget, or on fewer than three seeds, nothing is judged; with the smoke budget nothing is
    written either, so that testing never replaces a verdict. A claim that does not hold stays.

    Args:
        statement: what is claimed, in a sentence.
        holds: whether the numbers say so.
        evidence: the numbers, in words; ValueError without them.
        seeds: runs behind each number; None for an exact statement that needs no repetition.
    """
    current = session.current()
    if not evidence:
        raise ValueError("a claim needs its evidence: the numbers that it rests on, in words")
    mark, verdict = ("✔", "holds") if holds else ("✘", "does NOT hold")
    if current.budget == "smoke" or (seeds is not None and seeds < 3):
        few = "smoke budget" if current.budget == "smoke" else f"{seeds} seeds; at least 3 are needed"
        mark, verdict = "–", f"not judged ({few})"
    print(f"{mark} {statement}: {verdict}\n  {evidence}")
    if current.budget == "smoke":
        return
    path = session.writable(current.figures) / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    notebook = os.environ.get("LABHELPERS_NOTEBOOK") or Path(os.environ.get("JPY_SESSION_NAME", "unknown")).stem
    sources = sorted(data.SOURCES.values()) or ["original files"]
    device = str(current.device) if current.device.type == "cpu" else torch.cuda.get_device_name(current.device)
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    results.setdefault(notebook, {}).setdefault("claims", {})[statement] = {
        "verdict": verdict, "evidence": evidence, "seeds": seeds, "budget": current.budget, "data": sources,
        "device": device, "versions": versions,
    }  # fmt: skip
    write_json(path, results)
