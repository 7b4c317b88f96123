"""The four verdicts: what an interval says about a claim."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from labhelpers.evidence.intervals import Interval

MARKS = {"holds": "✔", "refuted": "✘", "negligible": "≈", "undecided": "?", "not judged": "–"}
FEWEST = 3  # seeds or cases: fewer are never judged


@dataclass(frozen=True)
class Claim:
    """A statement, the interval it is judged from, and the verdict."""

    statement: str
    verdict: str
    interval: Interval
    kind: str  # "above", "below" or "within"
    threshold: tuple[float, ...]  # one number, or the two ends of "within"
    margin: float | None
    unit: str
    headline: bool
    needed: int | None  # seeds that would decide it, where it is undecided

    @property
    def claimed(self) -> str:
        """What is claimed of the interval, in words such as ``"above 0, margin 0.5"``."""
        ends = " to ".join(f"{end:.4g}" for end in self.threshold)
        return f"{self.kind} {ends}" + (f", margin {self.margin:.4g}" if self.margin else "")

    @property
    def words(self) -> str:
        """The interval in words, such as ``"1.2 points [0.9, 1.5], n = 5"``."""
        found = self.interval
        level = "" if math.isclose(found.level, 0.95) else f" ({100 * found.level:.4g} % interval)"
        mean = f"{found.mean:.4g} {self.unit}".rstrip()
        return f"{mean} [{found.low:.4g}, {found.high:.4g}]{level}, n = {found.n}"


def judged(found: Interval, kind: str, threshold: Sequence[float], margin: float | None) -> str:
    """Return the verdict that an interval gives on a claim."""
    low, high = _region(kind, threshold)
    near_low, near_high = near(found, threshold, margin)
    if kind == "within":
        inside, outside = (
            low <= found.low and found.high <= high,
            found.high < low or found.low > high,
        )
    elif kind == "above":
        inside, outside = found.low > low, found.high < low
    else:
        inside, outside = found.high < high, found.low > high
    if inside:
        return "holds"
    if near_low <= found.low and found.high <= near_high and margin is not None:
        return "negligible"
    return "refuted" if outside else "undecided"


def _region(kind: str, threshold: Sequence[float]) -> tuple[float, float]:
    if kind == "above":
        return threshold[0], math.inf
    if kind == "below":
        return -math.inf, threshold[0]
    return threshold[0], threshold[1]


def near(found: Interval, threshold: Sequence[float], margin: float | None) -> tuple[float, float]:
    """Return the ends of what lies within the margin of the threshold."""
    room = margin or 0.0
    if found.scale == "log":
        return threshold[0] / (1 + room), threshold[-1] * (1 + room)
    return threshold[0] - room, threshold[-1] + room
