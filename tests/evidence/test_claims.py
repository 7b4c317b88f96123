"""Claims: the four verdicts, what is printed and kept, and words that follow from the verdict."""

import json
import math
import os
import re
import sys

import numpy as np
import pytest

import labhelpers as lab
from labhelpers.evidence.claims import claims_so_far
from labhelpers.evidence.judging import MARKS, judged
from labhelpers.plots.claims import plot_claims


@pytest.fixture(autouse=True)
def notebook(laptop_session, monkeypatch, capsys):
    monkeypatch.setenv("LABHELPERS_NOTEBOOK", "02-residual-mlp")
    monkeypatch.setattr("labhelpers.evidence.claims._claims", {})
    capsys.readouterr()
    return laptop_session


def about(low, high, **more):
    return lab.Interval((low + high) / 2, low, high, 5, spread=1.0, **more)


def kept(session):
    path = session.figures / "results.json"
    return json.loads(path.read_text(encoding="utf-8"))["02-residual-mlp"]["claims"]


ABOVE = [
    (about(0.1, 0.9), None, "holds"),
    (about(-0.9, -0.1), None, "refuted"),
    (about(-0.4, 0.4), None, "undecided"),
    (about(-0.4, 0.4), 0.5, "negligible"),
    (about(0.1, 0.4), 0.5, "holds"),  # on the claimed side, if within the margin
    (about(-0.4, -0.1), 0.5, "negligible"),
    (about(-0.6, 0.4), 0.5, "undecided"),
    (about(0.0, 0.0), None, "undecided"),  # no difference at all is not above 0
    (about(0.0, 0.0), 0.5, "negligible"),
]


@pytest.mark.parametrize(("found", "margin", "verdict"), ABOVE)
def test_four_verdicts_above_a_threshold_and_mirrored_below(found, margin, verdict):
    assert judged(found, "above", (0.0,), margin) == verdict
    assert judged(-found, "below", (0.0,), margin) == verdict


@pytest.mark.parametrize(
    ("found", "margin", "verdict"),
    [
        (about(0.2, 0.8), None, "holds"),
        (about(0.0, 1.0), None, "holds"),  # the ends belong to it
        (about(1.1, 1.5), None, "refuted"),
        (about(-1.5, -0.1), None, "refuted"),
        (about(0.5, 1.5), None, "undecided"),
        (about(0.5, 1.05), 0.1, "negligible"),
    ],
)
def test_four_verdicts_between_two_ends(found, margin, verdict):
    assert judged(found, "within", (0.0, 1.0), margin) == verdict


def test_the_margin_of_a_ratio_is_a_factor():
    half, double = about(0.52, 0.9, scale="log"), about(1.2, 1.9, scale="log")
    assert judged(half, "above", (1.0,), 1.0) == "negligible"  # within a factor of 2
    assert judged(double, "below", (1.0,), 1.0) == "negligible"
    assert judged(about(0.4, 0.9, scale="log"), "above", (1.0,), 1.0) == "refuted"


def test_what_is_printed(capsys):
    lab.claim("Deeper is better", about(1.5, 2.5), above=0, margin=0.5, unit="points")
    lab.claim("Wider is better", about(0.1, 0.3), above=0, margin=0.5)
    lab.claim("Longer is better", about(-1.0, 2.0), above=0)
    lab.claim("Ten of ten", lab.proportion(10, 10, family=2), above=0.99)
    lines = capsys.readouterr().out.splitlines()
    lab.claim("As theory has it", about(0.9, 1.1), within=(0.8, 1.2), margin=0.5)
    assert "smaller" not in capsys.readouterr().out  # a band is a claim on smallness itself
    assert lines[0] == "✔ holds       Deeper is better"
    assert lines[1] == "              2 points [1.5, 2.5], n = 5 · claimed: above 0, margin 0.5"
    assert lines[3].endswith("· smaller than the margin")
    assert lines[4] == "? undecided   Longer is better"
    assert re.fullmatch(
        r" {14}about \d+ seeds would decide it, if it is as large as it looks", lines[6]
    )
    assert "(97.5 % interval)" in lines[8] and len(set(MARKS.values())) == len(MARKS)


def test_what_is_kept(notebook):
    lab.claim(
        "Deeper is better", about(1.5, 2.5), above=0, margin=0.5, unit="points", headline=True
    )
    found = kept(notebook)["Deeper is better"]
    assert found | {"versions": 0, "device": 0} == {
        "verdict": "holds",
        "headline": True,
        "kind": "above",
        "threshold": [0.0],
        "margin": 0.5,
        "unit": "points",
        "interval": [2.0, 1.5, 2.5],
        "scale": "linear",
        "n": 5,
        "level": 0.95,
        "budget": "laptop",
        "data": ["original files"],
        "device": 0,
        "versions": 0,
    }
    assert found["device"] == "cpu" and {"python", "torch"} <= found["versions"].keys()


