"""`claim`: a statement judged from an interval, printed and kept; `verdict`: words that follow from
it.
"""

import difflib
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from labhelpers import session
from labhelpers.evidence.intervals import Interval
from labhelpers.evidence.judging import FEWEST, MARKS, Claim, judged, near
from labhelpers.evidence.planning import seeds_to_decide
from labhelpers.store.files import reported, update_json

_claims: dict[
    str, dict[str, Claim]
] = {}  # by notebook, then by statement, in the order of the cells


def claim(
    statement: str,
    interval: Interval,
    *,
    above: float | None = None,
    below: float | None = None,
    within: Sequence[float] | None = None,
    margin: float | None = None,
    unit: str = "",
    headline: bool = False,
) -> None:
    """Judge a statement from an interval, print the verdict, and keep it in ``results.json``.

    The verdict is *holds* when the whole interval lies on the claimed side of the threshold,
    *refuted* when the whole of it lies on the other side, *negligible* when the whole of it lies
    within `margin` of the threshold, and else *undecided*. An undecided claim tells how many seeds
    would decide it, with a probability of 80 %, if the effect is as large as it looks (see
    `planning`). An interval that is on the claimed side *and* within the margin holds, with the
    words "smaller than the margin".

    With the smoke budget, or fewer than three seeds, nothing is judged; with the smoke budget
    nothing is written either, so that testing never replaces a verdict.

    Args:
        statement: what is claimed, in a sentence.
        interval: from `interval`, `difference`, `ratio` or `proportion`, in `unit`.
        above, below, within: the threshold, or the two ends between which the quantity is said to
            lie; exactly one of the three. It is a literal or comes from theory, never from the data
            judged.
        margin: a difference too small to matter, in the same unit; for a ratio a factor, 0.1 for
            "within 10 %".
        unit: such as ``"points"`` or ``"nats"``.
        headline: one of the one to three claims for which the lab was designed.

    Raises TypeError for anything but an interval, ValueError for no or several thresholds, a
    threshold or a margin that is no number, a threshold that the quantity cannot reach (of another
    unit, or not positive for a ratio), or an empty statement.

    Example:
        >>> gain = lab.Interval(2.0, 1.5, 2.5, n=5)
        >>> lab.claim("Deeper is better", gain, above=0, margin=0.5, unit="points")
        – not judged  Deeper is better
                      2 points [1.5, 2.5], n = 5 · claimed: above 0, margin 0.5
    """
    if not isinstance(interval, Interval):
        form = 'lab.claim("…", lab.difference(…), above=0, margin=…, unit="…")'
        raise TypeError(f"{interval!r} is no interval: a claim is judged from one, as in {form}")
    if not isinstance(statement, str) or not statement.strip():
        raise ValueError(f"{statement!r} says nothing: state the claim in a sentence")
    statement = _in_one_line(statement)
    kind, threshold = _threshold(above, below, within)
    _require_reachable(interval, kind, threshold)
    _require_margin(margin)
    margin = None if margin is None else float(margin)
    current = session.current()
    verdict, needed = "not judged", None
    if current.budget != "smoke" and interval.n >= FEWEST:
        verdict = judged(interval, kind, threshold, margin)
    if verdict == "undecided":
        line = min(threshold, key=lambda end: abs(end - interval.mean))
        # Between two ends a new sample can miss on either side: each gets half of the one in five.
        between = threshold[0] < interval.mean < threshold[-1]
        needed = seeds_to_decide(interval, line, margin, power=0.9 if between else 0.8)
    # What is loaded later has no part in it; a study's rows know better what they were measured on.
    interval = replace(interval, about={"sources": dict(current.sources)} | interval.about)
    made = Claim(
        statement, verdict, interval, kind, threshold, margin, str(unit), bool(headline), needed
    )
    # A cell that is run again replaces its claim, which keeps its place among the others.
    _claims.setdefault(session.notebook_name(), {})[statement] = made
    print(_printed(made))
    if current.budget != "smoke":
        path = current.figures / "results.json"
        reported(_keep, path, made, where=path)


def verdict(statement: str, **words: str) -> "Words":
    """Return the sentence that belongs to the verdict of a claim, for the prose below it.

    As the last line of a cell it is shown as Markdown. So no sentence contradicts the numbers of
    another budget.

    Args:
        statement: of a claim made above.
        words: a sentence for ``holds``, ``refuted``, ``negligible`` and ``undecided``; what is left
            out is said in general words.

    Raises ValueError for a statement that no claim has made, or an unknown verdict.

    Example:
        >>> lab.claim("Deeper is better", lab.Interval(2.0, 1.5, 2.5, n=5), above=0)
        – not judged  Deeper is better
                      2 [1.5, 2.5], n = 5 · claimed: above 0
        >>> lab.verdict("Deeper is better", holds="Go deeper.", refuted="Stay shallow.")
        'Not judged: “Deeper is better” (the smoke budget, or too few seeds).'
    """
    unknown = sorted(set(words) - set(MARKS))
    if unknown:
        raise ValueError(f"there is no verdict {unknown[0]!r}: there are {', '.join(MARKS)}")
    own = {made.statement: made for made in claims_so_far()}
    statement = _in_one_line(str(statement))
    if statement not in own:
        near = difflib.get_close_matches(statement, own, n=1)
        meant = f"did you mean {near[0]!r}?" if near else "make the claim in a cell above"
        raise ValueError(f"no claim says {statement!r}: {meant}")
    found = own[statement].verdict
    # A dollar of the statement's is a dollar; in the words given it may begin a formula.
    return Words(words.get(found) or _IN_GENERAL[found].format(statement.replace("$", r"\$")))


