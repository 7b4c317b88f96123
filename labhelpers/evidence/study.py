"""`study`: one experiment over a grid and several seeds."""

import contextlib
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

if TYPE_CHECKING:
    import pandas as pd

from labhelpers import session
from labhelpers.evidence import rows, workers
from labhelpers.evidence.plan import Plan, laid_out
from labhelpers.evidence.rows import Done
from labhelpers.evidence.workers import Failed
from labhelpers.store.door import whole_number

MOST_ON_A_GPU = 8  # processes; each holds a context of half a gigabyte there


def study(
    experiment: Callable[..., dict | list[dict]],
    *,
    run: str,
    seeds: int | Iterable[int] = 3,
    fresh: bool = False,
    workers: int | None = None,
    live: int | None = 3,
    **grid: Iterable,
) -> "pd.DataFrame":
    """Call ``experiment(seed=…, **point)`` for every point of a grid and every seed; return a
    table.

    Each finished call is kept on disk at once, so a study that was cut off goes on where it
    stopped. Calls whose rows were published with the package are loaded from there, if the
    experiment, its data and the budget are the same; a line says so. Where something differs, only
    the calls of the first `live` seeds are made, and a line says how long all would take: n is then
    what was measured.

    Calls run in processes of one thread each, one per core; a ``joblib.parallel_config`` around the
    call sends them elsewhere, to a cluster say. The rows are the same, bit for bit, in processes
    and in turn, and the processes see what the notebook sees: data, modules, settings. In a call,
    the session's seed is the call's, so that `fit` draws other orders with each.

    Args:
        experiment: returns a dict of plain numbers or strings, or a list of them (one row each).
            What it reads from files or from the environment cannot be seen when it changes: make it
            a factor.
        run: the folder's name under the runs folder, such as ``"02/depth"``.
        seeds: how many seeds, counted from 0, or which ones.
        fresh: make every call again, here.
        workers: processes; 1 runs in turn. One per core by default, on an NVIDIA GPU too (eight at
            most), where small models leave the card idle; in turn on Apple's, or with the smoke
            budget.
        live: seeds to measure here where published rows do not fit; None for all. A study that was
            never published, the smoke budget and ``make publish`` measure all.
        grid: values of each factor by name, such as ``depth=[2, 10, 40]``.

    Returns one row per call (or per dict of its list): the factors, ``seed`` and what the
    experiment returned; ``.attrs`` tells data sources, device, versions and budget.

    Raises ValueError for no seeds, an empty factor, values that cannot be told apart or a result
    named like a factor; TypeError when the experiment lacks an argument or returns something else
    than plain values; RuntimeError, once all other calls are done, that names those that failed.

    Example:
        >>> lab.study(lambda seed, n: {"double": 2 * n}, run="00/doc", seeds=1, n=[1, 2])
        00/doc: 2 settings × 1 seed = 2 runs
           n  seed  double
        0  1     0       2
        1  2     0       4
    """
    current = session.current()
    plan = laid_out(experiment, run, seeds, grid)
    folder = current.run_folder(run)
    done, told = ({}, {}) if fresh else _loaded(plan, folder, run)
    # A study of one's own has no published rows, and gets all the seeds that were asked for.
    chosen = plan.missing(done, live if told.get("run") else None)

    began = time.monotonic()
    measured = _measure(plan, chosen, workers, folder, run) if chosen else {}
    minutes = (time.monotonic() - began) / 60
    failures = {i: found for i, found in measured.items() if isinstance(found, Failed)}
    done |= {i: found for i, found in measured.items() if isinstance(found, Done)}
    if failures:
        raise _failure(plan, failures, len(done)) from next(iter(failures.values())).error
    if rows.is_publishing() and current.budget != "smoke":
        rows.publish(run, {plan.digests[i]: done[i] for i in sorted(done)})
    if not current.quiet:
        print(_line(plan, run, done, measured, told, minutes))
    return _table(plan, done)


def _loaded(plan: Plan, folder: Path, run: str) -> tuple[dict[int, Done], dict[str, Any]]:
    """The calls that were finished here, and the published ones, with what those tell."""
    here = {i: rows.read(folder, found) for i, found in enumerate(plan.digests)}
    done = {i: found for i, found in here.items() if found is not None}
    published, told = rows.published(run)
    new = {
        i: published[found]
        for i, found in enumerate(plan.digests)
        if i not in done and found in published
    }
    return done | new, told | {"loaded here": len(done), "loaded": len(new)}


