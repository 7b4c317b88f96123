"""Execute notebooks: into runs/executed/ for everyday use, in place with figures and results to publish."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
TIME = re.compile(r"(?<=<!-- time -->).*?(?=<!-- /time -->)", re.DOTALL)  # written by --publish


def main() -> None:
    """Run what the command line asks for; exit with 1 if a notebook fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lab", nargs="*", help="numbers such as 03; all labs by default")
    parser.add_argument("--budget", choices=("smoke", "laptop", "full"), default="laptop")
    parser.add_argument("--publish", action="store_true", help="write notebooks, figures/ and results.json in place")
    options = parser.parse_args()
    paths = sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))
    unknown = [lab for lab in options.lab if not any(path.name.startswith(lab) for path in paths)]
    if unknown:
        sys.exit(f"no lab {', '.join(unknown)}: there are {', '.join(path.stem for path in paths)}")
    for path in paths:
        if not options.lab or path.name.startswith(tuple(options.lab)):
            execute(path, options.budget, options.publish)


def execute(path: Path, budget: str, publish: bool) -> None:
    """Execute one notebook from a clean kernel; write it also when a cell fails, then raise."""
    environment = {"LABHELPERS_BUDGET": budget, "LABHELPERS_NOTEBOOK": path.stem}
    target = ROOT / "runs" / "executed" / path.name
    if publish:  # from nothing, so that the time is that of a newcomer
        runs = ROOT / "runs" / "published"
        shutil.rmtree(runs / path.name[:2], ignore_errors=True)
        environment |= {"LABHELPERS_PUBLISH": "1", "LABHELPERS_RUNS": str(runs)}
        target = path
        record(path.stem)
    notebook = nbformat.read(path, 4)
    client = NotebookClient(
        notebook,
        timeout=3600,
        kernel_name="python3",
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],
    )
    os.environ.pop("LABHELPERS_PUBLISH", None)
    os.environ.update(environment)
    print(f"{path.name} … ", end="", flush=True)
    began = time.monotonic()
    try:
        client.execute()
    finally:
        minutes = (time.monotonic() - began) / 60
        if publish:
            stamp(notebook, record(path.stem, budget, minutes))
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(clean(notebook), target)
    print(f"{minutes:.1f} min → {target.relative_to(ROOT)}")


def record(stem: str, budget: str | None = None, minutes: float = 0.0) -> dict[str, float]:
    """Keep a notebook's minutes per budget in figures/results.json; without a budget, drop its old claims."""
    path = ROOT / "figures" / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    entry = results.setdefault(stem, {})
    if budget is None:
        entry["claims"] = {}
    else:
        entry.setdefault("minutes", {})[budget] = round(minutes, 1)
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    return entry.get("minutes", {})


def stamp(notebook: nbformat.NotebookNode, minutes: dict[str, float]) -> None:
    """Write the measured minutes between the time marks of the first cell."""
    words = ", ".join(f"{budget} {value:g} min" for budget, value in sorted(minutes.items()))
    first = notebook.cells[0]
    first.source = TIME.sub(words, first.source)


def clean(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Keep only the metadata that JupyterLab needs to open the notebook without questions."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {}
    return notebook


if __name__ == "__main__":
    main()
