"""Copies of one's own: every notebook without its outputs, laid out once and never overwritten.

A student works in ``my-labs/``, so that the tracked notebooks stay as they are and ``git pull``
meets no local change. ``python -m labhelpers.copies`` calls `lay_out`, and so does ``make lab``.
"""

import argparse
import hashlib
import json
import os
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.reader import NotJSONError

from labhelpers import session
from labhelpers.store.files import read_json, write_json

RECORD = ".laid-out.json"  # copy's file name → digest of its cells as they were laid out


def main(arguments: list[str] | None = None) -> int:
    """Lay out the copies that the command line asks for; return the exit status."""
    home = session.home()
    parser = argparse.ArgumentParser(
        prog="python -m labhelpers.copies",
        description="Lay out a copy of every notebook, without outputs, to work in.",
    )
    parser.add_argument("--notebooks", type=Path, default=home / "notebooks", help="published ones")
    parser.add_argument("--to", type=Path, default=home / "my-labs", help="folder of the copies")
    options = parser.parse_args(arguments)
    if not _published(options.notebooks):
        print(f"there are no notebooks in {options.notebooks}: give their folder with --notebooks")
        return 1
    for line in lay_out(options.notebooks, options.to):
        print(line)
    return 0


def lay_out(notebooks: Path, target: Path) -> list[str]:
    """Copy each notebook into `target`, without outputs; return a line for each thing worth saying.

    A copy that was edited or run is never touched: where its published notebook has changed since,
    a second copy is laid beside it. A copy that nobody has used is brought up to date in place.
    """
    target.mkdir(parents=True, exist_ok=True)
    record = read_json(target / RECORD, {})
    new, lines = 0, []
    for path in _published(notebooks):
        fresh = _stripped(path, target)
        present = _copies_of(path, target)
        if any(record.get(copy.name) == _digest(fresh) for copy in present):
            continue  # laid out from this very version, whatever was done with it since
        if not present:
            place = target / path.name
            new += 1
        elif _is_unused(present[-1], record):
            place = present[-1]
            lines.append(f"{place.name}: brought up to date")
        else:
            place = target / f"{path.stem}.{len(present) + 1}.ipynb"
            kept = f"yours, {present[-1].name}, stays as it is"
            lines.append(f"{path.name} has a new version, laid out as {place.name}; {kept}")
        nbformat.write(fresh, place)
        record[place.name] = _digest(fresh)
    write_json(target / RECORD, record)
    return [f"{new} notebooks laid out in {target}", *lines] if new else lines


def _published(notebooks: Path) -> list[Path]:
    return sorted(notebooks.glob("[0-9][0-9]*-*.ipynb"))


def _copies_of(path: Path, target: Path) -> list[Path]:
    """The copies of a notebook that lie in `target`, the newest last."""
    later = sorted(
        target.glob(f"{path.stem}.[0-9]*.ipynb"), key=lambda copy: (len(copy.name), copy.name)
    )
    first = target / path.name
    return [first, *later] if first.exists() else later


def _stripped(path: Path, target: Path) -> NotebookNode:
    """The notebook without outputs, with a link to the executed one in its first cell."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    executed = Path(os.path.relpath(path.resolve(), target.resolve())).as_posix()
    note = f"*This copy is yours. The same notebook with its results: [{path.name}]({executed}).*"
    title, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = f"{title}\n\n{note}\n{rest}"
    return notebook


def _digest(notebook: NotebookNode) -> str:
    """A hash of what the cells say; JupyterLab changes metadata, ids and outputs by itself."""
    cells = [[cell.cell_type, cell.source] for cell in notebook.cells]
    return hashlib.blake2b(json.dumps(cells).encode(), digest_size=8).hexdigest()


def _is_unused(copy: Path, record: dict[str, str]) -> bool:
    """Whether nobody has edited or run a copy; one that cannot be read counts as used."""
    try:
        notebook = nbformat.read(copy, as_version=4)
    except (NotJSONError, nbformat.ValidationError, OSError, AttributeError, KeyError):
        return False
    was_run = any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    return not was_run and record.get(copy.name) == _digest(notebook)