def _measure(
    plan: Plan, chosen: list[int], asked: int | None, folder: Path, run: str
) -> dict[int, Done | Failed]:
    """Make calls, here or in processes; keep each as it ends."""
    import joblib

    current = replace(session.current(), sources=plan.sources)
    count = _workers(asked)
    if count != 1:
        workers.require_portable(plan.experiment)
    around = None if count == 1 else workers.Surroundings.here()
    jobs = (
        joblib.delayed(workers.call)(plan.experiment, current, around, i, plan.calls[i])
        for i in chosen
    )
    found: dict[int, Done | Failed] = {}
    bar = tqdm(
        desc=run,
        total=len(plan.calls),
        initial=len(plan.calls) - len(chosen),
        leave=False,
        file=sys.stdout,
        disable=current.quiet,
    )
    carried = workers.carried() if around else contextlib.nullcontext()  # nothing leaves home
    with warnings.catch_warnings(), carried, bar:
        # A process is replaced when its memory has grown: nothing to tell.
        warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
        for i, result in joblib.Parallel(n_jobs=count, return_as="generator_unordered")(jobs):
            found[i] = result
            if isinstance(result, Done):
                rows.write(folder, plan.digests[i], result)
            bar.update()
    return found


def _workers(asked: int | None) -> int | None:
    """Processes: as asked, as joblib is configured (None), or one per core."""
    import joblib

    if asked is not None:
        return whole_number("workers", asked)
    backend, n_jobs = joblib.parallel.get_active_backend()
    # n_jobs is None or 1 (joblib before 1.6) unless somebody has configured it.
    if n_jobs not in (None, 1) or type(backend).__name__ != "LokyBackend":
        return None
    current = session.current()
    if current.budget == "smoke" or current.device.type == "mps":
        return 1
    cores = joblib.cpu_count()
    return cores if current.device.type == "cpu" else min(cores, MOST_ON_A_GPU)


def _failure(plan: Plan, failures: dict[int, Failed], done: int) -> RuntimeError:
    lines = [
        ", ".join(f"{name}={value!r}" for name, value in plan.calls[i].items()) + f": {failure}"
        for i, failure in sorted(failures.items())
    ]
    more = f"\n  … and {len(lines) - 5} more" if len(lines) > 5 else ""
    shown = "\n  ".join(lines[:5])
    kept = f"the other {done} are kept; run the cell again to try these once more"
    return RuntimeError(
        f"{len(failures)} of {len(plan.calls)} runs failed ({kept}):\n  {shown}{more}"
    )


def _line(
    plan: Plan,
    run: str,
    done: dict[int, Done],
    measured: dict,
    told: dict[str, Any],
    minutes: float,
) -> str:
    """One line on what was loaded, and what was measured."""
    settings, seeds = _counted(plan.points, "setting"), _counted(len(plan.seeds), "seed")
    line = f"{run}: {settings} × {seeds} = {_counted(len(plan.calls), 'run')}"
    if told.get("loaded"):
        of = f"{told['budget']} budget, {told['device']}, {told['minutes']:.0f} min of a core"
        line += f": {told['loaded']} published ({of}; fresh=True measures them here)"
    if told.get("loaded here"):
        line += f", {told['loaded here']} of them loaded"
    left = len(plan.calls) - len(done)
    if left:
        whole = minutes * (len(measured) + left) / max(len(measured), 1)
        here = len({plan.calls[i]["seed"] for i in done})
        line += (
            f"\n  no published rows fit: {here} of {seeds} measured here; "
            f"live=None measures all, in about {math.ceil(whole)} min"
        )
    return line


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _table(plan: Plan, done: dict[int, Done]) -> "pd.DataFrame":
    import pandas as pd

    order = sorted(done)
    table = pd.DataFrame([plan.calls[i] | row for i in order for row in done[i].rows])
    about = rows.merged([done[i].about for i in order])
    table.attrs.update(about)
    session.current().sources.update(
        about["sources"]
    )  # captions name what loaded rows were measured on
    return table
