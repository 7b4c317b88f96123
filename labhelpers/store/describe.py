"""`describe`: what a run or a study was asked to do, in plain values, so that a change shows."""

import collections
import enum
import functools
import numbers
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import nn

from labhelpers.store.own import is_own

ERA = 1  # raise it when the package's own training gives other numbers: stored results end with it
ALWAYS_CALLED = {"__call__", "__iter__", "__next__", "__len__", "__getitem__", "forward"}


@dataclass
class Context:
    """What one call of `describe` has learned so far."""

    active: dict[int, int] = field(default_factory=dict)  # id → depth, of what is being described
    known: dict[int, Any] = field(default_factory=dict)  # id → description
    alive: list[Any] = field(default_factory=list)  # keeps the ids valid
    called: set[str] = field(default_factory=lambda: set(ALWAYS_CALLED))  # names after a dot
    moving: set[tuple[int, str]] = field(default_factory=set)  # id of an object or class, attribute
    parameters: dict[int, str] = field(default_factory=dict)  # id → its name in a module
    idle: set[int] = field(default_factory=set)  # ids of methods that nothing described calls
    set_by_hand: set[str] = field(default_factory=set)  # optimizers' settings that a step sets
    trained: set[int] | None = None  # ids of the weights in `state`; None: no weights are hashed

    @property
    def size(self) -> int:
        """Grows with whatever is learned."""
        found = len(self.called) + len(self.moving)
        return found + len(self.parameters) + len(self.set_by_hand)

    def is_moving(self, owner: Any, name: str) -> bool:
        """Whether the described code itself changes this attribute: then it is no choice."""
        owners = [owner, *(owner if isinstance(owner, type) else type(owner)).__mro__]
        return any((id(item), name) in self.moving for item in owners)


def describe(value: Any, trained: Any = None, met: list[Any] | None = None) -> Any:
    """Describe a choice in plain values, so that a changed number, function or data set shows.

    Functions and classes of the user's own are described by their source as a syntax tree, and by
    all that it uses: globals, closures, attributes of modules, imports inside, however deep. What
    they change themselves (logs, counters, caches) does not count, nor do comments and docstrings.
    Functions of installed libraries are described by name; models by their architecture, settings
    and hooks, not their weights; optimizers and schedules by what they were set to, not by how far
    they have come. An object with a `fingerprint`, a word or a list, is described by that.

    What a function reads from a file or from the environment cannot be seen: hand it over as a
    choice.

    A list and a tuple of the same values are one choice; 1, 1.0 and True are three.

    Args:
        value: what was chosen.
        trained: the objects whose weights are hashed elsewhere, such as a run's `state`. With it,
            weights of frozen models and of losses that `value` uses count: a teacher, a judge.
        met: a list that takes all objects that were described on the way.

    Example:
        >>> from labhelpers.store.fingerprint import describe
        >>> describe({"lr": 0.1, "kinds": {"b", "a"}})
        {'lr': 0.1, 'kinds': ['set', 'a', 'b']}
    """
    context = Context(trained=None if trained is None else _weights(trained))
    before = -1
    while before != context.size:  # what is learned late counts from the start
        before = context.size
        context.known.clear()
        context.alive.clear()
        found = part(value, context)
    if met is not None:
        met += context.alive
    return found


def _weights(trained: Any) -> set[int]:
    """The ids of all parameters and buffers in some objects, and in what those hold."""
    found: set[int] = set()
    todo, seen = [trained], set()
    while todo:
        item = todo.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, nn.Module):
            found.update(map(id, [*item.parameters(), *item.buffers()]))
        elif isinstance(item, Mapping):
            todo += item.values()
        elif isinstance(item, list | tuple):
            todo += item
        elif is_own(type(item)):  # such as an average of weights, with its copy of the model
            todo += getattr(item, "__dict__", {}).values()
    return found


def part(value: Any, context: Context) -> Any:
    """Describe a value once; where it contains itself, say so."""
    if value is None or type(value) in (str, int, bool):
        return value
    if id(value) in context.known:
        return context.known[id(value)]
    if id(value) in context.active:
        return f"itself, {len(context.active) - context.active[id(value)]} levels up"
    context.active[id(value)] = len(context.active)
    try:
        found = plain(value, context)
        if isinstance(value, _KINDS) and is_own(type(value)) and not isinstance(value, enum.Enum):
            found = [found, part(type(value), context), _attributes(value, context)]
    finally:
        del context.active[id(value)]
    context.known[id(value)] = found
    context.alive.append(value)
    return found


# Where a class of the user's own may stand behind a plain value: its methods count, too
_KINDS = (str, bytes, numbers.Number, list, tuple, Set, Mapping, collections.deque, np.ndarray)


def _attributes(value: Any, context: Context) -> Any:
    held = getattr(value, "__dict__", {})
    return {k: part(item, context) for k, item in held.items() if not context.is_moving(value, k)}


@functools.singledispatch
def plain(value: Any, context: Context) -> Any:
    """Describe a value by the rule for its type: see the other files of this room."""
    raise TypeError(f"there is no rule for {value!r}")
