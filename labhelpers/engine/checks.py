"""At the door of `train`: what would end in an error from the depth, or in a resume that is not
exact.
"""

import ast
import random
import types
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

from labhelpers.store import code
from labhelpers.store.own import is_own


class Batched(Protocol):
    """What can be iterated again and again, and says how many batches it has."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator: ...


_CHANGING = (torch.optim.Optimizer, LRScheduler, torch.Generator, torch.amp.GradScaler)
_RANDOM = (np.random.Generator, np.random.RandomState, random.Random)


def require_batches(batches: Any) -> None:
    """Raise unless `batches` can be iterated again, in an order that a resume can repeat."""
    fix = "use Split.batches, a DataLoader or a list with a batch in it"
    if not hasattr(batches, "__len__") or not hasattr(batches, "__iter__"):
        raise ValueError(f"{batches!r} gives no batches: {fix}")
    if len(batches) == 0:
        raise ValueError(f"{batches!r} gives no batches, it is empty: {fix}")
    if hasattr(batches, "load_state_dict"):
        raise ValueError(
            f"{type(batches).__name__} keeps its own position, which a resume would skip twice: "
            "use a plain DataLoader"
        )


def require_state(state: dict[str, Any]) -> None:
    """Raise unless each object in `state` can be saved and restored."""
    if not isinstance(state, dict) or not state:
        raise TypeError(
            f'state={state!r} is not allowed: give the objects by name, {{"model": model}}'
        )
    for name, item in state.items():
        if isinstance(item, type):
            raise TypeError(
                f"state[{name!r}] is the class {item.__name__}: build it, {item.__name__}(…)"
            )
        if isinstance(item, torch.Generator):
            continue
        if not hasattr(item, "state_dict") or not hasattr(item, "load_state_dict"):
            kind = type(item).__name__
            fix = "use modules, optimizers, schedules, a torch.Generator, or a class that has it"
            raise TypeError(f"state[{name!r}] is a {kind}, which has no state_dict to save: {fix}")


def require_everything(step: Any, evaluate: Any, batches: Any, state: dict[str, Any]) -> None:
    """Raise for an object that the steps change or draw from, and that `state` lacks.

    A resume would begin it anew: an optimizer would lose its moments, a generator repeat its draws.
    """
    kept = set(map(id, state.values()))
    for item in state.values():
        if isinstance(item, nn.Module):
            kept.update(map(id, item.modules()))
    places = [("step", step), ("evaluate", evaluate), ("batches", _order_of(batches))]
    for place, start in places:
        for name, item in _reached(start):
            if isinstance(item, _RANDOM):
                raise TypeError(
                    f"{place} draws from {name}, a {type(item).__module__}.{type(item).__name__} "
                    "whose "
                    "state cannot be kept: use a torch.Generator and put it into state"
                )
            if id(item) not in kept and _changes(item):
                raise TypeError(
                    f"{place} uses {name}, a {type(item).__name__} that state lacks, so a resume "
                    "would "
                    f'begin it anew: add it, state={{…, "{name.rpartition(".")[2]}": {name}}}'
                )


def _changes(item: Any) -> bool:
    if isinstance(item, nn.Module):
        return any(weight.requires_grad for weight in item.parameters())
    return isinstance(item, _CHANGING)


def _order_of(batches: Any) -> list[Any]:
    """What decides the order of a loader's batches."""
    names = ("generator", "sampler", "batch_sampler")
    return [item for name in names if (item := getattr(batches, name, None)) is not None]


def _reached(start: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a function, or an object, holds on to, by name: through own functions and
    containers.
    """
    todo: list[tuple[str, Any]] = [("", start)]
    seen: set[int] = set()
    while todo:
        name, item = todo.pop()
        if id(item) in seen or item is None:
            continue
        seen.add(id(item))
        if name:
            yield name, item
        if not isinstance(item, (nn.Module, *_CHANGING, *_RANDOM)):
            todo += [(f"{name}.{inner}".lstrip("."), part) for inner, part in _inside(item)]


def _inside(item: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(item, types.MethodType):
        return [("", item.__func__), ("self", item.__self__)]
    if isinstance(item, types.FunctionType):
        return code.captured(item).items() if is_own(item) else ()
    if isinstance(item, dict):
        return [(str(key), part) for key, part in list(item.items())[:100]]
    if isinstance(item, list | tuple):
        return [(str(place), part) for place, part in enumerate(item[:100])]
    if isinstance(item, type | types.ModuleType | torch.Tensor):
        return ()
    own = is_own(type(item)) or isinstance(item, torch.utils.data.Sampler)
    return vars(item).items() if own and hasattr(item, "__dict__") else ()


def accumulates(step: Any) -> bool:
    """Whether a step may leave gradients to the next one: unless it clears them every time."""
    function = getattr(step, "__func__", step)
    tree = code.tree_of(function) if isinstance(function, types.FunctionType) else None
    if tree is None or not hasattr(tree, "body") or isinstance(tree, ast.Lambda):
        return True
    return not any(_clears(statement) for statement in tree.body)


def _clears(statement: ast.stmt) -> bool:
    """Whether a statement clears gradients, and is not inside a condition."""
    if isinstance(statement, ast.If | ast.While | ast.Try):
        return False
    if isinstance(statement, ast.For | ast.With):
        return any(_clears(inner) for inner in statement.body)
    for node in ast.walk(statement):
        if isinstance(node, ast.IfExp | ast.BoolOp):
            return False
        if isinstance(node, ast.Attribute) and (
            node.attr == "zero_grad" or (node.attr == "grad" and isinstance(node.ctx, ast.Store))
        ):
            return True
    return False
