"""What a function says, as a syntax tree: the same in every Python version.

Only the standard library is imported here, so that other interpreters can be asked for the same
digest.
"""

import ast
import dataclasses
import dis
import functools
import hashlib
import inspect
import json
import linecache
import reprlib
import types
from typing import Any

Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_NODES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# Fields that change nothing, or that only some versions of Python have.
_IGNORED = {"type_params", "kind", "type_comment", "returns", "annotation", "ctx"}


# In a study's process: the notebook's cells and modules, for code that has lost its file's name.
carried: list[tuple[str, ...]] = []


def tree_of(function: types.FunctionType) -> Node | None:
    """Return the syntax tree of a function, or None when its source cannot be had.

    Nor can it when a file was changed after it was imported: what runs is not what stands there.
    """
    code = function.__code__
    for refresh in (False, True):  # what was read before, then what the file says now
        if refresh:
            linecache.checkcache(code.co_filename)
        lines = tuple(linecache.getlines(code.co_filename, function.__globals__))
        tree = _tree(code, lines)
        if tree is not None:
            return tree
    trees = (_tree(code, lines) for lines in reversed(carried))
    return next((tree for tree in trees if tree is not None), None)


@functools.lru_cache(maxsize=4096)
def _tree(code: types.CodeType, lines: tuple[str, ...]) -> Node | None:
    module = _parsed(lines)
    twin = _twin(code, lines) if module is not None else None
    return _node(module, twin) if module is not None and twin is not None else None


def _twin(code: types.CodeType, lines: tuple[str, ...]) -> types.CodeType | None:
    """The same code compiled from these lines, though comments may have moved it; else None."""
    wanted = _bytecode(code)
    named = [found for found in _compiled(lines) if found.co_qualname == code.co_qualname]
    same = [found for found in named if _bytecode(found) == wanted]
    return min(
        same, key=lambda found: abs(found.co_firstlineno - code.co_firstlineno), default=None
    )


@functools.lru_cache(maxsize=256)
def _compiled(lines: tuple[str, ...]) -> list[types.CodeType]:
    """All code objects in a file or cell."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # as in notebooks
    found = [compile("".join(lines), "source", "exec", flags, dont_inherit=True)]
    for code in found:
        found += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]
    return found


def _node(module: ast.Module, code: types.CodeType) -> Node | None:
    wanted = ast.Lambda if code.co_name == "<lambda>" else (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [
        node
        for node in ast.walk(module)
        if isinstance(node, wanted) and _first_line(node) == code.co_firstlineno
    ]
    named = [node for node in found if getattr(node, "name", code.co_name) == code.co_name]
    return named[0] if len(named) == 1 else _by_place(named, code)


@functools.lru_cache(maxsize=256)
def _parsed(lines: tuple[str, ...]) -> ast.Module | None:
    if not lines:
        return None
    try:
        return ast.parse("".join(lines))
    except SyntaxError:  # a cell with magics that IPython did not translate
        return None


def _first_line(node: Node) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _by_place(nodes: list[Node], code: types.CodeType) -> Node | None:
    """Of several functions that begin on one line, the one whose body holds all of `code`."""
    places = [
        (line, column, end_line, end_column)
        for line, end_line, column, end_column in code.co_positions()
        if None not in (line, column, end_line, end_column) and end_column != 0
    ]

    def holds(node: Node) -> bool:
        start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
        return all(start <= place[:2] and place[2:] <= end for place in places)

    around = [node for node in nodes if holds(node)]
    return min(around, key=lambda node: len(ast.dump(node)), default=None)


def dump(node: Any) -> Any:
    """Return a tree as plain lists: without positions, annotations, docstrings and empty fields.

    Without the decorators of the outermost function too, which are described by what they made.
    """
    found = _dump(node)
    if isinstance(node, _NODES):
        found[1].pop("decorator_list", None)
    return found


def _dump(node: Any) -> Any:
    if isinstance(node, list):
        return [_dump(part) for part in node]
    if not isinstance(node, ast.AST):
        return node if isinstance(node, str | int | None) else repr(node)
    fields = {}
    for name, value in ast.iter_fields(node):
        if name in _IGNORED or value is None or value == []:
            continue
        if name == "body" and isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ):
            value = _without_docstring(value)
        if isinstance(node, ast.JoinedStr):  # 3.12.1 adds empty texts to format specifications
            value = [text for text in value if getattr(text, "value", None) != ""]
        if isinstance(node, ast.Constant):
            fields[name] = [type(value).__name__, repr(value)]
        else:
            fields[name] = _dump(value)
    return [type(node).__name__, fields]


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return body
    return body[1:] if isinstance(first.value.value, str) else body


def said(function: types.FunctionType) -> Any:
    """Return what a function says, as plain values: its tree, else its code object, by version."""
    tree = tree_of(function)
    return _said(tree) if tree is not None else short(_bytecode(function.__code__))


@functools.lru_cache(maxsize=4096)
def _said(tree: Node) -> str:
    kind, fields = dump(tree)
    own_defaults = ("defaults", "kw_defaults")  # described by their values
    arguments = {k: v for k, v in fields.pop("args", [0, {}])[1].items() if k not in own_defaults}
    return short([kind, fields, arguments])


def _bytecode(code: types.CodeType) -> Any:
    """A code object without line numbers and file names: for code that was made by `exec`."""
    constants = [_constant(constant) for constant in code.co_consts]
    return [code.co_code.hex(), constants, code.co_names, code.co_varnames, code.co_freevars]


def _constant(value: Any) -> Any:
    if isinstance(value, types.CodeType):
        return _bytecode(value)
    return sorted(map(repr, value)) if isinstance(value, frozenset) else repr(value)


def short(value: Any) -> str:
    """Return a short hash, such as ``"#0f3a…"``, of plain values."""
    text = json.dumps(value, sort_keys=True)
    return f"#{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


@functools.lru_cache(maxsize=4096)
def global_names(code: types.CodeType) -> frozenset[str]:
    """Return the names that a code object, and those inside it, look up in the module."""
    loads = ("LOAD_GLOBAL", "LOAD_NAME")
    names = {step.argval for step in dis.get_instructions(code) if step.opname in loads}
    inner = (const for const in code.co_consts if isinstance(const, types.CodeType))
    return frozenset(names.union(*(global_names(const) for const in inner)))


def captured(function: types.FunctionType) -> dict[str, Any]:
    """Return what the closure and the module hold under the names that a function uses."""
    code = function.__code__
    names = sorted(global_names(code))
    used = {name: function.__globals__[name] for name in names if name in function.__globals__}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        used[name] = cell.cell_contents if cell != types.CellType() else None
    return used


_GENERATORS = {"<string>", dataclasses.__file__, reprlib.__file__}


def is_generated(cls: type, function: types.FunctionType) -> bool:
    """Whether a method was written by `dataclass`, from the fields and not by the user."""
    if not hasattr(cls, "__dataclass_fields__"):
        return False
    file = function.__code__.co_filename
    if file in _GENERATORS:
        return True
    # So is every function from the notebook called in a study's process: cloudpickle's name.
    return file == "<dynamic-code>" and tree_of(function) is None


def unwrapped(member: Any) -> Any:
    """Return the function inside a static or class method, a property or a cached one."""
    if isinstance(member, property):
        return member.fget
    member = getattr(member, "__func__", member)
    return inspect.unwrap(member) if hasattr(member, "cache_info") else member
