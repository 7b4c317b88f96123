"""Objects of classes without a rule of their own, for `describe`."""

import argparse
import functools
import types
import weakref
from typing import Any

import numpy as np
import torch

from labhelpers.store.describe import Context, part, plain
from labhelpers.store.own import is_own

_REPORTERS = {"_csv", "_io", "csv", "io", "logging", "queue", "rich", "tqdm", "wandb"}


@plain.register(object)
def _(value: Any, context: Context) -> Any:
    """Describe what has no rule of its own: an object, by its class and its attributes."""
    cls = type(value)
    told = getattr(value, "fingerprint", None)
    if isinstance(told, str | list):
        return told
    if isinstance(value, functools._lru_cache_wrapper):  # what is cached does not count
        return part(value.__wrapped__, context)
    state = _state(value)
    if not is_own(cls):
        if _is_reporter(cls):
            return f"{cls.__module__}.{cls.__qualname__}"
        if not isinstance(value, types.SimpleNamespace | argparse.Namespace):
            moves = ("training", "epoch")
            state = {k: item for k, item in state.items() if k[0] != "_" and k not in moves}
        if not state and cls.__module__.startswith("torch."):
            state = _state(value)
        # All that there is lies behind underscores, or in C: a data frame, a fraction
        if not state:
            return _by_content(value)
        if hasattr(cls, "__array_interface__"):  # a picture
            state["as an array"] = np.asarray(value)
    found = {
        key: part(item, context) for key, item in state.items() if not context.is_moving(value, key)
    }
    return {cls.__qualname__: found, "class": part(cls, context)}


def _state(value: Any) -> dict[str, Any]:
    """The attributes of an object, slots included, less what `cached_property` keeps there."""
    state = dict(getattr(value, "__dict__", {}))
    for base in type(value).__mro__:
        slots = vars(base).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            hidden = slot.startswith("__") and not slot.endswith("__")
            name = f"_{base.__name__.lstrip('_')}{slot}" if hidden else slot
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                state[name] = getattr(value, name)
        for name, member in vars(base).items():
            if isinstance(member, functools.cached_property):
                state.pop(name, None)
    return state


def _is_reporter(cls: type) -> bool:
    """Whether objects of a class only tell what happens: progress bars, loggers, event files."""
    top = cls.__module__.partition(".")[0]
    return top in _REPORTERS or cls.__module__.startswith(
        ("torch.utils.tensorboard", "tensorboard")
    )


@plain.register(torch.distributions.Distribution)
def _(value: Any, context: Context) -> Any:
    """A distribution: by its parameters, less what it computes from them when it is first asked."""
    lazy = torch.distributions.utils.lazy_property
    found = {
        name: part(item, context)
        for name, item in _state(value).items()
        if not isinstance(getattr(type(value), name, None), lazy)
    }
    return {type(value).__qualname__: found, "class": part(type(value), context)}


@plain.register(weakref.ReferenceType)
def _(value: Any, context: Context) -> Any:
    return ["weakref", part(value(), context)]


def _by_content(value: Any) -> Any:
    """An object without attributes: by its pickle, unless it is one that moves or has none."""
    import joblib

    name = f"{type(value).__module__}.{type(value).__qualname__}"
    if name.startswith("pandas."):  # less what was noted about it, and where its columns lie
        value = value.copy()
        if hasattr(value, "attrs"):
            value.attrs = {}
    if "random" in name.lower() or "generator" in name.lower() or hasattr(value, "__next__"):
        return name
    try:
        return [name, f"#{joblib.hash(value)}"]
    except Exception:  # locks, files, sockets: joblib and pickle raise what they like
        return name
