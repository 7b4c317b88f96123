"""What holds for every notebook: order, size, clean metadata, the parts of the anatomy; and the
executing tool.
"""

import ast
import json
import re
import sys
import tomllib
from pathlib import Path

import anatomy
import execute
import nbformat
import pytest
from notebook_code import NOT_EXECUTED

ROOT = Path(__file__).resolve().parents[2]
LABS = sorted((ROOT / "notebooks").glob("[0-9][0-9]*-*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CLEAN = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def number(path):
    """Return the number of a lab, such as "03" or "08b"."""
    return path.name.partition("-")[0]


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(params=LABS, ids=lambda path: path.stem)
def lab(request):
    return request.param, nbformat.read(request.param, 4)


def test_labs_are_numbered_from_one_without_gaps():
    numbers = [number(path) for path in LABS]
    whole = [found for found in numbers if found.isdigit()]
    assert [int(found) for found in whole] == list(range(1, len(whole) + 1))
    assert len(set(numbers)) == len(numbers)
    for found in set(numbers) - set(whole):  # such as 08b, the second half of 08
        assert re.fullmatch(r"\d\d[b-z]", found) and found[:2] in whole


PARTS = {
    "After this lab you can",
    "<!-- time -->",
    "**Papers:**",
    "headline claim",
    "## What to remember",
    "**What would break it:**",
    "**Next:**",
    "**Explain**",
    "**Practice today:**",
    "**Discuss:**",
    "Open experiment",
    "$$",
    "](https://",
}


def test_size(lab):
    path, _ = lab
    assert path.stat().st_size < 1_500_000


def test_cells_are_short_and_prose_is_not_long(lab):
    counted = anatomy.anatomy(lab[1])
    assert counted["median"] <= 6 and counted["p90"] <= 12 and counted["max"] <= 20
    assert counted["words"] <= 2500 and counted["long"] == 0


def test_parts_of_the_anatomy_are_there(lab):
    path, notebook = lab
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    code = "\n".join(cell.source for cell in code_cells(notebook))
    title = notebook.cells[0].source.splitlines()[0]
    assert re.match(rf"# {number(path)} · .+\?$", title)
    assert not {part for part in PARTS if part not in prose}
    assert "session.pick(" in code and "lab.claims()" in code and "lab.report()" in code
    assert code.count("lab.guess(") >= 3 and code.count("lab.check(") >= 4
    assert code.count("lab.diagram(") == 1


def test_setup_cell_is_the_same_everywhere_and_names_the_repository(lab):
    path, notebook = lab
    setup = code_cells(notebook)[0].source
    assert setup == code_cells(nbformat.read(LABS[0], 4))[0].source
    repository, version = PROJECT["project"]["urls"]["Repository"], PROJECT["project"]["version"]
    assert f'"git+{repository}@v{version}"' in setup
    assert (
        f"colab.research.google.com/github/{repository.split('github.com/')[1]}/blob/main/notebooks/{path.name}"
        in (notebook.cells[0].source)
    )


def test_every_verdict_is_shown(lab):
    """`lab.verdict` returns its sentence: anywhere but at the end of a cell nobody sees it."""
    for cell in code_cells(lab[1]):
        if "lab.verdict(" in cell.source:
            last = ast.parse(cell.source).body[-1]
            assert isinstance(last, ast.Expr) and ast.unparse(last).startswith("lab.verdict(")
            assert cell.source.count("lab.verdict(") == 1, cell.id


def test_our_explanation_is_folded(lab):
    """Who is asked to explain has to open the answer: it does not stand below the question."""
    for cell in lab[1].cells:
        if cell.cell_type == "markdown" and "**Explain**" in cell.source:
            assert "\nOurs:" not in cell.source, cell.id
            if "open ours" in cell.source:
                assert "<details><summary>Ours" in cell.source, cell.id


def test_committed_as_executed_in_order_without_errors(lab):
    path, notebook = lab
    if number(path) in NOT_EXECUTED:
        assert not any(cell.outputs for cell in code_cells(notebook))
        pytest.skip("waits for its run")
    assert [cell.execution_count for cell in code_cells(notebook)] == list(
        range(1, len(code_cells(notebook)) + 1)
    )
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert not [
        output
        for output in outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]
    assert notebook.metadata == CLEAN and all(cell.metadata == {} for cell in notebook.cells)


def test_every_figure_has_an_alt_text(lab):
    _, notebook = lab
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                assert output.metadata.get("image/png", {}).get("alt"), cell.source


def test_published_figures_and_claims_belong_to_the_notebook(lab):
    path, notebook = lab
    if number(path) in NOT_EXECUTED:
        pytest.skip("waits for its run")
    code = "\n".join(cell.source for cell in code_cells(notebook))
    lab_number = number(path)
    figures = set(re.findall(rf'"({lab_number}-[\w-]+)"', code))
    figures |= {
        f"{lab_number}-{made}" for made in ("claims", "diagram")
    }  # by `claims` and `diagram`
    published = {figure.stem for figure in (ROOT / "figures").glob(f"{lab_number}-*.png")}
    assert published and published <= figures
    results = json.loads((ROOT / "figures" / "results.json").read_text(encoding="utf-8"))[path.stem]
    printed = "\n".join(
        o.text for cell in code_cells(notebook) for o in cell.outputs if o.output_type == "stream"
    )
    for statement, claim in results["claims"].items():
        assert statement in printed and claim["verdict"] in printed and claim["budget"] != "smoke"
    assert results["minutes"]


def test_requirements_name_what_the_package_needs():
    required = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert required[-1] == "-e ."
    assert set(PROJECT["project"]["dependencies"]) <= set(required)


def test_execute_refuses_an_unknown_lab(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["execute.py", "99"])
    with pytest.raises(SystemExit, match="no lab 99"):
        execute.main()
