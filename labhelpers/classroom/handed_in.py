"""A notebook that was handed in: which lab it is, and for each exercise the code that answers it.

Nothing is run here. An answer is the function of the exercise's name, with what it needs from other
cells: imports, helper functions, constants. Everything else in the notebook is left out.
"""

from __future__ import annotations

import ast
import difflib
import json
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labhelpers.classroom.statements import (
    TOO_DEEP,
    as_python,
    bound,
    is_star,
    is_stub,
    may_run,
    used,
)
from labhelpers.exercises.grading import exercises_of, labs

TITLE = re.compile(r"^#\s*(?:Lab\s+)?(\d\d[a-z]?)\b", re.IGNORECASE | re.MULTILINE)
CHECKED = re.compile(r"\bcheck\(\s*([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Part:
    """A statement of a notebook: the source of its cell, and its place in there."""

    cell: int  # counted from 1, over cells of all kinds
    source: str = field(repr=False)
    index: int  # among the statements of the cell
    node: ast.stmt = field(repr=False, compare=False)


@dataclass(frozen=True)
class Answer:
    """What was handed in for one exercise: parts to run, or the mark that is clear without."""

    name: str
    parts: tuple[Part, ...] = ()
    mark: str = ""


@dataclass(frozen=True)
class HandedIn:
    """A notebook's lab, its answers in the lab's order, and what is wrong with the file itself."""

    path: Path
    lab: str = ""
    answers: tuple[Answer, ...] = ()
    remark: str = ""


def read(path: Path) -> HandedIn:
    """Read a notebook, whatever is in the file.

    Example:
        >>> from pathlib import Path
        >>> from labhelpers.classroom.handed_in import read
        >>> read(Path("nowhere.ipynb")).remark
        'there is no such file'
    """
    try:
        cells = _cells(path)
    except FileNotFoundError:
        return HandedIn(path, remark="there is no such file")
    except OSError as error:
        return HandedIn(path, remark=f"cannot be read: {error.strerror or error}")
    except (ValueError, RecursionError) as error:
        return HandedIn(path, remark=f"is no notebook: {' '.join(str(error).split())}"[:200])
    notebook = _Notebook(cells)
    lab = notebook.lab()
    if not lab:
        remark = "belongs to no lab: neither its title nor an exercise is one of the series"
        return HandedIn(path, remark=remark)
    answers = tuple(notebook.answer(exercise.name) for exercise in exercises_of(lab))
    return HandedIn(path, lab, answers)


def _cells(path: Path) -> list[tuple[str, str]]:
    """Kind and source of each cell."""
    content = path.read_bytes()
    if not content.strip():
        raise ValueError("the file is empty")
    found = json.loads(content.decode("utf-8-sig"))
    cells = found.get("cells") if isinstance(found, dict) else None
    if not isinstance(cells, list):
        raise ValueError("there are no cells in it")
    return [_kind_and_source(cell) for cell in cells if isinstance(cell, dict)]


def _kind_and_source(cell: dict[str, Any]) -> tuple[str, str]:
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    return str(cell.get("cell_type")), "".join(line for line in lines if isinstance(line, str))


class _Notebook:
    """The cells of a notebook, taken apart into statements."""

    def __init__(self, cells: list[tuple[str, str]]) -> None:
        self.parts: list[Part] = []
        self.broken: list[tuple[str, str]] = []  # cells that are no Python: source, what is wrong
        self.text = "\n".join(source for kind, source in cells if kind == "markdown")
        self.sources = [source for kind, source in cells if kind == "code"]
        for number, (kind, source) in enumerate(cells, start=1):
            if kind == "code":
                self._take_apart(number, source)

    def _take_apart(self, number: int, source: str) -> None:
        python = as_python(source)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # such as "\d" in a plain string
                nodes = ast.parse(python).body
        except TOO_DEEP as error:
            line = f" in line {error.lineno}" if isinstance(error, SyntaxError) else ""
            what = error.msg if isinstance(error, SyntaxError) else str(error)
            self.broken.append((source, f"{type(error).__name__}{line}: {what}"))
            return
        self.parts += [Part(number, python, i, node) for i, node in enumerate(nodes)]

    def lab(self) -> str:
        """The lab that most of the exercises belong to, else the one in the title, else ""."""
        names = {name for part in self.parts for name in bound(part.node)}
        names |= {name for source in self.sources for name in CHECKED.findall(source)}
        counts = {
            lab: len(names & {exercise.name for exercise in exercises_of(lab)}) for lab in labs()
        }
        best = max(counts, key=lambda lab: counts[lab])
        if counts[best]:
            return best
        title = TITLE.search(self.text)
        return title[1] if title and title[1] in counts else ""

    def answer(self, name: str) -> Answer:
        """What was handed in for the exercise called `name`: the last attempt that can be read."""
        found = [part for part in self.parts if name in bound(part.node)]
        attempts = [part for part in found if not is_stub(part.node)]
        if attempts:
            return Answer(name, self._with_what_it_needs(attempts[-1]))
        for source, what in self.broken:
            if re.search(rf"\b(def\s+|check\(\s*){name}\b", source):
                return Answer(name, mark=f"error: {what}")
        if found:
            return Answer(name, mark="not attempted")
        return Answer(name, mark=self._missing(name))

    def _missing(self, name: str) -> str:
        """Where no function has that name: the one that may be it, by its name or its place."""
        known = {exercise.name for lab in labs() for exercise in exercises_of(lab)}
        functions = [
            part.node.name
            for part in self.parts
            if isinstance(part.node, ast.FunctionDef) and part.node.name not in known
        ]
        close = difflib.get_close_matches(name, functions, n=1)
        for source in self.sources:
            if name in CHECKED.findall(source):
                close += [other for other in functions if re.search(rf"def\s+{other}\b", source)]
        return f"missing: renamed to {close[0]}?" if close else "missing"

    def _with_what_it_needs(self, answer: Part) -> tuple[Part, ...]:
        """`answer` and, before it, each statement that binds a name which it uses, and so on."""
        chosen: dict[int, Part] = {}
        waiting = [answer]
        while waiting:
            part = waiting.pop()
            if id(part) in chosen:
                continue
            chosen[id(part)] = part
            for name in used(part.node):
                waiting += self._binding(name, part)
        stars = [part for part in self.parts if is_star(part.node)]
        return tuple(part for part in self.parts if part in stars or id(part) in chosen)

    def _binding(self, name: str, user: Part) -> list[Part]:
        """The last statement before `user` that binds `name`, else the first after it, if any."""
        before: list[Part] = []
        after: list[Part] = []
        seen = False
        for part in self.parts:
            seen = seen or part is user
            if name in bound(part.node) and may_run(part.node) and part is not user:
                found = after if seen else before
                found.append(part)
        return before[-1:] or after[:1]
