"""Curves of training and validation."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from labhelpers.engine.train import Run


def plot_history(
    runs: Run | Mapping[str, Run], metric: str = "loss", ax: Axes | None = None
) -> Axes:
    """Draw `metric` against epochs: training dashed, validation solid, the best epoch as a dot.

    `runs` is one run, or several by label, each in a colour of its own; ``"val_" + metric`` joins
    `metric` when there. Raises ValueError when a run reports neither.

    Example:
        >>> run = lab.fit(lab.MLP(784, 10), lab.load_data("digits"), epochs=2)
        training: ...
        >>> ax = lab.plot_history(run, "accuracy")
    """
    ax = ax or plt.subplots()[1]
    runs = runs if isinstance(runs, Mapping) else {"": runs}
    for i, (label, run) in enumerate(runs.items()):
        table = pd.DataFrame(run.history).set_index("epoch")
        if not {metric, f"val_{metric}"} & {*table}:
            raise ValueError(
                f"{label or 'the run'} does not report {metric!r}: choose from "
                f"{', '.join(map(str, table))}"
            )
        for name, style, words in (
            (metric, "--", "training"),
            (f"val_{metric}", "-", "validation"),
        ):
            if name in table:
                ax.plot(table[name], style, color=f"C{i}", label=f"{label} {words}")
        if f"val_{metric}" in run.best:
            best = "best epoch" if i == len(runs) - 1 else None
            ax.plot(run.best["epoch"], run.best[f"val_{metric}"], "o", color=f"C{i}", label=best)
    ax.set(
        xlabel="epoch",
        ylabel={"loss": "cross-entropy / nats"}.get(metric, metric.replace("_", " ")),
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(labelcolor="0.25")
    return ax
