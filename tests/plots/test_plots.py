"""Figures: what stands in the axes, and what a saved picture carries."""

import base64
from xml.etree import ElementTree

import IPython.display
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import labhelpers as lab
from labhelpers.engine.train import Run

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def run(losses, best=2):
    history = [
        {"epoch": i, "loss": loss, "val_loss": loss + 0.1} for i, loss in enumerate(losses, start=1)
    ]
    return Run(None, {}, history, history[best - 1], 1.0, None)


def test_a_history_shows_training_validation_and_the_best_epoch():
    ax = lab.plot_history(run([3.0, 1.0, 2.0]))
    training, validation, best = ax.lines
    assert list(training.get_ydata()) == [3.0, 1.0, 2.0] and training.get_linestyle() == "--"
    assert list(validation.get_ydata()) == [3.1, 1.1, 2.1] and validation.get_linestyle() == "-"
    assert (list(best.get_xdata()), list(best.get_ydata())) == ([2], [1.1])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "cross-entropy / nats")
    assert [text.get_text().strip() for text in ax.get_legend().texts] == [
        "training",
        "validation",
        "best epoch",
    ]


def test_several_histories_have_a_colour_each_and_share_given_axes():
    _, ax = plt.subplots()
    assert lab.plot_history({"a": run([3.0, 1.0]), "b": run([2.0, 1.0])}, ax=ax) is ax
    assert [line.get_color() for line in ax.lines] == ["C0"] * 3 + ["C1"] * 3
    with pytest.raises(
        ValueError, match="the run does not report 'accuracy': choose from loss, val_loss"
    ):
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


@pytest.mark.parametrize(("levels", "joined"), [([2, 10], True), (["CNN", "MLP"], False)])
def test_means_are_joined_between_numbers_and_not_between_names(levels, joined):
    rows = [{"x": x, "seed": s, "y": 1.0 * s} for x in levels for s in range(3)]
    ax = lab.plot_study(pd.DataFrame(rows), "x", "y")
    means = [line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_marker() == "o"]
    assert [line.get_linestyle() != "None" for line in means] == [joined]


def test_images_share_one_scale_and_spare_axes_stay_empty():
    images = torch.full((3, 1, 4, 4), 100, dtype=torch.uint8)
    axes = lab.plot_images(images, ["a", "b", "c"], columns=2)
    assert axes.shape == (2, 2) and [len(ax.images) for ax in axes.flat] == [1, 1, 1, 0]
    assert axes[0, 0].images[0].get_clim() == (0, 255) and axes[0, 1].get_title() == "b"
    assert not any(ax.axison for ax in axes.flat)


def test_a_network_is_drawn_from_what_its_parts_make_of_an_image():
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 3, padding=1), torch.nn.Flatten(), torch.nn.Linear(48, 5)
    )
    model[0].skip = True
    names = {torch.nn.Conv2d: lambda part: "conv", torch.nn.Linear: lambda part: "dense"}
    image, model = torch.rand(1, 1, 4, 4), model.train()
    ax = lab.plot_network(model, image, names)
    words = [text.get_text() for text in ax.texts if text.get_text()]
    assert words == ["image\n4×4", "conv\n3×4×4\n30", "dense\n5\n245"]
    assert model.training and not model[0]._forward_hooks
    drawn = [np.asarray(picture.get_array()) for picture in ax.images]
    maps = model[0](image)[0].detach().numpy()
    assert len(drawn) == 1 + 3 + 1
    assert np.allclose(drawn[0], image[0, 0]) and np.allclose(drawn[1:4][::-1], maps)
    arcs = [text for text in ax.texts if getattr(text, "arrow_patch", None) is not None]
    assert len(arcs) == 1  # the skip connection


@pytest.fixture
def shown(monkeypatch):
    """What notebooks are shown: data and metadata of each figure."""
    seen = []
    monkeypatch.setattr(
        IPython.display, "display", lambda picture: seen.append(picture._repr_mimebundle_())
    )
    return seen


def test_a_saved_figure_carries_its_caption_source_and_alt_text_and_is_closed(session, shown):
    ax = lab.plot_history(run([2.0, 1.0]))
    lab.load_data("mnist")
    lab.save_figure(ax, "99-test", caption="Loss, one seed.", alt="A falling curve.")
    path = session.figures / "99-test.png"
    with Image.open(path) as picture:
        assert picture.format == "PNG" and picture.text["Description"] == "A falling curve."
    data, metadata = shown[0]
    assert base64.b64decode(data["image/png"]) == path.read_bytes() and not plt.get_fignums()
    assert metadata["image/png"]["alt"] == "A falling curve."
    assert metadata["image/png"]["caption"].startswith("Loss, one seed. Data: mnist, stand-in")
    again = np.array([lab.plot_history(run([2.0, 1.0]))])
    lab.save_figure(again, "99-again", caption="The caption.")
    assert shown[1][1]["image/png"]["alt"].startswith("The caption.")
    other, shapes = lab.plot_history(run([2.0, 1.0])), lab.load_data("shapes")
    lab.save_figure(other, "99-other", caption="Other data.", data=shapes)
    assert shown[2][1]["image/png"]["alt"] == "Other data."  # its own: no stand-in is named
    rows = pd.DataFrame({"loss": [1.0]})
    rows.attrs["sources"] = {"cifar10": "cifar10, JPEG copy"}  # as a study's table remembers
    lab.save_figure(lab.plot_history(run([2.0, 1.0])), "99-rows", caption="Rows.", data=rows)
    assert shown[3][1]["image/png"]["caption"] == "Rows. Data: cifar10, JPEG copy."


