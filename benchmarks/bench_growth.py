"""The part of the benchmark on growth: what 1, 2 and 4 times the work costs, and its figure."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from matplotlib.ticker import LogLocator
from torch import nn

import labhelpers as lab

TIMES, EPOCHS = (1, 2, 4), 4
WHAT = ("images", "parameters", "runs")
BATCH = 128


def runs(n: int, data: lab.ImageData) -> None:
    """A study of `n` runs, one after the other."""

    def experiment(seed: int) -> dict[str, float]:
        torch.manual_seed(seed)
        model = lab.MLP(784, 128, 10)
        return lab.fit(model, data, epochs=EPOCHS, batch_size=BATCH, seed=seed).best

    lab.study(experiment, seeds=n, fresh=True, run="bench/runs", workers=1)


def wide(times: int) -> nn.Module:
    """An MLP with that many times the parameters of the one with 128 hidden units, nearly."""
    return lab.MLP(784, 128 * times, 10)


def jobs(quick: bool, task: Callable, loops: dict) -> dict[str, dict[str, Callable[[], object]]]:
    """For each kind of work a group; its rows are the amounts, for each of the loops.

    `task` makes what a loop takes from a name, a model and data: both are those of `bench`.
    """
    unit = 300 if quick else 10_000
    data = {times: lab.load_data("mnist", times * unit) for times in TIMES}
    small = data[1]
    groups: dict[str, dict[str, Callable[[], object]]] = {name: {} for name in WHAT}
    for times in TIMES:
        images = task("MLP", wide(1), data[times], EPOCHS)
        parameters = task("MLP", wide(times), small, EPOCHS)
        for name, loop in loops.items():
            label = f"{name}, × {times}"
            groups["images"][label] = functools.partial(loop, images)
            groups["parameters"][label] = functools.partial(loop, parameters)
        groups["runs"][f"lab.study, × {times}"] = functools.partial(runs, times, small)
    parameters = sum(p.numel() for p in wide(1).parameters())
    per = f"{EPOCHS} passes over {unit:,} images, {parameters:,} parameters"
    return {f"growth with {name} (× 1: {per}, one run)": group for name, group in groups.items()}


def draw(rows: list[dict], path: Path) -> None:
    """Draw seconds against the amount of work, both on log scales, a panel for each kind."""
    figure, axes = plt.subplots(1, len(WHAT), figsize=(9, 3), sharey=True, layout="constrained")
    for ax, name in zip(axes, WHAT, strict=True):
        found = [row for row in rows if row["group"].startswith(f"growth with {name}")]
        for loop in dict.fromkeys(row["what"].partition(",")[0] for row in found):
            mine = [row for row in found if row["what"].startswith(f"{loop},")]
            medians = [row["median"] for row in mine]
            spread = [
                [row["median"] - row["low"] for row in mine],
                [row["high"] - row["median"] for row in mine],
            ]
            ax.errorbar(TIMES, medians, spread, marker="o", label=loop)
            ax.plot(TIMES, [medians[0] * n for n in TIMES], color="0.7", linestyle=":", zorder=0)
        ax.set(xscale="log", yscale="log", xlabel=f"{name}, times")
        ax.set_xticks(TIMES, [f"× {n}" for n in TIMES])
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.minorticks_off()
        ax.legend(loc="upper left")
    axes[0].set(ylabel="time / s")
    figure.suptitle("Medians, lowest and highest of each; dotted: in proportion", fontsize=10)
    figure.savefig(path, dpi=100)
    plt.close(figure)
