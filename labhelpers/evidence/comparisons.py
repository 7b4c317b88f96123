"""Comparisons of two settings, paired by seed: their difference and their ratio."""

import difflib
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labhelpers.evidence.intervals import Interval, about_of, by_student, finite, level_of

if TYPE_CHECKING:
    import pandas as pd


def difference(
    table: "pd.DataFrame", metric: str, better: Any, worse: Any, *, by: str, family: int = 1
) -> Interval:
    """Return `better` minus `worse` in `metric`, paired by seed, with its interval by Student's t.

    Args:
        table: as `study` returns it, with one row for each seed and level: choose rows first, such
            as ``table[table.depth == 40]``.
        metric: the column that is compared.
        better, worse: two values of the column `by`.
        family: as in `interval`.

    Raises ValueError for unknown columns or levels, a level compared with itself, several rows for
    a seed and level (the message names the column that varies), and seeds that have only one of the
    two; TypeError for a metric that holds no numbers.

    Example:
        >>> table = pd.DataFrame({"kind": ["a", "b"] * 3, "seed": [0, 0, 1, 1, 2, 2],
        ...                       "loss": [3.0, 1.0, 4.0, 1.0, 5.0, 2.0]})
        >>> print(f"{lab.difference(table, 'loss', 'a', 'b', by='kind'):.2f}")
        2.67 [1.23, 4.10] (n = 3)
    """
    first, second = _pairs(table, metric, better, worse, by)
    gaps = [a - b for a, b in zip(first, second, strict=True)]
    return replace(by_student(gaps, level_of(family)), about=about_of(table))


def ratio(
    table: "pd.DataFrame", metric: str, better: Any, worse: Any, *, by: str, family: int = 1
) -> Interval:
    """Return `better` over `worse` in `metric`, paired by seed: geometric mean and interval.

    It is computed on the log scale, where a factor of 2 and one of ½ are equally far from 1, and is
    therefore not symmetric. Arguments and errors are those of `difference`; besides, ValueError for
    values that are not positive.

    Example:
        >>> table = pd.DataFrame({"kind": ["a", "b"] * 3, "seed": [0, 0, 1, 1, 2, 2],
        ...                       "ms": [2.0, 1.0, 4.0, 2.0, 9.0, 3.0]})
        >>> print(f"{lab.ratio(table, 'ms', 'a', 'b', by='kind'):.2f}")
        2.29 [1.28, 4.10] (n = 3)
    """
    first, second = _pairs(table, metric, better, worse, by)
    bad = [value for value in (*first, *second) if value <= 0]
    if bad:
        raise ValueError(f"{metric} has the value {bad[0]!r}: a ratio needs positive numbers")
    logs = [math.log(a) - math.log(b) for a, b in zip(first, second, strict=True)]
    found = by_student(logs, level_of(family))
    mean, low, high = _exp(found.mean), _exp(found.low), _exp(found.high)
    return replace(
        found,
        mean=mean,
        low=low,
        high=high,
        scale="log",
        bounds=(0.0, math.inf),
        about=about_of(table),
    )


def _pairs(
    table: "pd.DataFrame", metric: str, better: Any, worse: Any, by: str
) -> tuple[list, list]:
    """The values of both levels, seed by seed."""
    if not hasattr(table, "columns"):
        raise TypeError(f"{table!r:.80} is no table: give what study returned, or some of its rows")
    for column in (metric, by, "seed"):
        if column not in table:
            raise ValueError(
                f"the table has no column {column!r}: it has {', '.join(map(str, table))}"
            )
    levels = list(dict.fromkeys(table[by].tolist()))
    for level in (better, worse):
        _require_level(level, levels, by)
    if better == worse:
        raise ValueError(f"{by}={better!r} is compared with itself: give two levels of {by}")
    sides = [table[table[by] == level] for level in (better, worse)]
    for level, rows in zip((better, worse), sides, strict=True):
        _require_one_row_a_seed(rows, by, level)
    seeds = [set(rows.seed) for rows in sides]
    lonely = sorted(seeds[0] ^ seeds[1], key=lambda seed: (str(type(seed)), seed))
    if lonely:
        raise ValueError(
            f"{by}={better!r} and {by}={worse!r} do not have the same seeds: "
            f"{', '.join(map(str, lonely))} {'is' if len(lonely) == 1 else 'are'} in one of them "
            "only"
        )
    first, second = (rows.set_index("seed")[metric].sort_index().tolist() for rows in sides)
    return finite(first, metric), finite(second, metric)


def _require_level(level: Any, levels: list, by: str) -> None:
    if level in levels:
        return
    written = {str(known): known for known in levels}  # 40 is what somebody means by "40"
    near = difflib.get_close_matches(str(level), written, n=1)
    known = ", ".join(map(str, levels)) or "none: the table has no rows"
    meant = f"did you mean {written[near[0]]!r}?" if near else f"there are {known}"
    raise ValueError(f"{by} has no level {level!r}: {meant}")


def _require_one_row_a_seed(rows: "pd.DataFrame", by: str, level: Any) -> None:
    double = rows[rows.seed.duplicated(keep=False)]
    if not len(double):
        return
    group = double[double.seed == double.seed.iloc[0]]
    # By what is printed, since a cell of the table may hold a list.
    varies = [
        name for name in group if name not in ("seed", by) and group[name].map(repr).nunique() > 1
    ]
    where = f"{by}={level!r} has {len(group)} rows for seed {group.seed.iloc[0]}"
    raise ValueError(
        f"{where}: choose one first; between them differ {', '.join(varies) or 'nothing'}"
    )


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf
