"""Build the web site from the executed notebooks, without a network: build/site/index.html.

Sphinx reads a folder that is laid out first: the pages of docs/, the notebooks, and a page with all
results. Pictures become files of their own, each with its alternative text and its caption as text.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat import v4

ROOT = Path(__file__).resolve().parents[1]
SOURCE, TARGET = ROOT / "build" / "site-source", ROOT / "build" / "site"
VERDICTS = ("holds", "refuted", "negligible", "undecided")


def main() -> None:
    """Lay out the sources, and let Sphinx build them; a warning is an error."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.copytree(ROOT / "docs", SOURCE, ignore=shutil.ignore_patterns("__pycache__"))
    labs = lay_out_notebooks(ROOT / "notebooks", SOURCE)
    results = json.loads((ROOT / "figures" / "results.json").read_text(encoding="utf-8"))
    (SOURCE / "results.md").write_text(results_page(results, labs), encoding="utf-8")
    options = ["-q", "-W", "--keep-going", "-b", "html", str(SOURCE), str(TARGET)]
    done = subprocess.run([sys.executable, "-m", "sphinx", *options])
    if done.returncode:
        sys.exit(done.returncode)
    print(f"the site is built: {(TARGET / 'index.html').relative_to(ROOT)}")


def lay_out_notebooks(folder: Path, source: Path) -> dict[str, str]:
    """Write each notebook with its pictures as files; return the labs' titles by name."""
    titles = {}
    target, pictures = source / "notebooks", source / "_static" / "pictures"
    target.mkdir(parents=True)
    pictures.mkdir(parents=True)
    for path in sorted(folder.glob("[0-9][0-9]*-*.ipynb")):
        notebook = nbformat.read(path, 4)
        titles[path.stem] = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = with_figures(cell.outputs, pictures)
        nbformat.write(notebook, target / path.name)
    return titles


def with_figures(outputs: list, pictures: Path) -> list:
    """Return a cell's outputs with each picture, and the caption behind it, as one HTML figure."""
    shown: list = []
    rest = list(outputs)
    while rest:
        output = rest.pop(0)
        data = output.get("data", {})
        if "image/png" not in data:
            shown.append(output)
            continue
        caption = ""
        if rest and rest[0].get("data", {}).get("text/html", "").startswith("<p>"):
            caption = rest.pop(0)["data"]["text/html"].removeprefix("<p>").removesuffix("</p>")
        alt = output.metadata.get("image/png", {}).get("alt", "")
        shown.append(figure(base64.b64decode(data["image/png"]), alt, caption, pictures))
    return shown


def figure(png: bytes, alt: str, caption: str, pictures: Path) -> nbformat.NotebookNode:
    """Write a picture to a file, and return the output that shows it."""
    name = hashlib.sha256(png).hexdigest()[:16] + ".png"
    (pictures / name).write_bytes(png)
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    page = (
        f'<figure><img src="../_static/pictures/{name}" alt="{html.escape(alt)}" loading="lazy">'
        f"{below}</figure>"
    )
    return v4.new_output("display_data", {"text/html": page})


def results_page(results: dict, labs: dict[str, str]) -> str:
    """Return the page of all claims, lab by lab, headlines in bold."""
    claims = [claim for result in results.values() for claim in result["claims"].values()]
    counts = {
        kind: sum(claim["verdict"] == kind for claim in claims if claim["headline"])
        for kind in VERDICTS
    }
    lines = [
        "# All results",
        "",
        "Every claim of every lab, as published. A claim *holds* when its whole interval lies on "
        "the claimed side of the threshold, is *refuted* when the whole of it lies on the other "
        "side, *negligible* when the whole of it lies within the margin, and else *undecided*. "
        "Intervals cover the choice of seeds (or cases), not the finite set of test images.",
        "",
        "Headline claims: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()) + ".",
        "",
    ]
    for stem, result in results.items():
        if stem not in labs:
            continue
        lines += [f"## [{labs[stem]}](notebooks/{stem}.ipynb)", ""]
        lines += ["| claim | verdict | measured | n |", "|---|---|---|---|"]
        ordered = sorted(result["claims"].items(), key=lambda item: not item[1]["headline"])
        lines += [row(statement, claim) for statement, claim in ordered]
        lines.append("")
    return "\n".join(lines)


def row(statement: str, claim: dict) -> str:
    """Return a claim's row."""
    mean, low, high = (f"{value:.3g}" for value in claim["interval"])
    said = statement.replace("|", "\\|").replace("$", "\\$")
    said = f"**{said}**" if claim["headline"] else said
    measured = f"{mean} [{low}, {high}] {claim['unit']}".strip()
    return f"| {said} | {claim['verdict']} | {measured} | {claim['n']} |"


if __name__ == "__main__":
    main()
