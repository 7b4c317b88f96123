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
NOT_EXECUTED: set[str] = {"12"}


def definitions(name: str) -> dict[str, str]:
    """Return the source of every function and class at the top of the cells of
    ``notebooks/<name>``, by its name.
    """
    cells = [
        cell.source for cell in nbformat.read(NOTEBOOKS / name, 4).cells if cell.cell_type == "code"
    ]
    nodes = [node for source in cells if "%pip" not in source for node in ast.parse(source).body]
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
    cells = [
        cell.source for cell in nbformat.read(NOTEBOOKS / name, 4).cells if cell.cell_type == "code"
    ]
    names = {"__name__": "__main__", "lab": lab, "session": session}
    for node in (node for cell in cells if "%pip" not in cell for node in ast.parse(cell).body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            exec(ast.unparse(node), names)
    exec(next(cell for cell in cells if "session.pick(" in cell), names)
    return compiled(name, definitions(name), names)
