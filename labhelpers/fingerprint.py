"""Fingerprints: what a run or a study was asked to do, so that changed choices never load old results."""

from __future__ import annotations

import functools
import hashlib
import json
import types
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn


def weights_hash(state_dicts: Iterable[dict[str, torch.Tensor]]) -> str:
    """Return a hash of the names, types and bits of all tensors in some modules' state dicts."""
    hasher = hashlib.blake2b(digest_size=8)
    for name, value in [item for state_dict in state_dicts for item in state_dict.items()]:
        tensor = value.detach().cpu().contiguous()
        hasher.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        hasher.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return hasher.hexdigest()


def describe(value: Any, depth: int = 4) -> Any:
    """Describe a choice for a fingerprint, so that a changed number, function or architecture shows.

    Functions are described by their code and by the plain values, functions, modules and data that they
    use; other objects by their `fingerprint`, if they have one, or their type.
    """
    if isinstance(value, str | int | float | bool | type(None)):
        return value
    if isinstance(value, list | tuple):
        return [describe(item, depth) for item in value]
    if isinstance(value, dict):
        return {str(key): describe(item, depth) for key, item in value.items()}
    if hasattr(value, "fingerprint"):
        return value.fingerprint
    if isinstance(value, torch.optim.Optimizer):
        return [type(value).__name__, describe(value.defaults)]
    if isinstance(value, functools.partial):
        return describe([value.func, value.args, value.keywords], depth)
    if isinstance(value, nn.Module):
        return digest([[name, _describe_module(module)] for name, module in value.named_modules()])
    if isinstance(value, types.MethodType):
        value = value.__func__
    if isinstance(value, types.FunctionType) and depth > 0:
        return f"{value.__qualname__} {digest(_describe_function(value, depth - 1))}"
    if isinstance(value, type) and value.__module__ == "__main__" and depth > 0:
        return [describe(part, depth - 1) for part in vars(value).values() if isinstance(part, types.FunctionType)]
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
        return f"{value.__module__}.{value.__qualname__}"
    return type(value).__qualname__


def _describe_module(module: nn.Module) -> list:
    plain = {k: v for k, v in vars(module).items() if isinstance(v, str | int | float | bool) and k != "training"}
    return [type(module).__qualname__, plain, describe(type(module).forward, depth=1)]


def _describe_function(function: types.FunctionType, depth: int) -> list:
    """Code, defaults, closure and the globals it names, as far as the notebook or module itself defines them."""
    code = function.__code__
    used: dict[str, Any] = {}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        used[name] = cell.cell_contents if cell != types.CellType() else None
    for name in _names(code):
        if name in function.__globals__:
            used[name] = function.__globals__[name]
    own = {
        name: describe(value, depth)
        for name, value in used.items()
        if value is not function and not isinstance(value, types.ModuleType)
    }
    return [
        _code(code),
        describe(function.__defaults__, depth),
        describe(function.__kwdefaults__, depth),
        own,
    ]


def _names(code: types.CodeType) -> set[str]:
    inner = [_names(const) for const in code.co_consts if isinstance(const, types.CodeType)]
    return set(code.co_names).union(*inner)


def _code(code: types.CodeType) -> list:
    """What a code object does, without the line numbers and file names that change from cell to cell."""
    consts = [_code(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), consts, list(code.co_names), list(code.co_varnames)]


def digest(value: Any) -> str:
    """Return a short hash of a JSON-able value."""
    return hashlib.blake2b(json.dumps(value, sort_keys=True, default=str).encode(), digest_size=8).hexdigest()


def differences(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Say in words which choices differ between two fingerprints; "" when they agree."""
    words = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        plain = isinstance(before, int | float | bool) or isinstance(after, int | float | bool)
        words.append(f"{key} changed from {before} to {after}" if plain else f"{key} changed")
    return ", ".join(words)
