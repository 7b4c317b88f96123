"""Whether two results agree, and in which way they differ."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from labhelpers.exercises.showing import name_of_type
from labhelpers.store.fingerprint import describe

RTOL, ATOL = 1e-4, 1e-7  # one tolerance for all exercises
HIDDEN = "they differ in what is not shown here: further values, type, or structure"


def same(mine: Any, right: Any) -> bool:
    """Tell whether the result `mine` agrees with `right`.

    Numbers agree to a relative 1e-4, NaN with NaN; containers and models part by part; everything
    else when it is of one type and equal. What cannot be compared at all does not agree.

    Example:
        >>> from labhelpers.exercises.sameness import same
        >>> same([torch.tensor(1.0), 2.00001], [1.0, 2.0]), same(1 + 0j, 1.0)
        (True, False)
    """
    try:
        return _agree(_plain(right), _plain(mine))
    except Exception:  # a student's own __eq__, a tensor without values: this is no right answer
        return False


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


@functools.singledispatch
def _agree(right: Any, mine: Any) -> bool:
    return type(mine) is type(right) and bool(mine == right)


@_agree.register
def _(right: BaseException, mine: Any) -> bool:
    return type(mine) is type(right)


@_agree.register(torch.Tensor)
@_agree.register(int)
@_agree.register(float)
@_agree.register(complex)
def _(right: Any, mine: Any) -> bool:
    if not _is_number(mine) or _cut_off(mine, right) or _shape(mine) != _shape(right):
        return False
    if any(kind(mine) != kind(right) for kind in (_is_boolean, _is_whole, _is_complex)):
        return False
    return bool(_close(mine, right).all())


@_agree.register
def _(right: np.ndarray, mine: Any) -> bool:
    if not isinstance(mine, np.ndarray) or mine.dtype.kind != right.dtype.kind:
        return False
    if mine.shape != right.shape:
        return False
    if right.dtype.kind in "fc":
        return np.allclose(mine, right, rtol=RTOL, atol=ATOL, equal_nan=True)
    return np.array_equal(mine, right)


@_agree.register
def _(right: nn.Module, mine: Any) -> bool:
    if not isinstance(mine, nn.Module) or describe(mine) != describe(right):
        return False
    return same(dict(mine.state_dict()), dict(right.state_dict()))


@_agree.register
def _(right: dict, mine: Any) -> bool:
    if not isinstance(mine, dict) or mine.keys() != right.keys():
        return False
    return all(same(mine[key], right[key]) for key in right)


@_agree.register(list)
@_agree.register(tuple)
def _(right: Any, mine: Any) -> bool:
    if not isinstance(mine, list | tuple) or len(mine) != len(right):
        return False
    return all(map(same, mine, right))


def difference(mine: Any, right: Any) -> str:
    """Say in which way a wrong result differs, as far as that can be told; ``""`` when it cannot.

    Example:
        >>> from labhelpers.exercises.sameness import difference
        >>> difference((n for n in [1, 2]), [1, 2])
        'this is a generator: write `return` instead of `yield`, or put list(…) around it'
    """
    try:
        mine, right = _plain(mine), _plain(right)
        return _unfinished(mine, right) or _other_kind(mine, right) or _first_place(mine, right)
    except Exception:  # such as a tensor without values: the two are shown all the same
        return ""


def _unfinished(mine: Any, right: Any) -> str:
    """What is no value yet: something to be run through, called or awaited."""
    if type(mine) is type(right):
        return ""
    if inspect.iscoroutine(mine):
        mine.close()  # or Python warns, later and elsewhere, that nobody waited for it
        return "this is a coroutine: write `def` instead of `async def`"
    if inspect.isgenerator(mine):
        return "this is a generator: write `return` instead of `yield`, or put list(…) around it"
    if isinstance(mine, Iterator):
        return f"this is a {name_of_type(mine)}, not run through yet: put list(…) around it"
    if inspect.isroutine(mine) or inspect.isclass(mine):
        return "this is a function, not its result: call it, with brackets"
    return ""


def _other_kind(mine: Any, right: Any) -> str:
    if not (_is_number(mine) and _is_number(right)):
        both_rows = isinstance(mine, list | tuple) and isinstance(right, list | tuple)
        if type(mine) is type(right) or both_rows or mine is None or right is None:
            return ""
        return f"yours is of type {name_of_type(mine)}, expected {name_of_type(right)}"
    if _is_complex(mine) and not _is_complex(right):
        return "yours is complex, expected real numbers"
    if _shape(mine) != _shape(right):
        return f"yours has shape {_shape(mine)}, expected {_shape(right)}"
    if _is_whole(mine) != _is_whole(right) or _is_boolean(mine) != _is_boolean(right):
        return f"yours holds {_numbers_of(mine)}, expected {_numbers_of(right)}"
    if _cut_off(mine, right):
        return "yours is cut off from the graph: no .item(), .detach() or no_grad() on its way"
    return ""


def _first_place(mine: Any, right: Any) -> str:
    both = isinstance(mine, torch.Tensor) and isinstance(right, torch.Tensor)
    if not both or mine.shape != right.shape or not mine.ndim:
        return ""
    places = (~_close(mine, right)).nonzero()
    if not len(places):
        return ""
    place = tuple(places[0].tolist())
    numbers = (_precise(values)[place].item() for values in (mine, right))
    return "first difference at {}: {:.4g}, expected {:.4g}".format(list(place), *numbers)


def _is_number(value: Any) -> bool:
    return isinstance(value, torch.Tensor | int | float | complex)


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, torch.Tensor) else ()


def _is_boolean(value: Any) -> bool:
    """Tell whether `value` is one truth value; a tensor of several may also be counted with."""
    if isinstance(value, torch.Tensor):
        return not value.ndim and value.dtype == torch.bool
    return isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    """Tell whether `value` is a tensor of several whole numbers: images (uint8), masks."""
    if not isinstance(value, torch.Tensor) or not value.ndim:
        return False
    return not value.is_floating_point() and not value.is_complex()


def _is_complex(value: Any) -> bool:
    return value.is_complex() if isinstance(value, torch.Tensor) else isinstance(value, complex)


def _numbers_of(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return str(value.dtype).removeprefix("torch.")
    return type(value).__name__


def _cut_off(mine: Any, right: Any) -> bool:
    """Tell whether a gradient flows from `right`, but not from `mine`."""
    return getattr(right, "requires_grad", False) and not getattr(mine, "requires_grad", False)


def _close(mine: Any, right: Any) -> torch.Tensor:
    return torch.isclose(_precise(mine), _precise(right), rtol=RTOL, atol=ATOL, equal_nan=True)


def _precise(value: Any) -> torch.Tensor:
    """Numbers of any kind and place as a dense tensor on the CPU, in double precision."""
    precise = torch.complex128 if _is_complex(value) else torch.float64
    if not isinstance(value, torch.Tensor):
        return torch.tensor(value, dtype=precise)
    value = value.detach()
    if value.is_quantized:
        value = value.dequantize()
    if value.layout is not torch.strided:
        value = value.to_dense()
    return value.cpu().to(precise)
