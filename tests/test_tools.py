"""The commands in tools/, the README that they write, and the template of a lab."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import numpy as np
import pytest
import readme
from nbformat import v4

import labhelpers as lab

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TEMPLATE = nbformat.read(ROOT / "notebooks" / "TEMPLATE.ipynb", 4)
NAMES = ("MNIST", "CIFAR-10", "BY-SA 3.0")  # digits that measure nothing


@pytest.fixture
def checkout(tmp_path):
    """A copy of what the address touches."""
    for folder in ("tools", "notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def address(checkout):
    return subprocess.run([sys.executable, checkout / "tools" / "address.py"], capture_output=True, text=True)


def test_notebooks_carry_the_address_of_pyproject(checkout):
    assert address(checkout).stdout == ""
    for path in (checkout / "notebooks").glob("*.ipynb"):
        assert path.read_bytes() == (ROOT / "notebooks" / path.name).read_bytes()


def test_a_fork_sets_the_address_once(checkout):
    project = checkout / "pyproject.toml"
    project.write_text(re.sub('"https://github.com/.*"', '"https://github.com/ada/labs"', project.read_text()))
    assert address(checkout).stdout.count("https://github.com/ada/labs") == len([*checkout.glob("notebooks/*.ipynb")])
    for path in (checkout / "notebooks").glob("*.ipynb"):
        before, after = nbformat.read(ROOT / "notebooks" / path.name, 4), nbformat.read(path, 4)
        assert f"/github/ada/labs/blob/main/notebooks/{path.name})" in after.cells[0].source
        assert '"git+https://github.com/ada/labs@main"' in after.cells[1].source
        for old, new in zip(before.cells[:2], after.cells[:2], strict=True):
            new.source = old.source
        assert before == after  # and nothing else has changed


def test_an_address_that_colab_cannot_open_is_refused(checkout):
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text().replace("https://github.com/", "git@github.com:"))
    assert "is no repository that Colab can open: use https://github.com/ACCOUNT/NAME" in address(checkout).stderr


def test_table_of_labs_is_the_one_that_make_readme_writes():
    assert readme.with_table(README) == README, "call `make readme`"


def test_table_shows_claims_and_figures_that_exist():
    results = json.loads((ROOT / "figures" / "results.json").read_text(encoding="utf-8"))
    claims = {stem[:2]: result["claims"] for stem, result in results.items()}
    for number, (statement, figure) in readme.SHOWN.items():
        assert statement in claims[number]
        assert (ROOT / "figures" / f"{figure}.png").exists()


def test_a_row_counts_the_claims_and_shows_one_with_its_interval():
    path = ROOT / "notebooks" / "99-new.ipynb"
    result = {
        "claims": {
            "exact": {"verdict": "holds", "evidence": "all equal"},
            "a|b": {"verdict": "does NOT hold", "evidence": "by 1 [0, 2] (n = 5)"},
        },
        "minutes": {"laptop": 3.0},
    }
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# 99 · Is it · so?")])
    row = readme.row(path, notebook, result)
    assert row.endswith("| Is it · so? | a\\|b<br>**does NOT hold**: by 1 [0, 2] (n = 5) | 1 of 2 | 3 min |\n")


def test_prose_of_the_readme_states_no_number_that_is_not_tested():
    prose = README
    for marks in readme.MARKS.values():
        prose = prose.replace(marks.search(README)[0], "")
    prose = re.sub(r"```.*?```|`[^`]*`|\(http[^)]*\)|\(\S+/\S+\)", "", prose, flags=re.DOTALL)
    for name in NAMES:
        prose = prose.replace(name, "")
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert set(re.findall(r"\d[\d.]*\d|\d", prose)) == {python.removeprefix(">="), "95"}


def test_notebooks_keep_to_their_budget():
    for stem, result in json.loads((ROOT / "figures" / "results.json").read_text(encoding="utf-8")).items():
        minutes = result.get("minutes", {})
        assert minutes.get("laptop", 0) <= 10 and minutes.get("full", 0) <= 30, stem


def test_readme_links_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)|src=\"([^\"]+)\"", (ROOT / name).read_text(encoding="utf-8")):
            assert (ROOT / "".join(link)).exists(), link


def snippets():
    return re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_data_of_ones_own_as_in_the_readme(session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(snippets()[0], {})
    leaves = lab.load_data("leaves.npz")
    assert leaves.classes == ("oak", "ash", "elm") and leaves.shape == (1, 28, 28)
    assert np.isin(leaves.test.labels, [0, 1, 2]).all()


def test_marking_as_in_the_readme(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cells = [v4.new_code_cell(f"lab.check({name})", outputs=[v4.new_output("stream", text=text)]) for name, text in
             (("f", "✔ f: right\n"), ("g", "– g: not attempted yet\n"))]  # fmt: skip
    nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell("## 8"), *cells]), "handed-in.ipynb")
    exec(snippets()[1], {})
    assert capsys.readouterr().out == "✔ f: right\n– g: not attempted yet\n"


def test_template_runs_up_to_its_exercises(session, monkeypatch):
    code = [cell.source for cell in TEMPLATE.cells if cell.cell_type == "code"][1:]  # the setup is the fixture's
    names = {"lab": lab, "session": session}
    for source in code:
        if "lab.check(" not in source:
            exec(source.replace('"NN', '"99'), names)
    assert len(names["table"]) == 4


def test_template_has_the_parts_of_a_lab_and_is_not_run_as_one():
    prose = "\n".join(cell.source for cell in TEMPLATE.cells if cell.cell_type == "markdown")
    parts = ("After this lab you can", "<!-- time -->", "**Papers:**", "redict", "## What to remember", "**Next:**")
    assert all(part in prose for part in parts)
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "--collect-only", "-q", "notebooks"],
        cwd=ROOT, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert "01-" in listed and "TEMPLATE" not in listed
