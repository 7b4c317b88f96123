"""README's table: headline claims with verdict and interval, and how many came out how."""

from pathlib import Path

import readme
from nbformat import v4


def claim(verdict="holds", headline=True, **more):
    return {
        "verdict": verdict,
        "headline": headline,
        "interval": [1.2345, 0.5, 2.0],
        "unit": "points",
        "n": 20,
        "budget": "laptop",
        "device": "cpu",
        "versions": {"torch": "2.14"},
        "data": ["original files"],
        **more,
    }


OLD = {"claims": {"old": {"holds": True, "evidence": "all equal"}}}  # not converted yet


def row(result):
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# 99 · Is it · so?")])
    return readme.row(Path("notebooks/99-new.ipynb"), notebook, result)


def test_a_row_shows_headlines_only_with_verdict_and_interval():
    result = {"claims": {"a|b": claim("refuted"), "minor": claim(headline=False)}}
    minutes = {"laptop": 3.0, "laptop, published rows": 1.5}
    shown = row(result | {"minutes": minutes})
    assert "a\\|b" in shown and "minor" not in shown and "| 1.5 / 3 |" in shown
    assert "**refuted**" in shown and "1.23 [0.5, 2] points" in shown and "n = 20" in shown
    assert shown.count("\n") == 1


def test_a_lab_without_converted_claims_has_a_row_all_the_same():
    for result in (OLD, {"claims": {}}, {}):
        assert "Is it · so?" in row(result)
        assert readme.conditions({"99-new": result}) == ""


def test_verdicts_are_counted_over_headlines_and_what_n_covers_is_said():
    verdicts = ("holds", "holds", "negligible", "undecided")
    claims = {f"{i}": claim(verdict) for i, verdict in enumerate(verdicts)}
    claims["minor"] = claim("refuted", headline=False)
    said = readme.conditions({"01-a": {"claims": claims}, "02-b": OLD})
    assert "4 headline claims: 2 holds, 0 refuted, 1 negligible, 1 undecided" in said
    assert "covers the choice of seeds, not the finite set of test images" in said
