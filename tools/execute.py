"""Execute notebooks: into runs/executed/ for everyday use; in place, with figures and results, to
publish.
"""

from __future__ import annotations

import argparse
import base64
import html
import io
import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import v4
from PIL import Image

from labhelpers.evidence.rows import file_name
from labhelpers.session import published_figures
from labhelpers.store.files import update_json

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 1_400_000  # bytes of a notebook; a test allows 1,500,000
TIME = re.compile(r"(?<=<!-- time -->).*?(?=<!-- /time -->)", re.DOTALL)  # written by --publish


def main() -> None:
    """Run what the command line asks for; exit with 1 if a notebook fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lab", nargs="*", help="numbers such as 03; all labs by default")
    parser.add_argument("--budget", choices=("smoke", "laptop", "full"), default="laptop")
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--publish",
        action="store_const",
        const="publish",
        dest="mode",
        help="measure everything; write notebooks, figures/, results.json and rows in place",
    )
    place.add_argument(
        "--refresh",
        action="store_const",
        const="refresh",
        dest="mode",
        help="the same from the published rows: the time is a student's",
    )
    options = parser.parse_args()
    paths = sorted((ROOT / "notebooks").glob("[0-9][0-9]*-*.ipynb"))
    unknown = [lab for lab in options.lab if not any(number(path) == lab for path in paths)]
    if unknown:
        sys.exit(f"no lab {', '.join(unknown)}: there are {', '.join(path.stem for path in paths)}")
    for path in paths:
        if not options.lab or number(path) in options.lab:
            execute(path, options.budget, options.mode)


def number(path: Path) -> str:
    """Return the number of a lab, such as "03" or "06b"."""
    return path.name.partition("-")[0]


def execute(path: Path, budget: str, mode: str | None) -> None:
    """Execute one notebook from a clean kernel.

    One that fails or is stopped is kept in runs/executed/, and raises: what stands in place, the
    claims included, stays whole.
    """
    notebook = nbformat.read(path, 4)
    elsewhere = ROOT / "runs" / "executed" / path.name
    target = path if mode and budget == "laptop" else elsewhere
    os.environ.pop("LABHELPERS_PUBLISH", None)
    os.environ.update(environment(path, budget, mode))
    before = dropped_claims(path.stem, budget) if mode else {}
    client = NotebookClient(
        notebook,
        timeout=3600,
        kernel_name="python3",
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],
    )
    print(f"{path.name} … ", end="", flush=True)
    began = time.monotonic()
    try:
        client.execute()
    except BaseException:
        if mode:
            update(path.stem, budget, lambda entry: entry.update(before))
        write(notebook, elsewhere)
        print(f"stopped: see {elsewhere.relative_to(ROOT)}; pictures in place may be new")
        raise
    minutes = (time.monotonic() - began) / 60
    if mode:
        what = budget if mode == "publish" else f"{budget}, published rows"
        stamp(notebook, timed(path.stem, budget, what, minutes))
    write(notebook, target)
    print(f"{minutes:.1f} min → {target.relative_to(ROOT)}")


def write(notebook: nbformat.NotebookNode, target: Path) -> None:
    """Write an executed notebook, cleaned and no larger than a test allows."""
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(slim(clean(notebook)), target)


def environment(path: Path, budget: str, mode: str | None) -> dict[str, str]:
    """Return the kernel's variables; make room, so that the time is that of a newcomer."""
    found = {"LABHELPERS_BUDGET": budget, "LABHELPERS_NOTEBOOK": path.stem}
    if mode is None:
        return found
    runs = ROOT / "runs" / "published"
    shutil.rmtree(runs / number(path), ignore_errors=True)
    if mode == "publish":
        for rows in (ROOT / "labhelpers" / "published").glob(f"{number(path)}-*.json.xz"):
            full = rows.name.endswith(file_name("", "full"))
            if budget == ("full" if full else "laptop"):
                rows.unlink()
    return found | {"LABHELPERS_PUBLISH": mode, "LABHELPERS_RUNS": str(runs)}


def update(stem: str, budget: str, change: Callable[[dict], None]) -> None:
    """Let `change` alter a notebook's entry in the results of a budget."""
    update_json(
        published_figures(ROOT, budget) / "results.json",
        lambda results: change(results.setdefault(stem, {})),
    )


def dropped_claims(stem: str, budget: str) -> dict:
    """Drop a notebook's claims, which this run makes anew; return them, to be put back."""
    before = {}

    def drop(entry: dict) -> None:
        before.update(claims=entry.get("claims", {}))
        entry["claims"] = {}

    update(stem, budget, drop)
    return before


def timed(stem: str, budget: str, what: str, minutes: float) -> dict[str, float]:
    """Keep the minutes of a run that measured everything, or of one from the published rows;
    return those of both.
    """
    both = {}

    def add(entry: dict) -> None:
        both.update(entry.get("minutes", {}), **{what: round(minutes, 1)})
        entry["minutes"] = both

    update(stem, budget, add)
    return both


def stamp(notebook: nbformat.NotebookNode, minutes: dict[str, float]) -> None:
    """Write the measured minutes between the time marks of the first cell."""
    words = []
    for what, value in sorted(minutes.items(), key=lambda pair: pair[1]):
        budget, _, rows = what.partition(", ")
        words.append(f"{value:g} min ({budget} budget, {rows or 'everything measured'})")
    first = notebook.cells[0]
    first.source = TIME.sub(", ".join(words), first.source)


def slim(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Give the pictures of a notebook that is too large 256 colours each; figures/ keeps them all.

    The largest first, and no more of them than it takes.
    """
    pictures = [
        output["data"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    for data in sorted(pictures, key=lambda data: -len(data["image/png"])):
        if len(nbformat.writes(notebook).encode("utf-8")) <= LARGEST:
            break
        picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
        buffer = io.BytesIO()
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            buffer, format="png", optimize=True
        )
        data["image/png"] = base64.b64encode(buffer.getvalue()).decode("ascii")
    return notebook


def clean(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Keep only the metadata that JupyterLab needs to open the notebook without questions."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [kept for output in cell.outputs for kept in with_caption(output)]
    return notebook


def with_caption(output: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return a figure as a plain picture and its caption, in place of the picture inside HTML.

    GitHub's preview drops pictures that are part of HTML, and holding both doubles the size.
    """
    about = output.get("metadata", {}).get("image/png", {})
    if "caption" not in about:
        return [output]
    output.data.pop("text/html", None)
    caption = about.pop("caption")
    if not caption:
        return [output]
    data = {"text/html": f"<p>{html.escape(caption)}</p>", "text/plain": caption}
    return [output, v4.new_output("display_data", data)]


if __name__ == "__main__":
    main()
