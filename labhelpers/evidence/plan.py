"""The plan of a study: what was asked for, checked, and laid out as calls with a digest each."""

import inspect
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from labhelpers import session
from labhelpers.engine.fit import changed_optimizers
from labhelpers.evidence.provenance import sources_of
from labhelpers.evidence.rows import Done
from labhelpers.store.door import is_whole, whole_number
from labhelpers.store.fingerprint import describe, digest


@dataclass(frozen=True)
class Plan:
    """All calls of a study, in order, and a digest of each."""

    experiment: Callable
    points: int
    seeds: list[int]
    calls: list[dict[str, Any]]
    digests: list[str]
    sources: dict[str, str]  # by name, data that the experiment uses and that is not the original

    def missing(self, done: dict[int, Done], live: int | None) -> list[int]:
        """Return the calls to make: of those not done, the ones of the first `live` seeds."""
        allowed = self.seeds if live is None else self.seeds[:live]
        left = (i for i in range(len(self.calls)) if i not in done)
        return [i for i in left if self.calls[i]["seed"] in allowed]


def laid_out(experiment: Callable, run: str, seeds: Any, grid: dict[str, Any]) -> Plan:
    """Check what was asked for, and lay out the calls."""
    if not callable(experiment):
        raise TypeError(f"experiment={experiment!r} cannot be called: give the function itself")
    chosen = _seeds(seeds)
    factors = {name: _values(name, values) for name, values in grid.items()}
    if "seed" in factors:
        raise ValueError("seed is no factor: give the seeds as seeds=…")
    _require_arguments(experiment, [*factors, "seed"])
    points = [
        dict(zip(factors, values, strict=True)) for values in itertools.product(*factors.values())
    ]
    calls = [{**point, "seed": seed} for point in points for seed in chosen]
    met: list[Any] = []
    asked = [describe(experiment, trained=(), met=met), session.current().budget]
    if changed_optimizers():
        asked.append(describe(changed_optimizers()))
    digests = [digest([asked, describe(call, met=met)]) for call in calls]
    if len(set(digests)) < len(digests):
        fix = "give each value once, as numbers or words"
        raise ValueError(f"two runs of the study {run} look the same: {fix}")
    return Plan(experiment, len(points), chosen, calls, digests, sources_of(met))


def _seeds(seeds: Any) -> list[int]:
    if is_whole(seeds):
        return list(range(whole_number("seeds", seeds, example="5")))
    if isinstance(seeds, bool | str | float) or not isinstance(seeds, Iterable):
        raise ValueError(
            f"seeds={seeds!r} is not allowed: use a number of seeds, or a list of them"
        )
    found = [whole_number("a seed", seed, least=0) for seed in seeds]
    if not found:
        raise ValueError("seeds is empty: give at least one value")
    return found


def _values(name: str, values: Any) -> list[Any]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ValueError(f"{name}={values!r} is not allowed: give a list of values, [{values!r}]")
    found = list(values)
    if not found:
        raise ValueError(f"{name} is empty: give at least one value")
    return found


def _require_arguments(experiment: Callable, names: Sequence[str]) -> None:
    """Raise unless the experiment takes what it will be given."""
    try:
        signature = inspect.signature(experiment)
    except (TypeError, ValueError):  # a built-in: it will say so itself
        return
    try:
        signature.bind(**dict.fromkeys(names))
    except TypeError as error:
        wanted = ", ".join(f"{name}=…" for name in names)
        raise TypeError(
            f"the experiment does not fit the study ({error}): it is called with {wanted}"
        ) from error
