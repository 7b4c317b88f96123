"""Functions, methods and modules, for `describe`."""

import functools
import importlib
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from labhelpers.store import changes, code, moves, syntax
from labhelpers.store.describe import ERA, Context, part, plain
from labhelpers.store.own import is_of_user, is_own, is_own_module


@plain.register(functools.partial)
def _(value: Any, context: Context) -> Any:
    return ["partial", *(part(item, context) for item in (value.func, value.args, value.keywords))]


@plain.register(property)
def _(value: Any, context: Context) -> Any:
    deleter = [part(value.fdel, context)] if value.fdel else []
    return ["property", part(value.fget, context), part(value.fset, context), *deleter]


@plain.register(staticmethod)
@plain.register(classmethod)
@plain.register(functools.cached_property)
def _(value: Any, context: Context) -> Any:
    inside = value.func if isinstance(value, functools.cached_property) else value.__func__
    return [type(value).__name__, part(inside, context)]


@plain.register(types.MethodType)
def _(value: Any, context: Context) -> Any:
    return ["method", part(value.__func__, context), part(value.__self__, context)]


@plain.register(types.ModuleType)
def _(value: types.ModuleType, context: Context) -> Any:
    """A module that is handed on as a whole: one of the user's own by all that it holds."""
    name = f"module {value.__name__}"
    if not is_of_user(value):
        return name
    held = {key: part(item, context) for key, item in vars(value).items() if key[:2] != "__"}
    return {name: {k: v for k, v in held.items() if not context.is_moving(value, k)}}


@plain.register(types.BuiltinFunctionType)
@plain.register(types.MethodDescriptorType)
@plain.register(np.ufunc)
def _(value: Any, context: Context) -> Any:
    owner = getattr(value, "__self__", None)
    name = f"{getattr(value, '__module__', None)}.{value.__name__}"
    if isinstance(value, np.ufunc) and "vectorized" in value.__name__:
        fix = "use np.vectorize, or the function itself"
        raise TypeError(f"{value.__name__}, made by np.frompyfunc, hides its function: {fix}")
    if owner is None or isinstance(owner, types.ModuleType | type):
        return name
    if changes.is_changer(value.__name__) and isinstance(owner, moves.LOGS):
        return [name, "what it changes"]  # add = log.append
    return [name, part(owner, context)]  # such as table.get


@plain.register(types.FunctionType)
def _(value: Any, context: Context) -> Any:
    name = f"{value.__module__}.{value.__qualname__}"
    compiled = getattr(value, "_torchdynamo_orig_callable", None)
    if compiled is not None:
        return ["compiled", part(compiled, context)]
    if is_own(value):
        return _function(value, context)
    if value.__module__.partition(".")[0] == "labhelpers":
        return [name, ERA]
    inside = code.captured(value) if value.__closure__ else {}
    closed = {key: inside[key] for key in value.__code__.co_freevars}
    return [name, part(closed, context)] if closed else name


def _function(function: types.FunctionType, context: Context) -> dict[str, Any]:
    """What an own function says, and what stands behind the names that it uses."""
    tree = code.tree_of(function)
    if id(function) not in context.idle:
        context.called |= syntax.attributes(tree) | code.global_names(function.__code__)
    context.set_by_hand |= changes.group_settings(tree)
    used = code.captured(function)
    changed = moves.changed_by(function, {})
    logs = {name for name, item in used.items() if moves.is_log(name, item, changed)}
    for name, attribute, _ in changed:
        if name in used and attribute is not None and not moves.is_module(used[name], attribute):
            context.moving.add((id(used[name]), attribute))
    found = {
        name: part(item, context)
        for name, item in used.items()
        if item is not function and name not in logs and not _is_only_named(name, item, tree)
    }
    found |= dict(_through_modules(tree, used, context))
    found |= dict(_imported(function, tree, context))
    marks = {
        name: part(item, context)
        for name, item in vars(function).items()
        if name != "__wrapped__" and not context.is_moving(function, name)
    }
    return {
        f"the code of {function.__name__}": code.said(function),
        "defaults": _defaults(function, changed, context),
        **({"marks": marks} if marks else {}),
        **found,
    }


def _defaults(function: types.FunctionType, changed: set[changes.Change], context: Context) -> Any:
    """The values of defaults, less those that the function itself changes: a cache."""
    kept = {change.name for change in changed if change.attribute is None}
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    values: list[Any] | None = None
    if function.__defaults__ is not None:
        last = names[len(names) - len(function.__defaults__) :]
        pairs = zip(last, function.__defaults__, strict=True)
        values = [None if name in kept else value for name, value in pairs]
    words = function.__kwdefaults__
    if words is not None:
        words = {name: None if name in kept else value for name, value in words.items()}
    return part([values, words], context)


def _is_only_named(name: str, item: Any, tree: Any) -> bool:
    """Whether a module is only a way to its attributes, as `np` in ``np.pi``."""
    if not isinstance(item, types.ModuleType):
        return False
    return not is_of_user(item) or not syntax.is_handed_on(tree, name)


def _through_modules(tree: Any, used: dict, context: Context) -> Iterator[tuple[str, Any]]:
    """What a function reaches through the modules that it names, as in ``settings.rate``."""
    for first, *rest in syntax.chains(tree):
        if isinstance(used.get(first), types.ModuleType):
            yield from _from_module(used[first], [first], rest, context)


def _from_module(
    module: types.ModuleType, seen: list[str], rest: list[str], context: Context
) -> Iterator[tuple[str, Any]]:
    """What lies at the end of a dotted name that begins with a module."""
    item: Any = module
    while isinstance(item, types.ModuleType) and rest:
        name, *rest = rest
        if context.is_moving(item, name):
            return
        seen = [*seen, name]
        item = getattr(item, name, None)
    if not isinstance(item, types.ModuleType):
        yield ".".join(seen), part(item, context)


def _imported(
    function: types.FunctionType, tree: Any, context: Context
) -> Iterator[tuple[str, Any]]:
    """What a function imports inside: the user's own by content, libraries by name."""
    package = function.__globals__.get("__package__") or ""
    for name, wanted, given in syntax.imports(tree, package):
        if not is_own_module(name):
            continue
        found = importlib.import_module(name)
        if wanted is not None:
            item = getattr(found, wanted, None)
            if item is None and is_own_module(f"{name}.{wanted}"):  # a module of the package
                item = importlib.import_module(f"{name}.{wanted}")
            yield f"import {name}.{wanted}", part(item, context)
            continue
        top = given.partition(".")[0]  # import package.module binds the package
        start = found if top == given else importlib.import_module(top)
        for first, *rest in syntax.chains(tree):
            if first == top:
                yield from _from_module(start, [f"import {top}"], rest, context)
