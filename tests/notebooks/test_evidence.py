"""Rules of the series, over the published results: claims, verdicts and headlines."""

import json
from pathlib import Path

import pytest

from labhelpers.evidence.intervals import Interval
from labhelpers.evidence.judging import MARKS, judged

ROOT = Path(__file__).resolve().parents[2]
RESULTS = json.loads((ROOT / "figures" / "results.json").read_text(encoding="utf-8"))
CLAIMS = [
    pytest.param(claim, id=f"{notebook.partition('-')[0]}: {statement[:60]}")
    for notebook, result in RESULTS.items()
    for statement, claim in result["claims"].items()
]


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_verdict_follows_from_the_interval(claim):
    mean, low, high = claim["interval"]
    found = Interval(mean, low, high, claim["n"], claim["level"], claim["scale"])
    assert claim["verdict"] in MARKS and claim["n"] >= 3 and claim["budget"] != "smoke"
    assert claim["verdict"] == judged(found, claim["kind"], claim["threshold"], claim["margin"])


@pytest.mark.parametrize("notebook", RESULTS)
def test_every_lab_has_one_to_three_headlines(notebook):
    headlines = [claim for claim in RESULTS[notebook]["claims"].values() if claim["headline"]]
    assert 1 <= len(headlines) <= 3
    assert all(claim["verdict"] != "undecided" for claim in headlines)


@pytest.mark.parametrize("notebook", RESULTS)
def test_every_headline_has_a_margin_or_two_ends(notebook):
    for statement, claim in RESULTS[notebook]["claims"].items():
        if claim["headline"]:
            assert claim["margin"] is not None or claim["kind"] == "within", statement


def test_published_rows_are_small_and_belong_to_labs():
    files = list((ROOT / "labhelpers" / "published").glob("*.json.xz"))
    assert sum(file.stat().st_size for file in files) < 3_000_000
    labs = {path.name.partition("-")[0] for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
    assert {file.name.partition("-")[0] for file in files} <= labs