class Words(str):
    """Text that a notebook shows as Markdown."""

    def _repr_markdown_(self) -> str:
        return str(self)


def claims_so_far() -> list[Claim]:
    """Return the running notebook's claims, headlines first, else in the order of the cells."""
    own = _claims.get(session.notebook_name(), {}).values()
    return sorted(own, key=lambda made: not made.headline)


_IN_GENERAL = {
    "holds": "These runs show: {}.",
    "refuted": "These runs show the opposite of “{}”.",
    "negligible": "“{}”: whatever the difference, it is too small to matter.",
    "undecided": "These runs cannot decide “{}”.",
    "not judged": "Not judged: “{}” (the smoke budget, or too few seeds).",
}


def _threshold(
    above: float | None, below: float | None, within: Sequence[float] | None
) -> tuple[str, tuple[float, ...]]:
    given: dict[str, Any] = {"above": above, "below": below, "within": within}
    asked = {kind: value for kind, value in given.items() if value is not None}
    if len(asked) != 1:
        said = ", ".join(f"{kind}={value!r}" for kind, value in asked.items()) or "none"
        raise ValueError(f"give exactly one of above, below and within, not {said}")
    ((kind, value),) = asked.items()
    row = isinstance(value, Sequence) or getattr(value, "ndim", 0) == 1
    ends = tuple(value) if kind == "within" and row else (value,)
    if len(ends) != (2 if kind == "within" else 1) or not all(map(_is_number, ends)):
        wanted = "two numbers, such as (0.9, 1.1)" if kind == "within" else "a number, such as 0"
        raise ValueError(f"{kind}={value!r} is not allowed: use {wanted}")
    ends = tuple(float(end) for end in ends)
    if ends != tuple(sorted(ends)):
        raise ValueError(f"within={value!r} is not allowed: give the lower end first")
    return kind, ends


def _require_reachable(found: Interval, kind: str, ends: Sequence[float]) -> None:
    said = f"{kind}={ends if kind == 'within' else ends[0]!r} is not allowed"
    if found.scale == "log" and ends[0] <= 0:
        raise ValueError(f"{said}: a ratio is compared with a positive number, 1 for no difference")
    low, high = found.bounds
    if ends[-1] < low or ends[0] > high:
        raise ValueError(
            f"{said}: the quantity lies between {low:g} and {high:g}. Are both in the same unit? "
            "100 * interval turns shares into per cent"
        )


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _require_margin(margin: float | None) -> None:
    if margin is not None and not (_is_number(margin) and margin > 0):
        raise ValueError(
            f"margin={margin!r} is not allowed: use a positive number, or leave it out"
        )


def _is_number(value: Any) -> bool:
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        return False
    single = getattr(value, "ndim", 0) == 0  # of an array or a tensor
    return single and math.isfinite(float(value))


def _printed(made: Claim) -> str:
    head = f"{MARKS[made.verdict]} {made.verdict:11} {made.statement}"
    tail = f"{'':14}{made.words} · claimed: {made.claimed}"
    low, high = near(made.interval, made.threshold, made.margin)
    if (
        made.verdict == "holds"
        and made.kind != "within"  # which is a claim on smallness itself
        and made.margin
        and low <= made.interval.low
        and made.interval.high <= high
    ):
        tail += " · smaller than the margin"
    if made.needed:
        what = "cases" if made.interval.scale == "share" else "seeds"
        tail += (
            f"\n{'':14}about {made.needed:,} {what} would decide it, if it is as large as it looks"
        )
    return f"{head}\n{tail}"


def _keep(path, made: Claim) -> None:
    current = session.current()
    about = made.interval.about
    found = asdict(made.interval)
    sources = about["sources"]
    record = {
        "verdict": made.verdict,
        "headline": made.headline,
        "kind": made.kind,
        "threshold": list(made.threshold),
        "margin": made.margin,
        "unit": made.unit,
        "interval": [float(found[end]) for end in ("mean", "low", "high")],
        "scale": found["scale"],
        "n": int(found["n"]),
        "level": round(found["level"], 6),
        "budget": about.get("budget", current.budget),
        "data": sorted(sources.values()) or ["original files"],
        "device": about.get("device") or session.device_name(),
        "versions": about.get("versions") or session.versions(),
    }

    def change(results: dict) -> None:
        own = results.setdefault(session.notebook_name(), {}).setdefault("claims", {})
        own[made.statement] = record

    update_json(path, change)
