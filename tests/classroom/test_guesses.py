"""Guesses: asked for, kept, compared, drawn; never an error for dots."""

import math

import matplotlib
import pytest

import labhelpers as lab
from labhelpers.classroom.guesses import all_guesses

matplotlib.use("Agg")
MEASURED = lab.Interval(80.0, 75.0, 85.0, 5)


@pytest.fixture(autouse=True)
def notebook(laptop_session, monkeypatch):
    monkeypatch.setenv("LABHELPERS_NOTEBOOK", "02-residual-mlp")


def said(capsys):
    return capsys.readouterr().out.splitlines()


def test_dots_are_asked_for_in_one_line_and_keep_nothing(capsys):
    capsys.readouterr()
    lab.guess("accuracy", ..., unit="%")
    lab.guess("accuracy", plain=..., residual=90, unit="%")
    lines = said(capsys)
    assert len(lines) == 2 and all("what is your guess, in %?" in line for line in lines)
    assert all_guesses() == {}


@pytest.mark.parametrize("bad", ["90", None, True, math.nan, math.inf, [90], 1j])
def test_what_is_no_number_gets_a_sentence(bad, capsys):
    capsys.readouterr()
    lab.guess("accuracy", bad, unit="%")
    assert f"{bad!r} is not a number" in said(capsys)[0] and all_guesses() == {}


def test_two_numbers_without_names_are_refused():
    with pytest.raises(TypeError, match="2 values without names"):
        lab.guess("accuracy", 1, 2)


def test_a_guess_is_kept_under_the_notebook_and_replaced_by_a_later_one(monkeypatch):
    lab.guess("accuracy", plain=10, residual=90.5, unit="%")
    lab.guess("accuracy", plain=20, residual=90.5, unit="%")
    assert all_guesses()["accuracy"]["guess"] == {
        "values": {"plain": 20, "residual": 90.5},
        "unit": "%",
    }
    monkeypatch.setenv("LABHELPERS_NOTEBOOK", "03-cnn-depth")
    assert all_guesses() == {}


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (90, "you guessed 90 %, measured 80 [75, 85]: too high by 5 %"),
        (70, "you guessed 70 %, measured 80 [75, 85]: too low by 5 %"),
        (85, "you guessed 85 %, measured 80 [75, 85]: inside the interval"),
    ],
)
def test_a_guess_is_put_beside_the_interval(number, words, capsys):
    lab.guess("accuracy", number, unit="%")
    capsys.readouterr()
    lab.compare("accuracy", MEASURED)
    assert said(capsys) == [f"accuracy: {words}"]
    assert all_guesses()["accuracy"]["measured"]["values"] == {"": [80.0, 75.0, 85.0]}


def test_several_guesses_are_compared_by_name_and_a_missing_one_is_no_error(capsys):
    lab.guess("accuracy", plain=10, unit="%")
    capsys.readouterr()
    lab.compare("accuracy", plain=MEASURED, residual=MEASURED)
    first, second = said(capsys)
    assert first.startswith("accuracy, plain: you guessed 10 %")
    assert second == "accuracy, residual: measured 80 [75, 85] %; you made no guess"


def test_compare_takes_intervals_only():
    with pytest.raises(TypeError, match=r"plain=0\.9 is no interval"):
        lab.compare("accuracy", plain=0.9)


def test_a_guess_is_drawn_as_a_labelled_line_or_dot_and_nothing_without_one():
    assert not lab.plot_guess("accuracy").lines
    lab.guess("accuracy", 90, unit="%")
    ax = lab.plot_guess("accuracy")
    assert ax.lines[0].get_ydata()[0] == 90 and ax.texts[0].get_text() == "your guess"
    ax = lab.plot_guess("accuracy", axis="x")
    assert ax.lines[0].get_xdata()[0] == 90
    ax = lab.plot_guess("accuracy", x=3)
    assert ax.lines[0].get_xydata().tolist() == [[3, 90]]
    with pytest.raises(ValueError, match="axis='z'"):
        lab.plot_guess("accuracy", axis="z")
