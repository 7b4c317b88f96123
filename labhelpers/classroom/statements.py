"""Statements of a notebook's cells: what each binds, what it uses, and whether it may be run."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from IPython.core.inputtransformer2 import TransformerManager

AROUND_PYTHON = ("%%time", "%%capture", "%%timeit", "%%prun")  # cell magics with Python below them
TOO_DEEP = (SyntaxError, ValueError, RecursionError, MemoryError)  # what parsing may raise


def as_python(source: str) -> str:
    """The cell with its magics as calls, which are never run, or nothing where it is no Python."""
    if source.lstrip().startswith("%%"):
        first, _, rest = source.lstrip().partition("\n")
        return f"\n{rest}" if first.split()[0] in AROUND_PYTHON else ""
    try:
        return TransformerManager().transform_cell(source)
    except TOO_DEEP:
        return source


def bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of a cell gives a value."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.split(".")[0]
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            for part in ast.walk(target):
                if isinstance(part, ast.Name):
                    yield part.id
    elif isinstance(node, ast.If | ast.Try):
        for inner in ast.iter_child_nodes(node):
            for child in [inner, *getattr(inner, "body", [])]:
                if isinstance(child, ast.stmt):
                    yield from bound(child)


def used(node: ast.stmt) -> set[str]:
    """The names that a statement reads, in whatever depth, but for Python's own."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return names - vars(builtins).keys()


def may_run(node: ast.stmt) -> bool:
    """Tell whether a statement defines something, rather than loads data or trains."""
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return True
    calls = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
    of_the_lab = (call for call in calls if ast.unparse(call).startswith(("lab.", "labhelpers.")))
    return all(ast.unparse(call) == "lab.setup" for call in of_the_lab)


def is_star(node: ast.stmt) -> bool:
    """Tell whether a statement is ``from … import *``, which binds nobody knows what."""
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"


def is_stub(node: ast.stmt) -> bool:
    """Tell whether a function has nothing in it but its docstring and dots."""
    if not isinstance(node, ast.FunctionDef):
        return False
    return all(isinstance(part, ast.Expr) and _is_text_or_dots(part.value) for part in node.body)


def _is_text_or_dots(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str | type(...))
