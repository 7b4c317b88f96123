"""Copies of the notebooks: laid out once, never overwritten, brought up to date if not used."""

import nbformat
import pytest
from nbformat import v4

from labhelpers.classroom import copies


@pytest.fixture
def folders(tmp_path):
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    publish(notebooks, "answer = 1")
    return notebooks, tmp_path / "my labs ü"


def publish(notebooks, source, name="02-residual.ipynb"):
    output = v4.new_output("stream", text="published")
    cells = [
        v4.new_markdown_cell("# 02 · Why?\n\nText."),
        v4.new_code_cell(source, outputs=[output], execution_count=1),
    ]
    nbformat.write(v4.new_notebook(cells=cells), notebooks / name)


def change(path, edit):
    notebook = nbformat.read(path, 4)
    edit(notebook)
    nbformat.write(notebook, path)


def test_a_copy_has_the_cells_without_outputs_and_a_link_to_the_executed_one(folders):
    notebooks, target = folders
    assert copies.lay_out(notebooks, target) == [f"1 notebooks laid out in {target}"]
    copy = nbformat.read(target / "02-residual.ipynb", 4)
    assert copy.cells[0].source.startswith("# 02 · Why?\n\n*This copy is yours.")
    assert "(../notebooks/02-residual.ipynb)" in copy.cells[0].source
    assert copy.cells[1].source == "answer = 1"
    assert copy.cells[1].outputs == [] and copy.cells[1].execution_count is None


def test_laying_out_again_changes_nothing_and_says_nothing(folders):
    notebooks, target = folders
    copies.lay_out(notebooks, target)
    before = (target / "02-residual.ipynb").read_bytes()
    assert copies.lay_out(notebooks, target) == []
    assert (target / "02-residual.ipynb").read_bytes() == before


def edit_source(notebook):
    notebook.cells[1].source = "answer = 42"


def run_only(notebook):
    notebook.cells[1].outputs = [v4.new_output("stream", text="mine")]


def damage(path):
    path.write_text("no JSON at all", encoding="utf-8")


@pytest.mark.parametrize("use", [edit_source, run_only, damage])
def test_a_used_copy_is_never_touched(folders, use):
    notebooks, target = folders
    copies.lay_out(notebooks, target)
    mine = target / "02-residual.ipynb"
    if use is damage:
        damage(mine)
    else:
        change(mine, use)
    before = mine.read_bytes()
    assert copies.lay_out(notebooks, target) == []  # nothing new was published

    publish(notebooks, "answer = 2")
    (line,) = copies.lay_out(notebooks, target)
    assert "02-residual.ipynb has a new version, laid out as 02-residual.2.ipynb" in line
    assert mine.read_bytes() == before
    assert nbformat.read(target / "02-residual.2.ipynb", 4).cells[1].source == "answer = 2"
    assert copies.lay_out(notebooks, target) == []


def test_an_unused_copy_is_brought_up_to_date(folders):
    notebooks, target = folders
    copies.lay_out(notebooks, target)
    publish(notebooks, "answer = 2")
    assert copies.lay_out(notebooks, target) == ["02-residual.ipynb: brought up to date"]
    assert [path.name for path in target.glob("*.ipynb")] == ["02-residual.ipynb"]
    assert nbformat.read(target / "02-residual.ipynb", 4).cells[1].source == "answer = 2"


def test_metadata_that_jupyterlab_writes_is_no_edit(folders):
    notebooks, target = folders
    copies.lay_out(notebooks, target)
    change(
        target / "02-residual.ipynb", lambda notebook: notebook.metadata.update(widgets={"a": 1})
    )
    publish(notebooks, "answer = 2")
    assert copies.lay_out(notebooks, target) == ["02-residual.ipynb: brought up to date"]


def test_a_third_version_is_laid_beside_two_used_ones(folders):
    notebooks, target = folders
    copies.lay_out(notebooks, target)
    for version, name in ((2, "02-residual.ipynb"), (3, "02-residual.2.ipynb")):
        change(target / name, run_only)
        publish(notebooks, f"answer = {version}")
        copies.lay_out(notebooks, target)
    assert sorted(path.name for path in target.glob("*.ipynb")) == [
        "02-residual.2.ipynb",
        "02-residual.3.ipynb",
        "02-residual.ipynb",
    ]


def test_a_copy_without_a_record_counts_as_used(folders):
    notebooks, target = folders
    copies.lay_out(notebooks, target)
    (target / copies.RECORD).unlink()
    publish(notebooks, "answer = 2")
    copies.lay_out(notebooks, target)
    assert nbformat.read(target / "02-residual.ipynb", 4).cells[1].source == "answer = 1"


def test_without_notebooks_the_command_says_so(tmp_path, capsys):
    assert copies.main(["--notebooks", str(tmp_path), "--to", str(tmp_path / "x")]) == 1
    assert "there are no notebooks in" in capsys.readouterr().out and not (tmp_path / "x").exists()


def test_the_command_lays_out(folders, capsys):
    notebooks, target = folders
    assert copies.main(["--notebooks", str(notebooks), "--to", str(target)]) == 0
    assert "1 notebooks laid out" in capsys.readouterr().out
