"""Intervals: what the numbers of several seeds, or of several cases, allow to say."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from labhelpers.store.door import is_whole

LEVEL = 0.95  # of a single question; `family` questions share it
UNBOUNDED = (-math.inf, math.inf)
SCALES = ("linear", "log", "share")


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval; ``f"{interval:.1f}"`` prints both, with n.

    Multiplying by a number changes the unit: ``100 * interval`` turns shares into per cent.

    Attributes:
        mean, low, high: in the unit of the values; a geometric mean where `scale` is ``"log"``.
        n: seeds, pairs of seeds, or cases.
        level: of confidence, such as 0.95; higher where several questions share one level.
        scale: ``"linear"``, ``"log"`` for ratios, or ``"share"`` for k of n cases.
        bounds: that the quantity cannot leave, and so neither does the interval.
        spread: standard deviation of a single value on that scale, from which seeds are planned.
        about: where the values come from (data sources, device, versions), if a study told.

    Example:
        >>> print(f"{lab.Interval(2.0, 1.0, 3.0, n=5):.1f}")
        2.0 [1.0, 3.0] (n = 5)
    """

    mean: float
    low: float
    high: float
    n: int
    level: float = LEVEL
    scale: str = "linear"
    bounds: tuple[float, float] = UNBOUNDED
    spread: float = math.nan
    about: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no interval."""
        numbers = (self.mean, self.low, self.high)
        if any(math.isnan(number) for number in numbers):
            raise ValueError(f"mean, low and high are {numbers}: an interval cannot hold NaN")
        if not self.low <= self.mean <= self.high:
            raise ValueError(f"mean, low and high are {numbers}: they have to be in order")
        if self.scale not in SCALES:
            raise ValueError(f"scale={self.scale!r} is not allowed: use {', '.join(SCALES)}")
        if self.scale == "log" and self.low < 0:
            raise ValueError(f"low is {self.low}: a ratio is never negative")
        if not is_whole(self.n) or self.n < 1:
            raise ValueError(f"n={self.n!r} is not allowed: use the number of values, from 1")
        if not 0 < self.level < 1:
            raise ValueError(f"level={self.level!r} is not allowed: use a share, such as {LEVEL}")

    def __format__(self, spec: str) -> str:
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}] (n = {self.n})"

    def __mul__(self, factor: float) -> "Interval":
        factor = float(factor)
        if not math.isfinite(factor) or factor == 0:
            raise ValueError(f"an interval times {factor} says nothing: use a factor such as 100")
        ends = sorted((factor * self.low, factor * self.high))
        first, second = sorted((factor * self.bounds[0], factor * self.bounds[1]))
        if self.scale == "log" and factor <= 0:
            raise ValueError(f"a ratio times {factor} is no ratio: multiply by a positive number")
        spread = self.spread if self.scale == "log" else abs(factor) * self.spread
        return replace(
            self,
            mean=factor * self.mean,
            low=ends[0],
            high=ends[1],
            bounds=(first, second),
            spread=spread,
        )

    __rmul__ = __mul__

    def __neg__(self) -> "Interval":
        return -1 * self


def interval(
    values: Iterable[float], bounds: tuple[float, float] | None = None, family: int = 1
) -> Interval:
    """Return the mean of `values`, one per seed, with its interval by Student's t distribution.

    To compare two settings that share seeds use `difference`. With a single value the interval is
    as wide as the bounds.

    Args:
        bounds: what the mean cannot leave, such as ``(0, 100)`` for an accuracy in per cent. The
            interval is cut there, which keeps its coverage. Where *all* values are the same bound,
            t would give an interval of width 0; instead each value counts as a case of n in n, with
            the exact binomial interval: five accuracies of 100 % leave room down to 48 %. With one
            bound only, as for a loss, such values leave everything open.
        family: number of comparisons that answer one question together: each gets the level
            1 - 0.05 / family (Bonferroni), so that all are right together in 95 % of repetitions.

    Raises TypeError for what is no row of numbers, ValueError for no values, values that are not
    finite, or values outside the bounds.

    Example:
        >>> print(f"{lab.interval([1.0, 2.0, 3.0]):.2f}")
        2.00 [-0.48, 4.48] (n = 3)
    """
    numbers = finite(values)
    low, high = _ends(bounds)
    outside = [number for number in numbers if not low <= number <= high]
    if outside:
        raise ValueError(f"{outside[0]!r} lies outside the bounds {low:g} to {high:g}")
    found = by_student(numbers, level_of(family))
    ends = (max(low, found.low), min(high, found.high))
    spread = found.spread
    if low < high and (set(numbers) == {low} or set(numbers) == {high}):
        upper = numbers[0] == high
        ends = _at_a_bound(len(numbers), found.level, low, high, upper)
        spread = _spread_of_cases(len(numbers) if upper else 0, len(numbers)) * (high - low)
    # A column of a study's table remembers where its rows were measured.
    about = about_of(values)
    return replace(found, low=ends[0], high=ends[1], bounds=(low, high), spread=spread, about=about)


def t_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of `interval`, in the form that seaborn's ``errorbar=`` takes.

    Example:
        >>> [round(end, 2) for end in lab.t_interval([1.0, 2.0, 3.0])]
        [-0.48, 4.48]
    """
    found = interval(values)
    return (found.low, found.high) if found.n > 1 else (found.mean, found.mean)


