"""Which object a piece of syntax leads to: ``rows`` in ``for row in rows.values(): …``.

Only the standard library is imported here, as in `code`.
"""

import ast
from collections.abc import Iterator
from typing import Any

Place = tuple[str, str | None]  # a variable, and the attribute or ["key"] of it, or all of it

CHANGERS = {  # methods that change the object they are called on
    "add",
    "append",
    "appendleft",
    "clear",
    "discard",
    "extend",
    "extendleft",
    "insert",
    "pop",
    "popitem",
    "popleft",
    "put",
    "remove",
    "reverse",
    "rotate",
    "setdefault",
    "sort",
    "subtract",
    "update",
    "write",
}
# Functions that change their first argument; so does each whose name ends with "_": `init.zeros_`
CHANGE_FIRST = {"at", "copyto", "heapify", "heappop", "heappush", "insort", "shuffle"}
_NO_CHANGE = {"requires_grad_"}  # a choice, though its name ends with "_"
_VIEWS = {"get", "items", "values", "setdefault"}  # what these return are the same objects


def is_changer(name: str) -> bool:
    """Whether a method of this name changes the object that it is called on."""
    in_place = name.endswith("_") and not name.startswith("_") and name not in _NO_CHANGE
    return name in CHANGERS or in_place


def holder(node: Any) -> Place | None:
    """The variable, and its first attribute or key, that an expression goes through."""
    attribute = None
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            # self.__class__.n is an attribute of the class, which `self` leads to
            attribute = node.attr if node.attr != "__class__" else attribute
            node = node.value
        elif isinstance(node, ast.Subscript):
            attribute = _key(node)
            node = node.value
        elif isinstance(node, ast.NamedExpr):
            node = node.value
        elif isinstance(node, ast.Call) and _handed_on(node) is not None:
            node = _handed_on(node)
        else:
            return None
    return node.id, attribute


def _key(node: ast.Subscript) -> str | None:
    """``["key"]`` or ``[0]`` where the key is written out, else None: any of them."""
    key = node.slice.value if isinstance(node.slice, ast.Constant) else None
    return f"[{key!r}]" if isinstance(key, str | int) else None


def _handed_on(call: ast.Call) -> ast.expr | None:
    """The object that a call hands on, as ``log.get(k)`` and ``type(self)`` do."""
    if isinstance(call.func, ast.Attribute):
        name = call.func.attr
        return call.func.value if name in _VIEWS or is_changer(name) else None
    is_type = isinstance(call.func, ast.Name) and call.func.id == "type" and len(call.args) == 1
    return call.args[0] if is_type else None


def aliases_of(tree: ast.AST) -> dict[str, Place]:
    """Return the names bound once to what others reach: ``rows = self.log``, ``for x in rows``."""
    found: dict[str, list[Place | None]] = {}
    for node in ast.walk(tree):
        for name, place in _bindings(node):
            found.setdefault(name, []).append(place)
    return {name: places[0] for name, places in found.items() if len(places) == 1 and places[0]}


def bound_names(tree: ast.AST) -> set[str]:
    """Return the variables that a function binds itself."""
    walk = ast.walk(tree)
    return {
        node.id for node in walk if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _bindings(node: ast.AST) -> Iterator[tuple[str, Place | None]]:
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        yield from _bound(node.targets[0], node.value)
    elif isinstance(node, ast.NamedExpr):
        yield from _bound(node.target, node.value)
    elif isinstance(node, ast.For | ast.comprehension):
        yield from _bound_by_loop(node.target, node.iter)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.withitem):
        target = getattr(node, "target", getattr(node, "optional_vars", None))
        yield from _bound(target, None)


def _bound(target: ast.AST | None, value: ast.AST | None) -> Iterator[tuple[str, Place | None]]:
    if isinstance(target, ast.Name):
        yield target.id, None if value is None else holder(value)
    elif isinstance(target, ast.Tuple | ast.List):
        for item in target.elts:
            yield from _bound(item, value if isinstance(value, ast.Name | ast.Attribute) else None)


def _bound_by_loop(target: ast.AST, over: ast.AST) -> Iterator[tuple[str, Place | None]]:
    named = isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id
    if named == "zip" and isinstance(target, ast.Tuple) and isinstance(over, ast.Call):
        for item, value in zip(target.elts, over.args, strict=False):
            yield from _bound(item, value)
    elif named == "enumerate" and isinstance(target, ast.Tuple) and isinstance(over, ast.Call):
        yield from _bound(target.elts[1], over.args[0])
    elif isinstance(target, ast.Name):
        yield from _bound(target, over)
    elif isinstance(target, ast.Tuple):  # for key, log in logs.items()
        for item in target.elts:
            yield from _bound(item, over)
