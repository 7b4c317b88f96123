"""Which of the objects that a function uses it changes itself, so that they are no choices."""

import ast
import collections
import types
from collections.abc import Iterator, MutableMapping, Set
from typing import Any

import numpy as np
from torch import Tensor

from labhelpers.store import changes, code, syntax
from labhelpers.store.changes import Change
from labhelpers.store.own import is_of_user, is_own

LOGS = (list, tuple, bytearray, Set, collections.deque, MutableMapping)
_CONTENT = {"data", "grad", "flat", "loc", "iloc", "at", "iat"}  # the numbers of an array or frame


def is_module(owner: Any, attribute: str) -> bool:
    """Whether a dotted name leads to a module, as in ``torch.nn.init.zeros_``: nothing moves."""
    if not isinstance(owner, types.ModuleType):
        return False
    return not is_of_user(owner) or isinstance(getattr(owner, attribute, None), types.ModuleType)


def changed_by(
    function: types.FunctionType, known: dict[types.CodeType, set[Change]]
) -> set[Change]:
    """What a function changes, itself or by handing it to a function that changes its argument."""
    if function.__code__ in known:
        return known[function.__code__]
    known[function.__code__] = set()  # while it is being looked at: recursion ends here
    tree, used = code.tree_of(function), code.captured(function)
    found = set(changes.changed_by(tree))
    for call in syntax.calls(tree):
        helper, given = _callee(call, used)
        if isinstance(helper, types.FunctionType) and is_own(helper):
            names = helper.__code__.co_varnames[given : helper.__code__.co_argcount]
            found |= set(_handed_on(call, list(names), changed_by(helper, known)))
    known[function.__code__] = found
    return found


def _handed_on(call: ast.Call, names: list[str], their: set[Change]) -> Iterator[Change]:
    """What a call changes of its arguments: those parameters that the function changes."""
    for parameter, (name, attribute) in changes.arguments(call, names):
        for change in their:
            if change.name == parameter and change.how != "bound":
                place = change.attribute if attribute is None else attribute
                yield Change(name, place, change.how)


def _callee(call: ast.Call, used: dict[str, Any]) -> tuple[Any, int]:
    """The function that a call reaches, and how many arguments it gets without being told."""
    if isinstance(call.func, ast.Name):
        return used.get(call.func.id), 0
    if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
        return None, 0
    owner, name = used.get(call.func.value.id), call.func.attr
    if isinstance(owner, types.ModuleType):
        return getattr(owner, name, None), 0
    return getattr(type(owner), name, None), 1


def is_log(name: str, item: Any, changed: set[changes.Change]) -> bool:
    """Whether all of an object is changed by the function that uses it, so that it is no choice."""
    how = {change.how for change in changed if change.name == name and change.attribute is None}
    if isinstance(item, LOGS):
        return bool(how)
    if isinstance(item, Tensor | np.ndarray) or type(item).__module__.startswith("pandas"):
        parts = [change.attribute or "" for change in changed if change.name == name]
        in_part = any(found in _CONTENT or found.startswith("[") for found in parts)
        return in_part or bool(how - {"called"})  # table.sort() and .add(…) return another one
    return "bound" in how
