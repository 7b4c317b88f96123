"""Values in short: what a message shows of an argument or an answer."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn

LIMIT = 200  # characters of one value
NUMBERS = 8  # of a tensor
DENSE = 10**6  # numbers of a sparse tensor that is made dense to be shown
DEPTH = 4  # of containers inside containers: a list may hold itself


def brief(value: Any, limit: int = LIMIT) -> str:
    """Return `value` in at most `limit` characters, whatever it is and whatever its ``repr`` does.

    Example:
        >>> from labhelpers.exercises.showing import brief
        >>> brief([torch.ones(2, 3), 0.123456789])
        '[tensor of shape (2, 3): 1, 1, 1, 1, 1, 1, 0.123457]'
    """
    text = _safely(value, DEPTH)
    return text if len(text) <= limit else text[:limit] + " …"


def name_of_type(value: Any) -> str:
    """Return what a student calls the type of `value`: ``tensor``, ``list``, …"""
    return "tensor" if type(value) is torch.Tensor else type(value).__name__


def _safely(value: Any, depth: int) -> str:
    try:
        return _text(value, depth)
    except Exception as error:  # a student's own __repr__, or values that lie on no device
        return (
            f"a value of type {name_of_type(value)} that cannot be shown ({type(error).__name__})"
        )


@functools.singledispatch
def _text(value: Any, depth: int) -> str:
    return repr(value)


@_text.register
def _(value: str, depth: int) -> str:
    return repr(value[: LIMIT + 1])


@_text.register
def _(value: float, depth: int) -> str:
    return f"{value:.6g}" if math.isfinite(value) else repr(value)


@_text.register
def _(value: torch.Tensor, depth: int) -> str:
    kind = "" if value.is_floating_point() else str(value.dtype).removeprefix("torch.") + " "
    if value.layout is not torch.strided:
        kind = "sparse " + kind
    shape = f"{kind}tensor of shape {tuple(value.shape)}: " if value.ndim else ""
    if value.device.type == "meta":
        return f"{shape}no values, it lies on the device meta"
    if value.layout is not torch.strided:
        if value.numel() > DENSE:
            return f"{shape}too many values to be shown"
        value = value.to_dense()
    more = ", …" if value.numel() > NUMBERS else ""
    return f"{shape}{', '.join(_numbers(value))}{more}"


def _numbers(values: torch.Tensor) -> Iterator[str]:
    precise = torch.complex128 if values.is_complex() else torch.float64
    first = _first(values.detach(), NUMBERS)
    return (f"{number:.4g}" for number in first.cpu().to(precise).tolist())


def _first(values: torch.Tensor, count: int) -> torch.Tensor:
    """The first `count` numbers, without a copy of what may be larger than the memory."""
    while values.ndim > 1:
        in_a_row = math.prod(values.shape[1:])
        if in_a_row < count or not len(values):
            return values[: math.ceil(count / max(in_a_row, 1))].flatten()[:count]
        values = values[0]
    return values.flatten()[:count]


@_text.register
def _(value: nn.Module, depth: int) -> str:
    weights = (weight for parameter in value.parameters() for weight in parameter.flatten()[:3])
    shown = ", ".join(f"{weight:.4g}" for weight in itertools.islice(weights, 10))
    mode = "training" if value.training else "eval"
    return f"a {type(value).__name__} in {mode} mode with weights {shown[:30]} …"


@_text.register
def _(value: list, depth: int) -> str:
    return f"[{_items((_safely(item, depth - 1) for item in value), depth)}]"


@_text.register
def _(value: tuple, depth: int) -> str:
    return f"({_items((_safely(item, depth - 1) for item in value), depth)})"


@_text.register
def _(value: dict, depth: int) -> str:
    pairs = (
        f"{_safely(key, depth - 1)}: {_safely(item, depth - 1)}" for key, item in value.items()
    )
    return f"{{{_items(pairs, depth)}}}"


def _items(texts: Iterable[str], depth: int) -> str:
    """As many of `texts` as can be shown, with commas."""
    if depth <= 0:
        return "…"
    shown: list[str] = []
    length = 0
    for text in texts:
        shown.append(text)
        length += len(text) + 2
        if length > LIMIT:
            break  # the rest is cut off anyway: a list may be long
    return ", ".join(shown)