def proportion(k: int, n: int, family: int = 1) -> Interval:
    """Return the share k / n of cases, with its exact binomial interval (Clopper and Pearson 1934).

    It never leaves 0…1, and is never of width 0: with 20 of 20 it reaches down to 83 %. The cases
    have to be independent; cases of one network are not.

    Raises ValueError unless k and n are whole numbers with 0 ≤ k ≤ n and n ≥ 1.

    Example:
        >>> print(f"{lab.proportion(20, 20):.2f}")
        1.00 [0.83, 1.00] (n = 20)
    """
    if not (is_whole(k) and is_whole(n)) or not 0 <= k <= n or n < 1:
        raise ValueError(
            f"{k!r} of {n!r} is no share of cases: use whole numbers, 0 ≤ k ≤ n, n ≥ 1"
        )
    k, n, level = int(k), int(n), level_of(family)
    low, high = _clopper_pearson(k, n, level)
    return Interval(k / n, low, high, n, level, "share", (0.0, 1.0), _spread_of_cases(k, n))


def about_of(values: Any) -> dict[str, Any]:
    """Return what a study's table, or a column of it, remembers of where it was measured."""
    return {str(key): value for key, value in getattr(values, "attrs", {}).items()}


def finite(values: Iterable[float], name: str = "values") -> list[float]:
    """Return the values as a list, or raise a ValueError for none, NaN and infinity.

    Raises TypeError for what is no row of numbers: text and mappings among them, whose letters and
    keys would be taken for values.
    """
    wanted = f"{name} must be numbers, one for each seed"
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise TypeError(f"{wanted}, not {values!r:.80}")
    numbers = []
    for value in values:
        try:
            numbers.append(float(value))
        except (TypeError, ValueError) as error:
            raise TypeError(f"{wanted}: {value!r:.80} is none") from error
    if not numbers:
        raise ValueError("there are no values: give at least one number per seed")
    bad = [number for number in numbers if not math.isfinite(number)]
    if bad:
        raise ValueError(f"{len(bad)} of {len(numbers)} values are not finite, such as {bad[0]}")
    return numbers


def level_of(family: int) -> float:
    """Return the level of each of `family` comparisons that answer one question together."""
    if not is_whole(family) or family < 1:
        raise ValueError(f"family={family!r} is not allowed: use the number of comparisons, from 1")
    return 1 - (1 - LEVEL) / int(family)


def by_student(values: Sequence[float], level: float) -> Interval:
    """Return the interval of a mean by Student's t; infinite for a single value."""
    from scipy.stats import t

    numbers = finite(values)
    n = len(numbers)
    # The sum is rounded, so that a mean of equal values could lie a bit beyond them.
    mean = min(max(statistics.fmean(numbers), min(numbers)), max(numbers))
    if n == 1:
        return Interval(mean, -math.inf, math.inf, n, level)
    spread = statistics.stdev(numbers)
    half = float(t.ppf((1 + level) / 2, n - 1)) * spread / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n, level, spread=spread)


def _ends(bounds: tuple[float, float] | None) -> tuple[float, float]:
    if bounds is None:
        return UNBOUNDED
    try:
        low, high = (float(end) for end in bounds if not isinstance(end, str))
    except (TypeError, ValueError):
        low = high = math.nan
    if not low <= high:
        raise ValueError(
            f"bounds={bounds!r} is not allowed: use the lower and the upper end, such as (0, 100)"
        )
    return low, high


def _spread_of_cases(k: int, n: int) -> float:
    """Standard deviation of one case, where 0 of n does not promise that the next is certain."""
    guess = (k + 1) / (n + 2)
    return math.sqrt(guess * (1 - guess))


def _clopper_pearson(k: int, n: int, level: float) -> tuple[float, float]:
    from scipy.stats import beta

    tail = (1 - level) / 2
    low = float(beta.ppf(tail, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    return low, high


def _at_a_bound(n: int, level: float, low: float, high: float, upper: bool) -> tuple[float, float]:
    """All n values are one bound: the widest interval that n cases of n (or 0 of n) allow."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return low, high
    share = _clopper_pearson(n if upper else 0, n, level)
    return low + share[0] * (high - low), low + share[1] * (high - low)
