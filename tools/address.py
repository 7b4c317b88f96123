"""Write the repository's address and the version's tag, from pyproject.toml, into every notebook:
into its badges and its setup cell.

After a fork: change `Repository` in pyproject.toml, then call `make address`. `make release` sets
the version everywhere, here included: a notebook that was saved last term installs the package that
it was written for.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
COLAB = "https://colab.research.google.com"
KAGGLE = "https://kaggle.com"
BADGES = re.compile(r"^\[!\[Open in Colab\].*$", re.MULTILINE)
SETUP = """import os
import sys

# A bare session on Colab or Kaggle: fetch the helpers, keep the session's own torch.
if "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ:
    %pip install -q --no-deps "git+{repository}@{tag}"

import labhelpers as lab

session = lab.setup(seed=0)"""


def main() -> None:
    """Rewrite the notebooks whose address or tag differs, and say which."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    repository, tag = project["urls"]["Repository"], f"v{project['version']}"
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        if address(notebook, path.name, repository, tag):
            nbformat.write(notebook, path)
            print(f"{path.name}: {repository}, {tag}")


def address(notebook: nbformat.NotebookNode, name: str, repository: str, tag: str) -> bool:
    """Set the badges in the first cell and the whole of the first code cell; return whether that
    changed anything.
    """
    if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", repository):
        raise ValueError(
            f"{repository!r} is no repository that Colab can open: use "
            "https://github.com/ACCOUNT/NAME"
        )
    place = f"{repository.removeprefix('https://github.com/')}/blob/main/notebooks/{name}"
    badges = (
        f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({COLAB}/github/{place}) "
        f"[![Open in Kaggle]({KAGGLE}/static/images/open-in-kaggle.svg)]"
        f"({KAGGLE}/kernels/welcome?src=https://github.com/{place})"
    )
    first, setup = (
        notebook.cells[0],
        next(cell for cell in notebook.cells if cell.cell_type == "code"),
    )
    wanted = BADGES.sub(badges, first.source), SETUP.format(repository=repository, tag=tag)
    changed = (first.source, setup.source) != wanted
    first.source, setup.source = wanted
    return changed


if __name__ == "__main__":
    main()
