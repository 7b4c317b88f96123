"""What a notebook defines: tests of a lab's own functions take them from its cells, never from a
copy.
"""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat

import labhelpers as lab

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
# Labs that wait for a run have no outputs.
NOT_EXECUTED: set[str] = set()


def code(name: str) -> list[str]:
    """Return the sources of the code cells of ``notebooks/<name>``, less the one that installs."""
    cells = nbformat.read(NOTEBOOKS / name, 4).cells
    return [c.source for c in cells if c.cell_type == "code" and "%pip" not in c.source]


def definitions(name: str) -> dict[str, str]:
    """Return the source of every function and class at the top of the cells of
    ``notebooks/<name>``, by its name.
    """
    nodes = [node for source in code(name) for node in ast.parse(source).body]
    return {
        node.name: ast.unparse(node)
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


def compiled(name: str, functions: Iterable[str], scope: dict[str, Any]) -> dict[str, Any]:
    """Return `scope`, which holds what the functions use, with those of ``notebooks/<name>``
    compiled into it.
    """
    found = definitions(name)
    for function in functions:
        exec(found[function], scope)
    return scope


def defined(name: str, session: Any) -> dict[str, Any]:
    """Return the names of ``notebooks/<name>`` that need no data: its imports, the choices of its
    budget, its functions and classes.
    """
    names = {"__name__": "__main__", "lab": lab, "session": session}
    for node in (node for source in code(name) for node in ast.parse(source).body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            exec(ast.unparse(node), names)
    exec(next(source for source in code(name) if "session.pick(" in source), names)
    return compiled(name, definitions(name), names)
