"""Print what each notebook is made of, beside those of other series: a mirror, not a gate."""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = {
    "cells": "code cells",
    "median": "median lines of code a cell",
    "p90": "lines that nine cells in ten do not pass",
    "max": "lines of the longest cell",
    "words": "words of prose",
    "long": "paragraphs over 80 words",
    "eq": "displayed equations",
    "diag": "diagrams",
    "guess": "guesses",
    "ex": "exercises",
}
OTHERS = "median lines a cell elsewhere: Hands-on ML 3, LLMs-from-scratch 4, UvA 7"


def main() -> None:
    """Print a row for each lab."""
    results = json.loads((ROOT / "figures" / "results.json").read_text(encoding="utf-8"))
    print(f"{'lab':26}" + "".join(f"{name:>7}" for name in COLUMNS) + "  claims by verdict")
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]*-*.ipynb")):
        counted = anatomy(nbformat.read(path, 4))
        claims = results.get(path.stem, {}).get("claims", {}).values()
        verdicts = Counter(claim["verdict"] for claim in claims)
        words = ", ".join(f"{number} {verdict}" for verdict, number in verdicts.most_common())
        print(f"{path.stem:26}" + "".join(f"{counted[name]:7g}" for name in COLUMNS) + f"  {words}")
    for name, meaning in COLUMNS.items():
        print(f"  {name}: {meaning}")
    print(OTHERS)


def anatomy(notebook: nbformat.NotebookNode) -> dict[str, float]:
    """Return the counts of `COLUMNS` for a notebook."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    prose = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    lines = sorted(sum(bool(line.strip()) for line in source.splitlines()) for source in code)
    everything = "\n".join(code)
    paragraphs = [words(part) for part in re.split(r"\n\s*\n|\n(?=[-*|\d])", prose)]
    return {
        "cells": len(lines),
        "median": statistics.median(lines),
        "p90": lines[max(0, -(-9 * len(lines) // 10) - 1)],
        "max": lines[-1],
        "words": sum(paragraphs),
        "long": sum(count > 80 for count in paragraphs),
        "eq": prose.count("$$") // 2,
        "diag": everything.count("lab.diagram("),
        "guess": everything.count("lab.guess("),
        "ex": everything.count("lab.check("),
    }


def words(text: str) -> int:
    """Count the words of a piece of Markdown; links count as their text, formulas as one word."""
    text = re.sub(r"\$\$.*?\$\$|\$[^$]+\$", " formula ", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return len(re.findall(r"[^\W_][\w'’.-]*", text))


if __name__ == "__main__":
    main()