def test_sources_are_those_of_the_rows_not_of_the_session(notebook):
    notebook.sources["mnist"] = "mnist, loaded later"
    rows = {
        "sources": {"cifar10": "cifar10, JPEG copy"},
        "device": "a GPU",
        "versions": {"torch": "1"},
    }
    lab.claim("Said of rows", about(1, 2, about=rows), above=0)
    lab.claim("Said of numbers", about(1, 2), above=0)
    assert kept(notebook)["Said of rows"]["data"] == ["cifar10, JPEG copy"]
    assert kept(notebook)["Said of rows"]["device"] == "a GPU"
    assert kept(notebook)["Said of numbers"]["data"] == ["mnist, loaded later"]


def test_with_the_smoke_budget_or_two_seeds_nothing_is_judged(notebook, start, capsys):
    lab.claim("Two seeds", lab.interval([1.0, 1.1]), above=0)
    assert kept(notebook)["Two seeds"]["verdict"] == "not judged"
    start("smoke")
    lab.claim("In a test", about(1, 2), above=0)
    assert "– not judged  In a test" in capsys.readouterr().out
    assert "In a test" not in kept(notebook)


def test_claims_are_listed_headlines_first_and_a_cell_run_again_replaces_its_own():
    lab.claim("first", about(1, 2), above=0)
    lab.claim("second", about(1, 2), above=0, headline=True)
    lab.claim("first", about(-2, -1), above=0)
    assert [(made.statement, made.verdict) for made in claims_so_far()] == [
        ("second", "holds"),
        ("first", "refuted"),
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"interval": True, "above": 0}, TypeError, "True is no interval"),
        (
            {"above": 0, "below": 1},
            ValueError,
            "exactly one of above, below and within, not above=0",
        ),
        ({}, ValueError, "exactly one of above, below and within, not none"),
        ({"above": float("nan")}, ValueError, "above=nan is not allowed: use a number"),
        ({"above": "0"}, ValueError, "above='0' is not allowed"),
        ({"above": True}, ValueError, "above=True is not allowed"),
        ({"within": 0.5}, ValueError, "within=0.5 is not allowed: use two numbers"),
        ({"within": (1, 0)}, ValueError, "give the lower end first"),
        ({"above": 0, "margin": 0}, ValueError, "margin=0 is not allowed"),
        ({"above": 0, "margin": float("inf")}, ValueError, "margin=inf is not allowed"),
        ({"above": 0, "statement": " "}, ValueError, "says nothing"),
    ],
)
def test_bad_input_gets_a_sentence(arguments, error, words):
    call = {"statement": "A claim", "interval": about(1, 2)} | arguments
    with pytest.raises(error, match=re.escape(words)):
        lab.claim(call.pop("statement"), call.pop("interval"), **call)


def test_words_follow_from_the_verdict():
    sentences = {name: f"It {name}." for name in MARKS}
    for found, margin, verdict in ABOVE:
        lab.claim("It", found, above=0, margin=margin)
        assert lab.verdict("It", **sentences) == f"It {verdict}."
        assert "It" in lab.verdict("It")
    assert lab.verdict("It")._repr_markdown_() == lab.verdict("It")
    with pytest.raises(ValueError, match=r"no claim says 'Itt': did you mean 'It'\?"):
        lab.verdict("Itt")
    with pytest.raises(ValueError, match="there is no verdict 'hold'"):
        lab.verdict("It", hold="x")


def test_a_folder_that_cannot_be_written_is_reported_and_the_claim_stands(
    notebook, monkeypatch, capsys
):
    monkeypatch.setattr("labhelpers.store.files.WAITS", ())
    notebook.figures.parent.mkdir(parents=True, exist_ok=True)
    notebook.figures.write_text("a file in the folder's place", encoding="utf-8")
    lab.claim("Deeper is better", about(1, 2), above=0)
    out = capsys.readouterr().out
    assert "✔ holds" in out and "NOT saved" in out and "results.json" in out


def forty_claims_in_a_fork(who):
    child = os.fork()
    if child:
        return child
    try:
        for i in range(40):
            lab.claim(f"{who} {i}", lab.Interval(1, 0.5, 1.5, 5), above=0)
    finally:
        os._exit(sys.exc_info()[0] is not None)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes that start at once are forked")
def test_two_notebooks_that_claim_at_once_lose_none(notebook):
    children = [forty_claims_in_a_fork(who) for who in ("one", "two")]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    assert len(kept(notebook)) == 80


