"""`study`: one experiment over a grid and several seeds; `interval` and `claim`: what its numbers allow to say."""

from __future__ import annotations

import itertools
import json
import math
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from labhelpers import data, session
from labhelpers.checkpoint import write_json
from labhelpers.fingerprint import describe, digest


def study(
    experiment: Callable[..., dict | list[dict]],
    *,
    seeds: int | Sequence[int] = 3,
    run: str,
    fresh: bool = False,
    workers: int | None = None,
    **grid: Sequence,
):
    """Call ``experiment(seed=…, **point)`` for every point of a grid and every seed; return a tidy DataFrame.

    Each finished call is kept on disk at once, so a study that was cut off goes on where it stopped. Calls
    run in processes of one thread each, one per core; a ``joblib.parallel_config`` around the call sends
    them elsewhere, to a cluster say. The rows are the same, bit for bit, wherever they are computed.

    Args:
        experiment: returns a dict of plain numbers or strings, or a list of them (one row each).
        seeds: how many seeds, counted from 0, or which ones.
        run: the folder's name under the runs folder, such as ``"02/depth"``.
        fresh: compute everything again.
        workers: processes; 1 runs in turn. One per core by default, in turn on a GPU or with the smoke budget.
        grid: values of each factor by name, such as ``depth=[2, 10, 40]``.

    Returns:
        One row per call (or per dict of its list): the factors, ``seed`` and what the experiment returned.

    Raises:
        ValueError: no seeds, or an empty factor.
        TypeError: the experiment returned something else than plain values.
    """
    import joblib
    import pandas as pd

    current = session.current()
    seeds = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
    for name, values in {"seeds": seeds, **grid}.items():
        if len(values) == 0:
            raise ValueError(f"{name} is empty: give at least one value")
    folder = current.run_folder(run)
    asked = [describe(experiment, depth=6), current.budget]
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    calls = [point | {"seed": seed} for point in points for seed in seeds]
    files = [folder / f"row-{digest([asked, describe(call)])}.json" for call in calls]
    todo = [i for i, file in enumerate(files) if fresh or not file.exists()]
    if todo and workers is None and joblib.parallel.get_active_backend()[0].__class__.__name__ == "LokyBackend":
        workers = 1 if current.budget == "smoke" or current.device.type != "cpu" else os.cpu_count()
    parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")
    jobs = (joblib.delayed(_call)(experiment, current, i, calls[i]) for i in todo)
    with tqdm(
        desc=run, total=len(calls), initial=len(calls) - len(todo), leave=False, file=sys.stdout, disable=current.quiet
    ) as bar:
        for i, rows in parallel(jobs):
            write_json(files[i], rows)
            bar.update()
    if not current.quiet:
        known = f", {len(calls) - len(todo)} of them loaded" if len(todo) < len(calls) else ""
        print(f"{run}: {len(points)} settings × {len(seeds)} seeds = {len(calls)} runs{known}")
    return pd.DataFrame([call | row for call, file in zip(calls, files, strict=True) for row in _read(file)])


def _call(experiment: Callable, current: session.Session, i: int, call: dict[str, Any]) -> tuple[int, list[dict]]:
    with session.hushed(current), session.isolated_random_state(call["seed"]):
        result = experiment(**call)
    rows = result if isinstance(result, list) else [result]
    return i, [{name: _plain(name, value) for name, value in row.items()} for row in rows]


def _read(file: Path) -> list[dict]:
    return json.loads(file.read_text())


def _plain(name: str, value: Any) -> str | int | float | bool | None:
    value = value.item() if hasattr(value, "item") else value  # numpy scalars and 0-d tensors
    if not isinstance(value, str | int | float | bool | type(None)):
        raise TypeError(f"the experiment returned {name}={value!r}: return plain numbers or strings, such as float(x)")
    return value


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval; ``f"{interval:.1%}"`` prints both, with n."""

    mean: float
    low: float
    high: float
    n: int

    def __format__(self, spec: str) -> str:
        spec = spec or ".3g"
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}] (n = {self.n})"

    def __str__(self) -> str:
        return format(self)


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


def claim(statement: str, holds: bool, *, evidence: str, seeds: int | None = None) -> None:
    """State what the numbers above are said to show, judge it, print it and keep it in ``results.json``.

    With the smoke budget, or on fewer than three seeds, nothing is judged. A claim that does not hold stays.

    Args:
        statement: what is claimed, in a sentence.
        holds: whether the numbers say so.
        evidence: the numbers, in words.
        seeds: runs behind each number; None for an exact statement that needs no repetition.
    """
    current = session.current()
    if not isinstance(bool(holds), bool) or not evidence:
        raise ValueError("a claim needs its evidence: the numbers that it rests on, in words")
    if current.budget == "smoke":
        verdict = "not judged (smoke budget)"
    elif seeds is not None and seeds < 3:
        verdict = f"not judged ({seeds} seeds; at least 3 are needed)"
    else:
        verdict = "holds" if holds else "does NOT hold"
    print(f"{dict(holds='✔', does='✘').get(verdict.split()[0], '–')} {statement}: {verdict}\n  {evidence}")
    path = session.writable(current.figures) / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    notebook = os.environ.get("LABHELPERS_NOTEBOOK") or Path(os.environ.get("JPY_SESSION_NAME", "unknown")).stem
    results.setdefault(notebook, {})[statement] = {
        "verdict": verdict,
        "evidence": evidence,
        "seeds": seeds,
        "budget": current.budget,
        "data": sorted(data.SOURCES.values()),
        "device": str(current.device) if current.device.type == "cpu" else torch.cuda.get_device_name(current.device),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }
    write_json(path, results)
