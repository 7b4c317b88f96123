"""Figures: what stands in the axes, and what a saved picture carries."""

import IPython.display
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import labhelpers as lab
from labhelpers.training import Run

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def run(losses, best=2):
    history = [{"epoch": i, "loss": loss, "val_loss": loss + 0.1} for i, loss in enumerate(losses, start=1)]
    return Run(None, {}, history, history[best - 1], 1.0, None)


def test_a_history_shows_training_validation_and_the_best_epoch():
    ax = lab.plot_history(run([3.0, 1.0, 2.0]))
    training, validation, best = ax.lines
    assert list(training.get_ydata()) == [3.0, 1.0, 2.0] and training.get_linestyle() == "--"
    assert list(validation.get_ydata()) == [3.1, 1.1, 2.1] and validation.get_linestyle() == "-"
    assert (list(best.get_xdata()), list(best.get_ydata())) == ([2], [1.1])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "cross-entropy / nats")
    assert [text.get_text().strip() for text in ax.get_legend().texts] == ["training", "validation", "best epoch"]


def test_several_histories_have_a_colour_each_and_share_given_axes():
    _, ax = plt.subplots()
    assert lab.plot_history({"a": run([3.0, 1.0]), "b": run([2.0, 1.0])}, ax=ax) is ax
    assert [line.get_color() for line in ax.lines] == ["C0"] * 3 + ["C1"] * 3
    with pytest.raises(ValueError, match="the run does not report 'accuracy': choose from loss, val_loss"):
        lab.plot_history(run([3.0, 1.0]), metric="accuracy")


def test_the_error_bars_of_a_study_are_t_intervals():
    draw = np.random.default_rng(0)
    rows = [(d, r, s, draw.normal()) for d in (2, 10) for r in (False, True) for s in range(4)]
    table = pd.DataFrame(rows, columns=["depth", "residual", "seed", "test_loss"])
    ax = lab.plot_study(table, x="depth", y="test_loss", hue="residual")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("depth", "test loss")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "10"]
    drawn = {round(float(y), 9) for line in ax.lines for y in line.get_ydata() if np.isfinite(y)}
    for _, group in table.groupby(["depth", "residual"])["test_loss"]:
        found = lab.interval(group)
        assert {round(value, 9) for value in (found.low, found.mean, found.high)} <= drawn
    dots = [y for points in ax.collections for y in points.get_offsets()[:, 1]]
    assert sorted(np.round(dots, 9)) == sorted(table["test_loss"].round(9))


def test_images_share_one_scale_and_spare_axes_stay_empty():
    images = torch.full((3, 1, 4, 4), 100, dtype=torch.uint8)
    axes = lab.plot_images(images, ["a", "b", "c"], columns=2)
    assert axes.shape == (2, 2) and [len(ax.images) for ax in axes.flat] == [1, 1, 1, 0]
    assert axes[0, 0].images[0].get_clim() == (0, 255) and axes[0, 1].get_title() == "b"
    assert not any(ax.axison for ax in axes.flat)


def test_a_saved_figure_carries_its_caption_source_and_alt_text_and_is_closed(session, monkeypatch):
    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda *args, **options: shown.append((args, options)))
    ax = lab.plot_history(run([2.0, 1.0]))
    lab.load_data("mnist")
    lab.save_figure(ax, "99-test", caption="Loss, one seed.", alt="A falling curve.")
    path = session.figures / "99-test.png"
    with Image.open(path) as picture:
        assert picture.format == "PNG" and picture.text["Description"] == "A falling curve."
    ((image,), options), caption = shown[0], ax.figure.texts[-1].get_text().replace("\n", " ")
    assert image.data == path.read_bytes() and options["metadata"]["image/png"]["alt"] == "A falling curve."
    assert caption.startswith("Loss, one seed. Data: mnist, stand-in") and not plt.get_fignums()
    lab.save_figure(np.array([lab.plot_history(run([2.0, 1.0]))]), "99-again", caption="The caption.")
    assert shown[1][1]["metadata"]["image/png"]["alt"].startswith("The caption.")
    lab.save_figure(lab.plot_history(run([2.0, 1.0])), "99-other", caption="Other data.", data=lab.load_data("shapes"))
    assert shown[2][1]["metadata"]["image/png"]["alt"] == "Other data."  # its own, so mnist's stand-in is not named


def test_plots_leave_rcparams_and_open_figures_alone():
    before, (_, ax) = dict(matplotlib.rcParams), plt.subplots()
    lab.plot_history(run([2.0, 1.0]), ax=ax)
    assert dict(matplotlib.rcParams) == before and len(plt.get_fignums()) == 1