def test_the_chart_has_a_row_for_each_claim_and_the_table_its_numbers(notebook, capsys):
    assert lab.claims() is None and "no claims yet" in capsys.readouterr().out
    for i, (found, margin, _) in enumerate(ABOVE):
        lab.claim(f"Claim {i} costs $5 or $6", found, above=0, margin=margin, headline=i == 3)
    lab.claim("A ratio", about(0.5, 2.0, scale="log"), within=(0.4, 3.0))
    found = lab.claims()
    assert found.index[0].startswith("Claim 3") and len(found) == len(ABOVE) + 1
    assert (notebook.figures / "02-claims.png").exists()


# What would have given a wrong verdict without a word, or ended the cell


@pytest.mark.parametrize("side", [{"above": 0}, {"below": -1}, {"within": (0, 2)}])
def test_a_ratio_is_not_compared_with_zero(side):
    with pytest.raises(ValueError, match="a ratio is compared with a positive number"):
        lab.claim("A ratio", about(1.1, 3.0, scale="log"), **side)


@pytest.mark.parametrize(
    ("found", "side"),
    [
        (lab.proportion(9, 10), {"above": 50}),
        (lab.interval([0.9, 0.95, 0.97], bounds=(0, 1)), {"below": 90}),
        (100 * lab.proportion(9, 10), {"within": (-3, -1)}),
    ],
)
def test_a_threshold_of_another_unit_is_refused(found, side):
    with pytest.raises(ValueError, match="Are both in the same unit"):
        lab.claim("Most", found, **side)


def test_ends_beyond_the_bounds_on_one_side_are_allowed(notebook):
    lab.claim("Small", lab.proportion(1, 100), within=(-0.1, 0.1))
    assert kept(notebook)["Small"]["verdict"] == "holds"


def test_numbers_of_any_library_are_kept(notebook):
    found = lab.Interval(np.float32(2), np.float32(1), np.float32(3), np.int64(5))
    lab.claim("f", found, above=np.float32(0), margin=np.float32(0.5), headline=np.bool_(True))
    lab.claim("g", found, within=np.array([0, 3]))
    assert kept(notebook)["f"]["headline"] is True and kept(notebook)["f"]["margin"] == 0.5
    assert kept(notebook)["g"]["threshold"] == [0.0, 3.0]


@pytest.mark.parametrize("value", [np.array([0, 1]), (0,), True, 1j, ...])
def test_a_threshold_is_one_number(value):
    with pytest.raises(ValueError, match="is not allowed: use a number"):
        lab.claim("f", about(1, 2), above=value)


def test_a_cell_run_again_keeps_the_place_of_its_claim():
    for statement in ("first", "second", "first"):
        lab.claim(statement, about(1, 2), above=0)
    assert [made.statement for made in claims_so_far()] == ["first", "second"]


def test_a_statement_is_one_line_and_its_dollars_are_no_formula(capsys):
    lab.claim("It costs $5\n  or $6", about(1, 2), above=0)
    assert "It costs $5 or $6\n" in capsys.readouterr().out
    assert lab.verdict("It costs $5\n or $6") == r"These runs show: It costs \$5 or \$6."


def test_within_two_ends_the_planned_seeds_decide_four_times_in_five(capsys):
    lab.claim("Between", lab.Interval(0.1, -1, 1.2, 5, spread=0.9), within=(-0.5, 0.7))
    needed = int(re.search(r"about (\d+) seeds", capsys.readouterr().out)[1])
    rng = np.random.default_rng(0)
    found = [lab.interval(rng.normal(0.1, 0.9, needed)) for _ in range(1500)]
    assert 0.77 <= np.mean([one.low >= -0.5 and one.high <= 0.7 for one in found]) <= 0.9


@pytest.mark.parametrize("name", ["Kopie von 01-mlp", "müller", "☃"])
def test_a_notebook_of_any_name_gets_its_chart(notebook, monkeypatch, name):
    monkeypatch.setenv("LABHELPERS_NOTEBOOK", name)
    lab.claim("It", about(1, 2), above=0)
    assert lab.claims() is not None and len(list(notebook.figures.glob("*-claims.png"))) == 1


@pytest.mark.filterwarnings("error")  # matplotlib would leave out an end without a word
def test_a_chart_draws_what_has_no_place_on_its_axis():
    for i, (low, mean, high, scale) in enumerate(
        [(0.0, 1.0, math.inf, "log"), (-math.inf, 3.0, math.inf, "linear"), (0, 0, 0, "linear")]
    ):
        lab.claim(f"{i}", lab.Interval(mean, low, high, 5, scale=scale), above=1)
    axes = plot_claims(claims_so_far())
    assert all(0 < ax.get_xlim()[1] < math.inf for ax in axes) and axes[0].get_xlim()[0] > 0
