"""`claims`: everything that a lab has shown, on one chart and in one table."""

import math
import re
import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from labhelpers import session
from labhelpers.evidence.claims import claims_so_far
from labhelpers.evidence.judging import MARKS, Claim
from labhelpers.plots.figure import save_figure

# Of the colour-blind palette; marks and words say the same without colour.
COLORS = {
    "holds": "#0173b2",
    "refuted": "#d55e00",
    "negligible": "#029e73",
    "undecided": "0.45",
    "not judged": "0.6",
}
LINE = 46  # characters of a statement before it is wrapped
ROW = 0.62  # inches


def claims() -> Any:
    """Show all claims made in this notebook so far: a forest chart, and a table of their numbers.

    Headlines come first. Each claim has an axis of its own, since units differ: the line is the
    threshold, the shaded band the margin, the bar the interval. The chart is kept as
    ``<number>-claims.png``.

    Returns the table, with verdict, interval and what was claimed; None when no claim was made yet.

    Example:
        >>> lab.claims()
        no claims yet: make one with lab.claim
    """
    import pandas as pd

    made = claims_so_far()
    if not made:
        print("no claims yet: make one with lab.claim")
        return None
    # A copy may be called "Kopie von 01": what no file name of a figure allows becomes a line.
    number = re.sub(r"[^A-Za-z0-9_]+", "-", session.notebook_name().partition("-")[0]).strip("-")
    rows = [
        {"verdict": claim.verdict, "measured": claim.words, "claimed": claim.claimed}
        for claim in made
    ]
    table = pd.DataFrame(rows, index=pd.Index([claim.statement for claim in made], name="claim"))
    sources = [claim.interval.about["sources"] for claim in made]
    table.attrs["sources"] = {name: source for of in sources for name, source in of.items()}
    told = [f"{claim.statement}: {claim.verdict}" for claim in made]
    caption = (
        "Every claim of this lab, headlines in bold. Bar: interval over seeds or cases; line: "
        "threshold; shaded: margin, a difference too small to matter. Intervals cover the choice "
        "of seeds or cases, not the finite set of test images."
    )
    alt = "Claims. " + "; ".join(told) + "."
    save_figure(plot_claims(made)[0], f"{number or 'unknown'}-claims", caption, alt, data=table)
    return table


def plot_claims(made: Sequence[Claim]) -> list[Axes]:
    """Draw one row for each claim; return its axes."""
    height = ROW * len(made) + 0.2
    margins = {"left": 0.42, "right": 0.84, "top": 1 - 0.05 / height, "bottom": 0.3 / height}
    _, grid = plt.subplots(
        len(made),
        1,
        figsize=(9.0, height),
        squeeze=False,
        gridspec_kw={"hspace": 0.9, **margins},
    )
    axes = list(grid[:, 0])
    for ax, claim in zip(axes, made, strict=True):
        _draw(ax, claim)
    return axes


def _draw(ax: Axes, claim: Claim) -> None:
    found, color = claim.interval, COLORS[claim.verdict]
    low, high = _limits(claim)
    _shade(ax, claim)
    for end in claim.threshold:
        ax.axvline(end, color="0.2", linewidth=1.2)
    bar = [max(found.low, low), min(found.high, high)]
    ax.plot(bar, [0, 0], color=color, linewidth=5 if claim.headline else 3.5, solid_capstyle="butt")
    ax.plot(found.mean, 0, "o", color=color, markersize=8 if claim.headline else 6)
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    if found.scale == "log":
        _as_factors(ax, low, high)
    ax.xaxis.set_major_formatter(lambda value, place: f"{value:.4g}")  # no "1e6" at the side
    ax.set(xlim=(low, high), ylim=(-1, 1), yticks=[])
    ax.grid(False)
    ax.spines["left"].set_visible(False)
    ax.tick_params("x", labelsize=8, pad=1, colors="0.35")
    _name(ax, claim, color)


def _name(ax: Axes, claim: Claim, color: str) -> None:
    """The statement on the left, unit and verdict on the right."""
    weight = "bold" if claim.headline else "normal"
    statement = textwrap.fill(claim.statement.replace("$", r"\$"), LINE)
    placed: dict[str, Any] = {"transform": ax.transAxes, "va": "center", "fontsize": 9}
    ax.text(-0.04, 0.5, statement, ha="right", color="0.2", fontweight=weight, **placed)
    verdict = f"{MARKS[claim.verdict]} {claim.verdict}"
    ax.text(1.03, 0.62, verdict, ha="left", color=color, fontweight="bold", **placed)
    unit = claim.unit or ("factor" if claim.interval.scale == "log" else "")
    ax.text(1.03, 0.05, unit.replace("$", r"\$"), ha="left", color="0.45", **placed)


def _as_factors(ax: Axes, low: float, high: float) -> None:
    """A logarithmic axis: round numbers, powers of ten where it spans decades."""
    ax.set_xscale("log")
    fine = MaxNLocator(5, steps=[1, 2, 5, 10])
    ax.xaxis.set_major_locator(LogLocator(numticks=6) if high > 20 * low else fine)
    ax.xaxis.set_minor_locator(NullLocator())


def _shade(ax: Axes, claim: Claim) -> None:
    if claim.kind == "within":
        ax.axvspan(*claim.threshold, color="0.9", linewidth=0)
    if claim.margin is None:
        return
    room = claim.margin
    for end in claim.threshold:
        ends = (end - room, end + room)
        if claim.interval.scale == "log":
            ends = (end / (1 + room), end * (1 + room))
        ax.axvspan(*ends, color="0.8", linewidth=0)


def _limits(claim: Claim) -> tuple[float, float]:
    """The ends of the axis: what was measured, the threshold and the margin, and a little air."""
    found, room = claim.interval, claim.margin or 0.0
    ends = [found.mean, *claim.threshold]
    ends += [found.low, found.high]
    lowest = 0.0 if found.scale == "log" else -math.inf  # neither infinity nor log 0 has a place
    ends = [end for end in ends if lowest < end < math.inf]
    if found.scale == "log":
        ends += [claim.threshold[0] / (1 + room), claim.threshold[-1] * (1 + room)]
        return min(ends) / 1.1, max(ends) * 1.1
    ends += [claim.threshold[0] - room, claim.threshold[-1] + room]
    air = 0.06 * (max(ends) - min(ends)) or 0.5
    return min(ends) - air, max(ends) + air
