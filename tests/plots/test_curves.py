"""Curves: what is drawn is the mean over seeds; labels stand at the ends and do not overlap."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

import labhelpers as lab
from labhelpers.plots.curves import spread

matplotlib.use("Agg")


@pytest.fixture
def table():
    rows = [
        {"epoch": epoch, "seed": seed, "kind": kind, "loss": level / epoch + 0.1 * seed}
        for level, kind in ((1.0, "b $x$"), (1.001, "a"), (3.0, "c"))
        for epoch in (1, 2, 3)
        for seed in range(3)
    ]
    return pd.DataFrame(rows)


def test_each_curve_is_the_mean_over_seeds(table):
    ax = lab.plot_curves(table, "epoch", "loss", hue="kind")
    means = [line.get_ydata() for line in ax.lines]
    np.testing.assert_allclose(means[0], [1.1, 0.6, 1 / 3 + 0.1])
    np.testing.assert_allclose(means[2], [3.1, 1.6, 1.1])


def test_labels_stand_at_the_ends_in_the_curves_colours(table):
    ax = lab.plot_curves(table, "epoch", "loss", hue="kind", order=["c", "b $x$", "a"])
    assert [text.get_text() for text in ax.texts] == ["c", r"b \$x\$", "a"]
    for text, line in zip(ax.texts, ax.lines, strict=True):
        assert text.xy == pytest.approx((3, line.get_ydata()[-1]))
        assert matplotlib.colors.same_color(text.get_color(), line.get_color())


@pytest.mark.parametrize("places", [[0.0, 0.0, 0.0], [5.0, 4.0, 4.5, 40.0], [1.0]])
def test_spread_keeps_order_and_distance(places):
    moved = spread(np.array(places), 10.0)
    assert (np.diff(np.sort(moved)) >= 10 - 1e-3).all()
    assert (np.argsort(moved, kind="stable") == np.argsort(places, kind="stable")).all()
    assert spread(np.array([0.0, 50.0]), 10.0).tolist() == [0.0, 50.0]
