"""A class's marks: the command line, the table and the summary; see labhelpers/mark.py."""

from __future__ import annotations

import argparse
import csv
import glob
import io
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from labhelpers.classroom.handed_in import read
from labhelpers.classroom.marking import Marker
from labhelpers.exercises.grading import exercises_of

Row = dict[str, str]
FIRST, LAST = ["file", "lab", "right", "of"], ["remark"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Mark the files that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m labhelpers.mark",
        description="Mark a class: a table with a row for each notebook, a column for each "
        "exercise. The answers are run: in a container when you do not know who wrote them.",
    )
    parser.add_argument("files", nargs="+", metavar="FILES", help="notebooks, folders, patterns")
    parser.add_argument("--out", type=Path, default=Path("marks.csv"), help="the table to write")
    parser.add_argument("--seconds", type=_positive, default=10.0, help="for each answer")
    parser.add_argument("--memory", type=_positive, default=2.0, help="GiB for each (on Linux)")
    jobs = min(4, os.cpu_count() or 1)
    parser.add_argument("--jobs", type=int, default=jobs, help="notebooks marked at a time")
    options = parser.parse_args(arguments)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with open(options.out, "a", encoding="utf-8"):  # before the work: can it be written at all?
        pass
    rows = mark(
        notebooks(options.files), options.seconds, int(options.memory * 2**30), max(1, options.jobs)
    )
    write(rows, options.out)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal may have no "→"
    print("\n".join(summary(rows)))
    print(f"the marks are written: {options.out}")
    return 0


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not allowed: give a number above 0")
    return value


def notebooks(names: Sequence[str]) -> list[Path]:
    """Return the files that `names` stand for, each once: patterns, folders, and files as given.

    Example:
        >>> from labhelpers.classroom.marks import notebooks
        >>> [path.name for path in notebooks(["anna.ipynb", "anna.ipynb", "ben.ipynb"])]
        ['anna.ipynb', 'ben.ipynb']
    """
    found: dict[Path, None] = {}
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = sorted(path.rglob("*.ipynb"))
            found |= dict.fromkeys(p for p in inside if ".ipynb_checkpoints" not in p.parts)
        elif path.exists():
            found[path] = None
        else:  # a pattern that no shell has filled in, or a name that will get its row
            found |= dict.fromkeys(map(Path, sorted(glob.glob(name)) or [name]))
    return list(found)


def mark(paths: Sequence[Path], seconds: float, memory: int, jobs: int = 1) -> list[Row]:
    """Return a row of marks for each notebook, in the order of `paths`.

    Args:
        paths: the notebooks.
        seconds: that an answer may take.
        memory: that it may have, in bytes.
        jobs: notebooks marked at a time.

    Example:
        >>> from pathlib import Path
        >>> from labhelpers.classroom.marks import mark
        >>> mark([Path("nowhere.ipynb")], seconds=10, memory=2**30)[0]["remark"]
        'there is no such file'
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        pool = ThreadPoolExecutor(jobs)
        try:
            rows = pool.map(lambda path: _row(path, Path(folder), seconds, memory), paths)
            return list(tqdm(rows, total=len(paths), unit="notebook", desc="marking"))
        finally:
            pool.shutdown(cancel_futures=True)  # after Ctrl-C, none that has not begun


def _row(path: Path, folder: Path, seconds: float, memory: int) -> Row:
    try:
        return _marked(path, folder, seconds, memory)
    except Exception as error:  # one file that nobody thought of does not cost the others
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return {"file": str(path), "remark": f"could not be marked: {what}"[:200]}


def _marked(path: Path, folder: Path, seconds: float, memory: int) -> Row:
    handed_in = read(path)
    if handed_in.remark:
        return {"file": str(path), "remark": handed_in.remark}
    with Marker(folder, seconds, memory) as marker:
        marks = {answer.name: marker.mark(answer) for answer in handed_in.answers}
    right = sum(mark == "right" for mark in marks.values())
    counts = {"right": str(right), "of": str(len(marks))}
    return {"file": str(path), "lab": handed_in.lab, **counts, **marks}


def columns(rows: Sequence[Row]) -> list[str]:
    """Return the exercises of all labs that occur, in the order of the series."""
    labs = sorted({row["lab"] for row in rows if "lab" in row})
    return [exercise.name for lab in labs for exercise in exercises_of(lab)]


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the table, as a spreadsheet reads it: no cell of it is a formula."""
    # A file's name may be no text, on some systems.
    with open(path, "w", encoding="utf-8", errors="replace", newline="") as file:
        table = csv.DictWriter(file, [*FIRST, *columns(rows), *LAST], restval="")
        table.writeheader()
        for row in rows:
            table.writerow({name: _no_formula(text) for name, text in row.items()})


def _no_formula(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def summary(rows: Sequence[Row]) -> list[str]:
    """Return lines on each exercise: how many solved it, and what went wrong most often."""
    lines = []
    for name in columns(rows):
        marks = [row[name] for row in rows if name in row]
        kinds = Counter(mark.partition(":")[0] for mark in marks)
        others = [f"{kind} {n}" for kind, n in kinds.most_common() if kind != "right"]
        lines.append(f"{name}: right {kinds['right']} of {len(marks)}; {', '.join(others) or '–'}")
        mistakes = Counter(mark for mark in marks if mark.startswith("known mistake: "))
        for mistake, n in mistakes.most_common(3):
            lines.append(f"    {n} × {mistake.removeprefix('known mistake: ')}")
    unmarked = [row for row in rows if row.get("remark")]
    lines += [f"{row['file']}: {row['remark']}" for row in unmarked]
    return lines
