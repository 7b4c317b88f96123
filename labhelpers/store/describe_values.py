"""Numbers, words, containers, arrays and tensors, for `describe`."""

import collections
import enum
import math
import numbers
import os
import pathlib
import random
import types
from collections.abc import Mapping, Set, ValuesView
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from labhelpers.store import code
from labhelpers.store.describe import Context, part, plain
from labhelpers.store.tensors import tensor_digest


@plain.register(str)
@plain.register(numbers.Integral)
def _(value: Any, context: Context) -> Any:
    if isinstance(value, enum.Enum):
        return _member(value, context)
    return str(value) if isinstance(value, str) else int(value)


@plain.register(float)
@plain.register(np.floating)
def _(value: Any, context: Context) -> Any:
    number = float(value)
    told = number if math.isfinite(number) else repr(number)
    exact = isinstance(value, float) or value.dtype == np.float64
    return told if exact else [str(value.dtype), told]


@plain.register(np.bool_)
def _(value: Any, context: Context) -> bool:
    return bool(value)


@plain.register(list)
@plain.register(tuple)
def _(value: Any, context: Context) -> Any:
    names = getattr(type(value), "_fields", None) or [f"[{place}]" for place in range(len(value))]
    parts = [
        "what moves" if context.is_moving(value, name) else part(item, context)
        for name, item in zip(names, value, strict=True)
    ]
    own = type(value) not in (list, tuple, torch.Size)
    return [type(value).__qualname__, *parts] if own else parts


@plain.register(ValuesView)
def _(value: Any, context: Context) -> Any:
    return ["values", [part(item, context) for item in value]]


@plain.register(collections.deque)
def _(value: Any, context: Context) -> Any:
    return ["deque", value.maxlen, [part(item, context) for item in value]]


@plain.register(Set)
def _(value: Any, context: Context) -> Any:
    return ["set", *sorted((part(item, context) for item in value), key=_order)]


@plain.register(Mapping)
def _(value: Any, context: Context) -> Any:
    items = {k: item for k, item in value.items() if not context.is_moving(value, f"[{k!r}]")}
    if all(type(key) is str for key in value):
        found = {key: part(item, context) for key, item in items.items()}
    else:
        pairs = [[part(key, context), part(item, context)] for key, item in items.items()]
        found = {"pairs": sorted(pairs, key=_order)}
    factory = getattr(value, "default_factory", None)
    return {"default": part(factory, context), "items": found} if factory else found


@plain.register(type(os.environ))
def _environment(value: Any, context: Context) -> Any:
    """By name: it differs from one shell and machine to the next."""
    return "os.environ"


@plain.register(bytes)
@plain.register(bytearray)
@plain.register(memoryview)
def _(value: Any, context: Context) -> Any:
    return ["bytes", code.short(bytes(value).hex())]


@plain.register(pathlib.PurePath)
@plain.register(range)
@plain.register(slice)
@plain.register(complex)
@plain.register(np.dtype)
@plain.register(torch.dtype)
@plain.register(torch.device)
@plain.register(types.EllipsisType)
@plain.register(types.GenericAlias)
@plain.register(types.UnionType)
@plain.register(np.datetime64)
@plain.register(np.timedelta64)
def _(value: Any, context: Context) -> Any:
    return [type(value).__name__.removeprefix("Posix").removeprefix("Windows"), str(value)]


@plain.register(enum.Enum)
def _member(value: Any, context: Context) -> Any:
    """A member of an enumeration: by its name, its value and the methods of its class."""
    content, cls = part(value._value_, context), part(type(value), context)
    return [type(value).__qualname__, value.name, content, cls]


@plain.register(np.ndarray)
def _(value: Any, context: Context) -> Any:
    if isinstance(value, np.ma.MaskedArray):
        return ["masked", _by_joblib(value.filled()), _by_joblib(np.ma.getmaskarray(value))]
    return _by_joblib(np.asanyarray(value, order="C"))


@plain.register(np.random.Generator)
def _(value: Any, context: Context) -> Any:
    """A generator: by its seed, not by how far it has come; one without a seed has a random one."""
    seed = getattr(value.bit_generator.seed_seq, "entropy", None)
    given = not isinstance(seed, int) or seed.bit_length() <= 64
    return ["generator", part(seed, context) if given else "unseeded"]


@plain.register(Tensor)
def _(value: Any, context: Context) -> Any:
    if value.requires_grad or isinstance(value, nn.Parameter):  # learned: hashed as initial weights
        frozen = not value.requires_grad and context.trained is not None
        hashed_elsewhere = id(value) in (context.trained or ())
        content = [tensor_digest(value)] if frozen and not hashed_elsewhere else []
        return ["parameter", list(value.shape), str(value.dtype), value.requires_grad, *content]
    if value.is_meta:
        return ["meta", list(value.shape), str(value.dtype)]
    if value.is_sparse or value.layout is not torch.strided:
        return ["sparse", list(value.shape), part(value.to_dense(), context)]
    return tensor_digest(value.resolve_conj().resolve_neg())


@plain.register(torch.Generator)
def _(value: Any, context: Context) -> Any:
    return ["generator", value.initial_seed()]  # not how far it has come


@plain.register(random.Random)
@plain.register(np.random.RandomState)
def _(value: Any, context: Context) -> Any:
    return ["generator", type(value).__qualname__]  # their seed cannot be known


def _by_joblib(value: Any) -> Any:
    import joblib

    return [type(value).__qualname__, f"#{joblib.hash(value)}"]


def _order(found: Any) -> str:
    return code.short(found) if not isinstance(found, str) else found
