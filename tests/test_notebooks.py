"""What holds for every notebook: order, size, clean metadata, the parts of the anatomy; and the executing tool."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
LABS = sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CLEAN = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(params=LABS, ids=lambda path: path.stem)
def lab(request):
    return request.param, nbformat.read(request.param, 4)


def test_labs_are_numbered_from_one_without_gaps():
    names = sorted(path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))
    assert [int(name[:2]) for name in names] == list(range(1, len(names) + 1))


def test_cells_are_few_and_short(lab):
    path, notebook = lab
    lines = [sum(bool(line.strip()) for line in cell.source.splitlines()) for cell in code_cells(notebook)]
    assert 15 <= len(lines) <= 32 and max(lines) <= 25
    assert path.stat().st_size < 1_500_000


def test_parts_of_the_anatomy_are_there(lab):
    path, notebook = lab
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    code = "\n".join(cell.source for cell in code_cells(notebook))
    title = notebook.cells[0].source.splitlines()[0]
    assert re.match(rf"# {path.name[:2]} · .+\?$", title)
    for part in (
        "After this lab you can",
        "<!-- time -->",
        "**Papers:**",
        "redict",
        "## What to remember",
        "**Next:**",
    ):
        assert part in prose, part
    assert code.count("lab.claim(") >= 1 and code.count("lab.check(") >= 3 and "session.pick(" in code


def test_setup_cell_is_the_same_everywhere_and_names_the_repository(lab):
    path, notebook = lab
    setup = code_cells(notebook)[0].source
    assert setup == code_cells(nbformat.read(LABS[0], 4))[0].source
    repository = PROJECT["project"]["urls"]["Repository"]
    assert f'"git+{repository}@main"' in setup
    assert f"colab.research.google.com/github/{repository.split('github.com/')[1]}/blob/main/notebooks/{path.name}" in (
        notebook.cells[0].source
    )


def test_committed_as_executed_in_order_without_errors(lab):
    _, notebook = lab
    assert [cell.execution_count for cell in code_cells(notebook)] == list(range(1, len(code_cells(notebook)) + 1))
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert notebook.metadata == CLEAN and all(cell.metadata == {} for cell in notebook.cells)


def test_every_figure_has_an_alt_text(lab):
    _, notebook = lab
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                assert output.metadata.get("image/png", {}).get("alt"), cell.source


def test_published_figures_and_claims_belong_to_the_notebook(lab):
    path, notebook = lab
    code = "\n".join(cell.source for cell in code_cells(notebook))
    figures = set(re.findall(rf'"({path.name[:2]}-[\w-]+)"', code))
    published = {figure.stem for figure in (ROOT / "figures").glob(f"{path.name[:2]}-*.png")}
    assert published and published <= figures
    results = json.loads((ROOT / "figures" / "results.json").read_text())[path.stem]
    printed = "\n".join(o.text for cell in code_cells(notebook) for o in cell.outputs if o.output_type == "stream")
    for statement, claim in results["claims"].items():
        assert statement in printed and claim["evidence"] in printed and claim["budget"] != "smoke"
    assert results["minutes"]


def test_requirements_name_what_the_package_needs():
    required = (ROOT / "requirements.txt").read_text().splitlines()
    assert required[-1] == "-e ."
    assert set(PROJECT["project"]["dependencies"]) <= set(required)


def test_package_is_thin():
    lines = {path.name: len(path.read_text().splitlines()) for path in (ROOT / "labhelpers").glob("*.py")}
    assert max(lines.values()) <= 250 and sum(lines.values()) < 2000, lines


def test_execute_refuses_an_unknown_lab():
    result = subprocess.run([sys.executable, ROOT / "tools/execute.py", "99"], capture_output=True, text=True)
    assert result.returncode == 1 and "no lab 99" in result.stderr
