"""Write the repository's address, from pyproject.toml, into the Colab badge and setup cell of every notebook.

After a fork: change `Repository` in pyproject.toml, then call `make address`.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
COLAB = "https://colab.research.google.com"
BADGE = re.compile(r"^\[!\[Open in Colab\].*$", re.MULTILINE)
SETUP = """import sys

if "google.colab" in sys.modules:  # a bare Colab session: fetch the helpers, keep Colab's own torch
    %pip install -q --no-deps "git+{repository}@main"

import labhelpers as lab

session = lab.setup(seed=0)"""


def main() -> None:
    """Rewrite the notebooks whose address differs, and say which."""
    repository = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        if address(notebook, path.name, repository):
            nbformat.write(notebook, path)
            print(f"{path.name}: {repository}")


def address(notebook: nbformat.NotebookNode, name: str, repository: str) -> bool:
    """Set the badge in the first cell and the whole of the first code cell; return whether that changed anything."""
    if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", repository):
        raise ValueError(f"{repository!r} is no repository that Colab can open: use https://github.com/ACCOUNT/NAME")
    opened = f"{COLAB}/github/{repository.removeprefix('https://github.com/')}/blob/main/notebooks/{name}"
    badge = f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({opened})"
    first, setup = notebook.cells[0], next(cell for cell in notebook.cells if cell.cell_type == "code")
    wanted = BADGE.sub(badge, first.source), SETUP.format(repository=repository)
    changed = (first.source, setup.source) != wanted
    first.source, setup.source = wanted
    return changed


if __name__ == "__main__":
    main()
