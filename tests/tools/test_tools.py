"""The commands in tools/, the README that they write, and the template of a lab."""

import collections
import json
import lzma
import re
import shutil
import tomllib
from pathlib import Path

import address
import execute
import nbformat
import numpy as np
import pytest
import readme
from nbclient.exceptions import CellExecutionError
from nbformat import v4

import labhelpers as lab

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TEMPLATE = nbformat.read(ROOT / "notebooks" / "TEMPLATE.ipynb", 4)
NAMES = ("MNIST", "CIFAR-10", "CC BY 4.0", "labs 05, 07, 09 and 10")  # digits that measure nothing


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A copy of what the address touches, in which the tool works."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.setattr(address, "ROOT", tmp_path)
    return tmp_path


def test_notebooks_carry_the_address_of_pyproject(checkout, capsys):
    address.main()
    assert capsys.readouterr().out == ""
    for path in (checkout / "notebooks").glob("*.ipynb"):
        assert path.read_bytes() == (ROOT / "notebooks" / path.name).read_bytes()


def test_a_fork_sets_the_address_once(checkout, capsys):
    project = checkout / "pyproject.toml"
    project.write_text(
        re.sub('"https://github.com/.*"', '"https://github.com/ada/labs"', project.read_text())
    )
    address.main()
    notebooks = [*checkout.glob("notebooks/*.ipynb")]
    assert capsys.readouterr().out.count("https://github.com/ada/labs") == len(notebooks)
    for path in (checkout / "notebooks").glob("*.ipynb"):
        before, after = nbformat.read(ROOT / "notebooks" / path.name, 4), nbformat.read(path, 4)
        assert f"/github/ada/labs/blob/main/notebooks/{path.name})" in after.cells[0].source
        assert '"git+https://github.com/ada/labs@v' in after.cells[1].source
        for old, new in zip(before.cells[:2], after.cells[:2], strict=True):
            new.source = old.source
        assert before == after  # and nothing else has changed


def test_an_address_that_colab_cannot_open_is_refused(checkout):
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text().replace("https://github.com/", "git@github.com:"))
    with pytest.raises(ValueError, match=r"use https://github\.com/ACCOUNT/NAME"):
        address.main()


def test_table_of_labs_is_the_one_that_make_readme_writes():
    assert readme.with_table(README) == README, "call `make readme`"


def test_pictures_of_the_table_exist():
    for figure in readme.PICTURES.values():
        assert (ROOT / "figures" / f"{figure}.png").exists()


def test_prose_of_the_readme_states_no_number_that_is_not_tested():
    prose = README
    for marks in readme.MARKS.values():
        prose = prose.replace(marks.search(README)[0], "")
    prose = re.sub(r"```.*?```|`[^`]*`|\(http[^)]*\)|\(\S+/\S+\)", "", prose, flags=re.DOTALL)
    for name in NAMES:
        prose = prose.replace(name, "")
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert set(re.findall(r"\d[\d.]*\d|\d", prose)) == {python.removeprefix(">=")}


def test_published_rows_cost_an_hour_of_two_cores_a_lab_at_most_and_little_room():
    cost = collections.Counter()
    files = [*(ROOT / "labhelpers" / "published").glob("*.json.xz")]
    for path in files:
        told = json.loads(lzma.decompress(path.read_bytes()))
        if told["budget"] == "laptop":
            cost[path.name.partition("-")[0]] += told["minutes"]  # of one core
    assert not {number: minutes for number, minutes in cost.items() if minutes > 120}
    assert sum(path.stat().st_size for path in files) < 4_000_000


def test_readme_links_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md"):
        for link in re.findall(
            r"\]\(([^)#:]+)\)|src=\"([^\"]+)\"", (ROOT / name).read_text(encoding="utf-8")
        ):
            assert (ROOT / "".join(link)).exists(), link


def snippets():
    return re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_data_of_ones_own_as_in_the_readme(session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(snippets()[0], {})
    leaves = lab.load_data("leaves.npz")
    assert leaves.classes == ("oak", "ash", "elm") and leaves.shape == (1, 28, 28)
    assert np.isin(leaves.test.labels, [0, 1, 2]).all()


def test_template_runs_up_to_its_exercises(session, monkeypatch):
    code = [cell.source for cell in TEMPLATE.cells if cell.cell_type == "code"]
    names = {"lab": lab, "session": session}
    for source in code[1:]:  # the setup is the fixture's
        if "lab.check(" not in source and "…" not in source:
            exec(source.replace('"NN', '"99'), names)
    assert len(names["table"]) == 4


def test_template_has_the_parts_of_a_lab_and_is_not_run_as_one():
    prose = "\n".join(cell.source for cell in TEMPLATE.cells if cell.cell_type == "markdown")
    parts = (
        "After this lab you can",
        "<!-- time -->",
        "**Papers:**",
        "**headline claims**",
        "**Explain**",
        "Open experiment",
        "**Practice today:**",
        "**Discuss:**",
        "## What to remember",
        "**Next:**",
    )
    assert all(part in prose for part in parts)
    conftest = (ROOT / "notebooks" / "conftest.py").read_text(encoding="utf-8")
    assert '\ncollect_ignore = ["TEMPLATE.ipynb"]' in conftest


def test_a_lab_with_a_letter_is_another_lab():
    paths = [Path("08-rules.ipynb"), Path("08b-compared.ipynb")]
    assert [execute.number(path) for path in paths] == ["08", "08b"]


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A checkout with one lab, published before; return what writes its only cell."""
    monkeypatch.setattr(execute, "ROOT", tmp_path)
    for name in ("PUBLISH", "BUDGET", "NOTEBOOK", "RUNS"):
        monkeypatch.setenv(f"LABHELPERS_{name}", "put back at the end")
    path = tmp_path / "notebooks" / "98-b.ipynb"
    results = tmp_path / "figures" / "results.json"
    for folder in (path.parent, results.parent):
        folder.mkdir()
    results.write_text(json.dumps({"98-b": {"claims": {"old": 1}}, "97-a": 2}), encoding="utf-8")

    def lab_of(code):
        nbformat.write(
            v4.new_notebook(cells=[v4.new_markdown_cell("# B"), v4.new_code_cell(code)]), path
        )
        return path, results

    return lab_of


def test_an_execution_that_fails_leaves_everything_in_place_whole(house, tmp_path, capsys):
    path, results = house("1 / 0")
    before = path.read_bytes()
    with pytest.raises(CellExecutionError):
        execute.execute(path, "laptop", "refresh")
    assert path.read_bytes() == before
    kept = json.loads(results.read_text(encoding="utf-8"))
    assert kept == {"98-b": {"claims": {"old": 1}}, "97-a": 2}
    assert "ZeroDivisionError" in (tmp_path / "runs/executed/98-b.ipynb").read_text("utf-8")
    assert "stopped: see runs/executed/98-b.ipynb" in capsys.readouterr().out


def test_an_execution_writes_outputs_and_minutes_and_drops_the_old_claims(house):
    path, results = house("print(6 * 7)")
    execute.execute(path, "laptop", "refresh")
    assert nbformat.read(path, 4).cells[1].outputs[0].text == "42\n"
    kept = json.loads(results.read_text(encoding="utf-8"))
    assert kept["98-b"]["claims"] == {} and kept["97-a"] == 2
    assert list(kept["98-b"]["minutes"]) == ["laptop, published rows"]