def test_the_chart_of_claims_names_what_they_were_measured_on(session, shown, monkeypatch):
    monkeypatch.setattr("labhelpers.evidence.claims._claims", {})
    lab.load_data("mnist")
    rows = pd.DataFrame({"seed": [0, 1], "loss": [1.0, 2.0]})
    rows.attrs["sources"] = {"svhn": "svhn, a copy"}
    lab.claim("Of these rows", lab.interval(rows.loss), above=0)
    lab.claim("Of what was loaded before", lab.proportion(9, 10), above=0.5)
    lab.load_data("cifar10")  # later: a stand-in, too
    rows.attrs["sources"] |= {"mnist": session.sources["mnist"]}
    assert lab.claims().attrs["sources"] == rows.attrs["sources"]
    caption = shown[0][1]["image/png"]["caption"]
    assert "Data: mnist" in caption and "Data: svhn, a copy." in caption
    assert "cifar10" in session.sources and "cifar10" not in caption


def test_the_alt_text_stands_in_the_picture_and_the_caption_is_text(session, shown):
    lab.save_figure(plt.subplots()[1], "99-html", caption='5 $ < 6 & "so"', alt='a "quote" > b')
    figure = ElementTree.fromstring(shown[0][0]["text/html"].replace('%">', '%"/>'))
    picture, caption = figure
    assert picture.get("alt") == 'a "quote" > b' and picture.get("src").startswith("data:image/png")
    assert "".join(caption.itertext()) == '5 $ < 6 & "so"'
    assert "5 $" not in shown[0][0]["text/html"]  # which JupyterLab might take for a formula


def test_plots_leave_rcparams_and_open_figures_alone():
    before, (_, ax) = dict(matplotlib.rcParams), plt.subplots()
    lab.plot_history(run([2.0, 1.0]), ax=ax)
    assert dict(matplotlib.rcParams) == before and len(plt.get_fignums()) == 1


NO_FORMULA = ("$_{ a", "costs $5 or $6^", r"$\frac{1}{$ b", "$$", r"$\unknown$", "two\n$_{$ lines")


@pytest.mark.parametrize("name", NO_FORMULA)
def test_dollars_in_names_do_not_end_a_figure(session, name):
    _, (left, right) = plt.subplots(1, 2)
    left.bar([name, "b"], [1, 2], label=name)
    left.set(title=name, xlabel=name)
    left.legend()
    lab.save_figure(np.array([left, right]), "99-dollars", caption=name, alt=name)
    table = pd.DataFrame(
        {"kind": [name, name, "b", "b"], "seed": [0, 1, 0, 1], "y": [1.0, 2, 3, 4]}
    )
    lab.save_figure(lab.plot_study(table, "kind", "y", hue="kind"), "99-study")
    lab.save_figure(lab.plot_images(torch.rand(1, 1, 4, 4), [name]), "99-images")
    assert len(list(session.figures.glob("99-*.png"))) == 3


def test_a_formula_stays_a_formula(session):
    ax = plt.subplots()[1]
    title = ax.set_title(r"$\sqrt{x}$ for $5")
    good = ax.set_xlabel(r"$\sqrt{x}$")
    lab.save_figure(ax, "99-formula")
    assert good.get_parse_math() and title.get_text() == r"$\sqrt{x}$ for $5"


def test_labels_are_titles_as_they_are():
    axes = lab.plot_images(torch.rand(2, 1, 4, 4), torch.tensor([7, 0]).tolist())
    assert [ax.get_title() for ax in axes.flat] == ["7", "0"]


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/b", "", "..", ".x", None, 5, "a\n"])
def test_a_figure_stays_in_its_folder(session, name):
    with pytest.raises(ValueError, match="use a plain name"):
        lab.save_figure(plt.subplots()[1], name)


def test_a_link_is_replaced_not_followed(session, tmp_path):
    outside = tmp_path / "outside.png"
    outside.write_text("untouched", encoding="utf-8")
    session.figures.mkdir(parents=True, exist_ok=True)
    (session.figures / "99-link.png").symlink_to(outside)
    lab.save_figure(plt.subplots()[1], "99-link")
    assert outside.read_text(encoding="utf-8") == "untouched"
