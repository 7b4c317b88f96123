"""Every figure: a function takes data and ``ax=None`` and returns the axes; only `save_figure` shows and saves."""

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from torch import Tensor

from labhelpers import data as datasets
from labhelpers import session
from labhelpers.studies import t_interval

if TYPE_CHECKING:
    from labhelpers.training import Run


def use_theme() -> None:
    """Set seaborn's theme for the session: a palette that survives colour-blindness, readable sizes."""
    quiet = {"axes.edgecolor": "0.6", "grid.color": "0.92", "axes.spines.top": False, "axes.spines.right": False}
    sns.set_theme(style="whitegrid", palette="colorblind", rc={"figure.figsize": (6.4, 4.0), "figure.dpi": 100} | quiet)


def plot_history(runs: "Run | Mapping[str, Run]", metric: str = "loss", ax: Axes | None = None) -> Axes:
    """Draw `metric` against epochs: training dashed, validation solid, the best epoch as a dot.

    `runs` is one run, or several by label, each in a colour of its own; ``"val_" + metric`` joins `metric` when
    there. Raises ValueError when a run reports neither.
    """
    ax = ax or plt.subplots()[1]
    runs = runs if isinstance(runs, Mapping) else {"": runs}
    for i, (label, run) in enumerate(runs.items()):
        table = pd.DataFrame(run.history).set_index("epoch")
        if not {metric, f"val_{metric}"} & {*table}:
            raise ValueError(f"{label or 'the run'} does not report {metric!r}: choose from {', '.join(table)}")
        for name, style, words in ((metric, "--", "training"), (f"val_{metric}", "-", "validation")):
            if name in table:
                ax.plot(table[name], style, color=f"C{i}", label=f"{label} {words}")
        if f"val_{metric}" in run.best:
            best = "best epoch" if i == len(runs) - 1 else None
            ax.plot(run.best["epoch"], run.best[f"val_{metric}"], "o", color=f"C{i}", label=best)
    ax.set(xlabel="epoch", ylabel={"loss": "cross-entropy / nats"}.get(metric, metric.replace("_", " ")))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(labelcolor="0.25")
    return ax


def plot_images(
    images: Tensor, titles: Sequence[str] | None = None, columns: int = 10, axes: np.ndarray | None = None
) -> np.ndarray:
    """Draw images (N, C, H, W), uint8 or float 0…1, in a grid with a title above each; return the axes."""
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    if axes is None:
        lines = max((title.count("\n") + 1 for title in titles or [] if title), default=0)
        size = (1.1 * columns, (1.1 + 0.17 * lines) * rows)
        axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")[1]
    pictures = images.detach().cpu().permute(0, 2, 3, 1).numpy()
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, picture, title in zip(axes.flat, pictures, titles or [""] * len(pictures), strict=False):
        picture = picture.squeeze(-1) if picture.shape[-1] == 1 else picture
        top = 255 if picture.dtype == np.uint8 else 1  # not each image's own extremes
        ax.imshow(picture, cmap="gray_r", interpolation="nearest", vmin=0, vmax=top)
        ax.set_title(title, fontsize=9)
    return axes


def plot_study(table: pd.DataFrame, x: str, y: str, hue: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the mean of `y` over seeds with its 95 % t interval, each seed as a faint dot; x as categories."""
    ax = ax or plt.subplots()[1]
    levels = table[hue].nunique() if hue else 1
    apart = 0.15 * (levels - 1)
    colours = {"palette": sns.color_palette("colorblind", levels)} if hue else {}
    shared = {"x": x, "y": y, "hue": hue, "ax": ax, **colours}
    table = table.astype({x: str})
    sns.stripplot(table, dodge=bool(hue), jitter=False, alpha=0.4, size=4, legend=False, **shared)
    sns.pointplot(table, errorbar=t_interval, dodge=apart, capsize=0.08, markersize=5, linewidth=1.8, **shared)
    ax.set(xlabel=x.replace("_", " "), ylabel=y.replace("_", " "))
    return ax


def save_figure(
    ax: Axes | np.ndarray, name: str, caption: str = "", alt: str = "", data: datasets.ImageData | None = None
) -> None:
    """Save the figure of `ax` (or an array of axes) as ``<name>.png``, show it once with its caption, and close it.

    Args:
        name: such as ``"01-history"``; the folder is ``runs/figures/``, or ``figures/`` under ``make publish``.
        caption: what is seen, with n and the interval; data that is not the original is named behind it.
        alt: one sentence for those who cannot see the picture; the caption by default.
        data: what the picture is of, where a notebook uses several data sets.

    Raises PermissionError when the folder cannot be written.
    """
    from IPython.display import Image, display

    figure = (ax.flat[0] if isinstance(ax, np.ndarray) else ax).figure
    sources = sorted(source for name, source in datasets.SOURCES.items() if data is None or name == data.name)
    caption = " ".join([caption, *(f"Data: {source}." for source in sources)]).strip()
    if caption:
        figure.canvas.draw()  # so that the caption starts below whatever the axes' labels reach
        low = figure.get_tightbbox().y0 / figure.get_figheight()
        width = int(figure.get_figwidth() * 14)
        figure.text(0, min(low, 0) - 0.03, textwrap.fill(caption, width), va="top", fontsize=9, color="0.3")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", metadata={"Description": alt or caption})
    plt.close(figure)
    (session.writable(session.current().figures) / f"{name}.png").write_bytes(buffer.getvalue())
    display(Image(buffer.getvalue()), metadata={"image/png": {"alt": alt or caption}})  # Image(alt=…): not in Colab's
