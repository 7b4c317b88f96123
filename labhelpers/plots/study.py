"""A study's table: means, intervals and seeds."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from labhelpers.evidence.intervals import t_interval


def plot_study(
    table: pd.DataFrame, x: str, y: str, hue: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the mean of `y` over seeds with its 95 % t interval, each seed as a faint dot; x as
    categories. Means are joined where `x` is a number: between names there is nothing.

    Example:
        >>> seeds, loss = [0, 1, 0, 1], [1.0, 2.0, 3.0, 4.0]
        >>> table = pd.DataFrame({"depth": [2, 2, 4, 4], "seed": seeds, "loss": loss})
        >>> ax = lab.plot_study(table, "depth", "loss")
    """
    ax = ax or plt.subplots()[1]
    levels = table[hue].nunique() if hue else 1
    apart = 0.15 * (levels - 1)
    colours = {"palette": sns.color_palette("colorblind", levels)} if hue else {}
    shared = {"x": x, "y": y, "hue": hue, "ax": ax, **colours}
    joined = "-" if pd.api.types.is_numeric_dtype(table[x]) else "none"
    table = table.astype({x: str})
    sns.stripplot(table, dodge=bool(hue), jitter=False, alpha=0.4, size=4, legend=False, **shared)
    line = {"linestyle": joined, "linewidth": 1.8, "markersize": 5}
    sns.pointplot(table, errorbar=t_interval, dodge=apart, capsize=0.08, **line, **shared)
    ax.set(xlabel=x.replace("_", " "), ylabel=y.replace("_", " "))
    return ax
