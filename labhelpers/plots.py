"""Every figure: a function takes data and ``ax=None`` and returns the axes; only `save_figure` shows and saves."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
import torch
from matplotlib.axes import Axes
from torch import Tensor

from labhelpers import data, session
from labhelpers.studies import interval

if TYPE_CHECKING:
    import pandas as pd

    from labhelpers.training import Run


def use_theme() -> None:
    """Set seaborn's theme for the session: a palette that survives colour-blindness, readable sizes."""
    sns.set_theme(style="whitegrid", palette="colorblind", rc={"figure.figsize": (6.4, 4.0), "figure.dpi": 100})


def t_interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of `interval`, in the form that seaborn's ``errorbar=`` takes."""
    found = interval(values)
    return (found.low, found.high) if found.n > 1 else (found.mean, found.mean)


def plot_history(runs: Run | Mapping[str, Run], metric: str = "loss", ax: Axes | None = None) -> Axes:
    """Draw `metric` against epochs: training dashed, validation solid, the best epoch as a dot.

    Args:
        runs: a run, or several by label.
        metric: ``"loss"`` or another name in the history; ``"val_" + metric`` joins it when there.
        ax: axes to draw on.
    """
    ax = ax or plt.subplots()[1]
    for i, (label, run) in enumerate((runs if isinstance(runs, Mapping) else {"": runs}).items()):
        epochs = [row["epoch"] for row in run.history]
        for name, style, words in ((metric, "--", "training"), (f"val_{metric}", "-", "validation")):
            if name in run.history[-1]:
                values = [row[name] for row in run.history]
                ax.plot(epochs, values, style, color=f"C{i}", label=f"{label} {words}".strip())
        if f"val_{metric}" in run.best:
            ax.plot(run.best["epoch"], run.best[f"val_{metric}"], "o", color=f"C{i}")
    unit = {"loss": "cross-entropy / nats", "accuracy": "accuracy"}.get(metric, metric)
    ax.set(xlabel="epoch", ylabel=unit)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    return ax


def plot_images(
    images: Tensor, titles: Sequence[str] | None = None, columns: int = 10, axes: np.ndarray | None = None
) -> np.ndarray:
    """Draw images (N, C, H, W), uint8 or float 0…1, in a grid with a title above each; return the axes."""
    rows = -(-len(images) // columns)
    if axes is None:
        axes = plt.subplots(rows, columns, figsize=(1.0 * columns, 1.25 * rows), squeeze=False)[1]
    pictures = images.detach().cpu().permute(0, 2, 3, 1).numpy()
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, picture, title in zip(axes.flat, pictures, titles or [""] * len(pictures), strict=False):
        ax.imshow(picture.squeeze(-1) if picture.shape[-1] == 1 else picture, cmap="gray_r", interpolation="nearest")
        ax.set_title(title, fontsize=9)
    return axes


def plot_confusion(confusion: np.ndarray, classes: Sequence[str], ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix (K, K) of counts; colour shows the mistakes as a share of the true class."""
    ax = ax or plt.subplots(figsize=(6.4, 5.4))[1]
    share = confusion / confusion.sum(1, keepdims=True).clip(min=1)
    mistakes = np.where(np.eye(len(confusion), dtype=bool), np.nan, 100 * share)
    options = {"xticklabels": classes, "yticklabels": classes, "cmap": "Blues", "linewidths": 0.5, "linecolor": "0.9"}
    colours = {"cbar_kws": {"label": "share of the true class / %"}}
    sns.heatmap(mistakes, annot=confusion, fmt="d", annot_kws={"size": 8}, ax=ax, **options, **colours)
    for i, row in enumerate(confusion):
        ax.text(i + 0.5, i + 0.5, row[i], ha="center", va="center", size=8, color="0.4")
    ax.set(xlabel="predicted class", ylabel="true class")
    return ax


def plot_calibration(logits: Tensor, labels: Tensor, bins: int = 10, ax: Axes | None = None) -> Axes:
    """Draw accuracy against the confidence of the predicted class, in bins of equally many images.

    Args:
        logits: (N, K).
        labels: (N,).
        bins: number of bins.
        ax: axes to draw on.
    """
    from sklearn.calibration import calibration_curve

    ax = ax or plt.subplots(figsize=(4.8, 4.4))[1]
    confidence, guess = torch.softmax(logits, 1).max(1)
    correct = (guess == labels).cpu().numpy()
    accuracy, mean_confidence = calibration_curve(correct, confidence.cpu().numpy(), n_bins=bins, strategy="quantile")
    ax.plot(mean_confidence, accuracy, "o-", label="model")
    low = min(mean_confidence.min(), accuracy.min())
    ax.plot([low, 1], [low, 1], ":", color="0.4", label="perfectly calibrated")
    ax.set(xlabel="mean confidence in the bin", ylabel="accuracy in the bin")
    ax.legend()
    return ax


def plot_study(table: pd.DataFrame, x: str, y: str, hue: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the mean of `y` over seeds with its 95 % t interval, each seed as a faint dot; x as categories."""
    ax = ax or plt.subplots()[1]
    table = table.astype({x: str})
    palette = {"palette": "colorblind"} if hue else {}
    sns.stripplot(table, x=x, y=y, hue=hue, dodge=False, alpha=0.4, size=4, legend=False, ax=ax, **palette)
    sns.pointplot(table, x=x, y=y, hue=hue, errorbar=t_interval, capsize=0.1, ax=ax, **palette)
    return ax


def save_figure(ax: Axes | np.ndarray, name: str, caption: str = "", alt: str = "") -> None:
    """Save the figure of `ax` as ``<name>.png``, show it once with its caption below, and close it.

    Args:
        ax: axes, or an array of them.
        name: file name without ending, such as ``"01-history"``; the folder is ``runs/figures/``, or
            ``figures/`` under ``make publish``.
        caption: what is seen, with n and the interval; data that is not the original is named behind it.
        alt: one sentence for those who cannot see the picture; the caption by default.

    Raises:
        PermissionError: the folder cannot be written.
    """
    from IPython.display import Image, display

    figure = (ax.flat[0] if isinstance(ax, np.ndarray) else ax).figure
    caption = " ".join([caption, *(f"Data: {source}." for source in sorted(data.SOURCES.values()))]).strip()
    if caption:
        width = int(figure.get_figwidth() * 14)
        figure.text(0, -0.02, textwrap.fill(caption, width), va="top", fontsize=9, color="0.3")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", metadata={"Description": alt or caption})
    plt.close(figure)
    folder = session.writable(session.current().figures)
    (folder / f"{name}.png").write_bytes(buffer.getvalue())
    display(Image(buffer.getvalue(), alt=alt or caption))
