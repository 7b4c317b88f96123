"""What a function changes in place: logs, counters and caches, which are no choices of the user's.

Only the standard library is imported here, as in `code`.
"""

import ast
import functools
from collections.abc import Iterator
from typing import NamedTuple

from labhelpers.store.names import (
    CHANGE_FIRST,
    CHANGERS,
    Place,
    aliases_of,
    bound_names,
    holder,
    is_changer,
)


class Change(NamedTuple):
    """What is changed: a variable, the attribute or ``["key"]`` of it (None: all), and how.

    ``"bound"`` anew by ``global`` or ``nonlocal``, ``"stored"`` into, or ``"called"`` with a method
    that changes a list, dict or set, but not a tensor (``sort``, ``add``).
    """

    name: str
    attribute: str | None
    how: str


@functools.lru_cache(maxsize=4096)  # trees are never changed
def changed_by(tree: ast.AST | None) -> frozenset[Change]:
    """Return what a function changes in place.

    ``log.append(x)`` and ``seen[key] = x`` change all of ``log`` and ``seen``, ``count["n"] += 1``
    only this key, ``self.n += 1`` and ``self.rows.append(x)`` the attributes ``n`` and ``rows``.
    Another name for the same object, as in ``rows = log``, is looked through.
    """
    if tree is None:
        return frozenset()
    aliases = aliases_of(tree)
    found = {_resolved(change, aliases) for node in _of_scope(tree) for change in _changes(node)}
    new = {name for name in bound_names(tree) if name not in aliases}  # table = dict(table)
    return frozenset(c for c in found if c.how == "bound" or c.name not in new)


def arguments(call: ast.Call, names: list[str]) -> Iterator[tuple[str, Place]]:
    """Yield the parameter, of these names in order, that each plain argument of a call goes to."""
    given = list(zip(names, call.args, strict=False))
    given += [(word.arg, word.value) for word in call.keywords if word.arg]
    for name, value in given:
        place = holder(value)
        if place is not None:
            yield name, place


def _changes(node: ast.AST) -> Iterator[Change]:
    """What one piece of syntax changes."""
    if isinstance(node, ast.Global | ast.Nonlocal):
        yield from (Change(name, None, "bound") for name in node.names)
    elif isinstance(node, ast.Call):
        yield from _by_call(node)
    elif isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
        yield from _change(node, "stored")


def _change(node: ast.AST, how: str) -> Iterator[Change]:
    place = holder(node)
    if place is not None:
        yield Change(*place, how)


def _by_call(call: ast.Call) -> Iterator[Change]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if isinstance(call.func, ast.Attribute) and is_changer(name):
        yield from _change(call.func.value, "called" if name in CHANGERS else "stored")
    if call.args and name not in CHANGERS and (name in CHANGE_FIRST or is_changer(name)):
        yield from _change(call.args[0], "stored")
    yield from _by_name(call, name)
    for word in call.keywords:
        if word.arg == "out":
            yield from _change(word.value, "stored")


def _by_name(call: ast.Call, name: str) -> Iterator[Change]:
    """``setattr(x, "n", 1)`` and ``self.register_buffer("mask", …)``."""
    if name == "setattr" and len(call.args) == 3:
        owner, attribute = call.args[:2]
    elif name == "register_buffer" and call.args and isinstance(call.func, ast.Attribute):
        owner, attribute = call.func.value, call.args[0]
    else:
        return
    if isinstance(attribute, ast.Constant):
        yield from _change(ast.Attribute(owner, str(attribute.value)), "stored")


def _of_scope(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all pieces of a function, less what functions inside it do with names of their own."""
    hidden = {id(node) for inner in _functions(tree) for node in _with_own_names(inner)}
    return (node for node in ast.walk(tree) if id(node) not in hidden)


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return (node for node in ast.walk(tree) if isinstance(node, kinds) and node is not tree)


def _with_own_names(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator:
    """Yield the pieces of an inner function that change one of its own variables."""
    every = function.args
    own = {item.arg for item in [*every.posonlyargs, *every.args, *every.kwonlyargs]}
    outer: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            outer.update(node.names)
    for node in ast.walk(function):
        changes = list(_changes(node))
        if changes and all(change.name in own - outer for change in changes):
            yield node


def _resolved(change: Change, aliases: dict[str, Place]) -> Change:
    name, attribute, how = change
    seen = set()
    while name in aliases and name not in seen:
        seen.add(name)
        name, outer = aliases[name]
        attribute = outer if outer is not None else attribute
    return Change(name, attribute, how)


@functools.lru_cache(maxsize=4096)
def group_settings(tree: ast.AST | None) -> frozenset[str]:
    """Return the settings of an optimizer's groups that a function sets: ``group["lr"] = …``."""
    nodes = list(ast.walk(tree)) if tree is not None else []
    if not any(isinstance(node, ast.Attribute) and node.attr == "param_groups" for node in nodes):
        return frozenset()
    return frozenset(
        str(node.slice.value)
        for node in nodes
        if isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    )
