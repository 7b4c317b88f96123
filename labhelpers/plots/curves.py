"""Curves over epochs, layers or steps: mean over seeds, interval as a band, labels at the ends."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from labhelpers.evidence.intervals import t_interval


def plot_curves(
    table: pd.DataFrame,
    x: str,
    y: str,
    hue: str,
    order: Sequence | None = None,
    palette: str | Sequence = "colorblind",
    ax: Axes | None = None,
) -> Axes:
    """Draw `y` against `x`, a curve for each level of `hue`: mean over seeds and its 95 % interval.

    Each curve is named at its right end, in its colour, so that no legend covers it. Levels of
    `hue` come in the order of `order`, else as they are met. An ordered quantity, such as depth,
    reads better with an ordered palette such as ``"viridis_r"``.

    Example:
        >>> table = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0], "kind": "plain"})
        >>> ax = lab.plot_curves(table, "epoch", "loss", hue="kind")
    """
    ax = ax or plt.subplots()[1]
    levels = list(order) if order is not None else list(dict.fromkeys(table[hue]))
    colors = sns.color_palette(palette, len(levels))
    names = [str(level) for level in levels]
    sns.lineplot(
        table.assign(**{hue: table[hue].astype(str)}),
        x=x,
        y=y,
        hue=hue,
        hue_order=names,
        palette=colors,
        errorbar=t_interval,
        legend=False,
        ax=ax,
    )
    ends = table[table[x] == table.groupby(hue)[x].transform("max")]
    last = ends.groupby(hue)[[x, y]].mean().loc[levels]
    label_ends(ax, last[x].to_numpy(), last[y].to_numpy(), names, colors)
    if pd.api.types.is_integer_dtype(table[x]):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel=x.replace("_", " "), ylabel=y.replace("_", " "))
    return ax


def label_ends(
    ax: Axes,
    xs: np.ndarray,
    ys: np.ndarray,
    names: Sequence[str],
    colors: Sequence,
    size: float = 10,
) -> None:
    """Write `names` right of the points (xs, ys), pushed apart where they would overlap."""
    ax.autoscale_view()  # fixes the limits, so that points have a place in pixels
    pixels = ax.transData.transform(np.column_stack([xs, ys]))[:, 1]
    height = 1.25 * size * ax.figure.dpi / 72
    places = spread(pixels, height)
    for name, color, start, place in zip(names, colors, pixels, places, strict=True):
        offset = (place - start) * 72 / ax.figure.dpi
        end = names.index(name)
        ax.annotate(
            name.replace("$", r"\$"),
            (xs[end], ys[end]),
            xytext=(6, offset),
            textcoords="offset points",
            color=color,
            fontsize=size,
            va="center",
            annotation_clip=False,
        )


def spread(places: np.ndarray, distance: float) -> np.ndarray:
    """Move `places` as little as is easy, so that neighbours are at least `distance` apart."""
    order = np.argsort(places)
    moved = places[order].astype(float)
    for _ in range(100):
        gaps = np.diff(moved)
        close = gaps < distance - 1e-6
        if not close.any():
            break
        push = np.where(close, (distance - gaps) / 2, 0.0)
        moved[:-1] -= push
        moved[1:] += push
    result = np.empty_like(moved)
    result[order] = moved
    return result
