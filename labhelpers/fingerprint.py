"""Fingerprints: what a run or a study was asked to do, so that changed choices never load old results."""

import dis
import functools
import hashlib
import json
import sys
import sysconfig
import types
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_MOVING = {"training", "epoch", "last_epoch", "T_cur", "T_i", "best", "num_bad_epochs", "cooldown_counter"}


def describe(value: Any, depth: int = 5) -> Any:
    """Describe a choice in plain values, so that a changed number, function, data set or architecture shows.

    Functions and classes that are the user's own are described by their code and what it uses, `depth` calls deep,
    those of installed libraries by name; objects by their `fingerprint`, if they have one, or their public
    attributes; no weights.
    """
    if isinstance(value, str | int | float | type(None)):
        return value
    if isinstance(value, list | tuple):
        return [describe(item, depth) for item in value]
    if isinstance(value, dict):
        return {str(key): describe(item, depth) for key, item in value.items()}
    if isinstance(value, Tensor | np.ndarray):
        return "parameter" if getattr(value, "requires_grad", False) else _array_hash(torch.as_tensor(value))
    if isinstance(value, functools.partial):
        return describe([value.func, value.args, value.keywords], depth)
    if isinstance(value, types.MethodType):
        return describe([value.__func__, value.__self__], depth)
    if isinstance(value, type | types.FunctionType) and depth > 0 and _is_own(value):
        return _describe_class(value, depth - 1) if isinstance(value, type) else _describe_function(value, depth - 1)
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(getattr(value, "fingerprint", None), str | list):
        return value.fingerprint
    kind = type(value).__qualname__
    if isinstance(value, torch.optim.Optimizer):
        rates = [group.get("initial_lr", group["lr"]) for group in value.param_groups]
        return {kind: describe(value.defaults), "rates": describe(rates[1:])}
    if isinstance(value, nn.Module):
        parts = [[name, type(part).__qualname__, _public(part, depth)] for name, part in value.named_modules()]
        return digest([parts, [describe(cls, depth) for cls in dict.fromkeys(map(type, value.modules()))]])
    if depth > 0 and hasattr(value, "__dict__") and not isinstance(value, types.ModuleType):
        return {kind: _public(value, depth), "class": describe(type(value), depth)}
    return str(value) if isinstance(value, np.generic | torch.dtype | torch.device | range) else kind


def _public(value: Any, depth: int) -> dict[str, Any]:
    found = {key: item for key, item in vars(value).items() if key[0] != "_" and key not in _MOVING}
    return describe(found, depth - 1)


def _is_own(value: Any) -> bool:
    """Whether a function or class comes from the notebook or a file of the user's, not from a library."""
    if value.__module__ == "__main__":
        return True
    file = getattr(sys.modules.get(value.__module__), "__file__", None)
    return bool(file) and not str(Path(file)).startswith(_LIBRARIES)


def _describe_class(cls: type, depth: int) -> dict[str, Any]:
    members = {name: item for part in reversed(cls.__mro__) if _is_own(part) for name, item in vars(part).items()}
    unwrapped = {name: getattr(item, "__func__", item) for name, item in members.items()}
    found = {k: v for k, v in unwrapped.items() if k[:2] != "__" or isinstance(v, types.FunctionType)}
    return {f"the code of {cls.__name__}": digest(describe(found, depth))}


def _describe_function(function: types.FunctionType, depth: int) -> dict[str, Any]:
    """Code, defaults, and what the closure and the globals hold under the names that the code uses."""
    code = function.__code__
    used = {name: function.__globals__[name] for name in _global_names(code) if name in function.__globals__}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        used[name] = cell.cell_contents if cell != types.CellType() else None
    own = {k: v for k, v in sorted(used.items()) if v is not function and not isinstance(v, types.ModuleType)}
    about = {"defaults": [function.__defaults__, function.__kwdefaults__], **own}
    return {f"the code of {function.__name__}": digest(_code(code)), **describe(about, depth)}


def _global_names(code: types.CodeType) -> set[str]:
    names = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return names.union(*(_global_names(const) for const in code.co_consts if isinstance(const, types.CodeType)))


def _code(value: Any) -> Any:
    """What a code object does, without line numbers, file names, and the order of sets, which change by chance."""
    if isinstance(value, types.CodeType):
        return [value.co_code.hex(), list(map(_code, value.co_consts)), value.co_names, value.co_varnames]
    return sorted(map(repr, value)) if isinstance(value, frozenset) else repr(value)


def _array_hash(tensor: Tensor) -> str:
    tensor = tensor.detach().cpu().contiguous()
    hasher = hashlib.blake2b(f"{tensor.dtype} {tuple(tensor.shape)}".encode(), digest_size=8)
    hasher.update(tensor.flatten().view(torch.uint8).numpy())
    return f"#{hasher.hexdigest()}"


def digest(value: Any) -> str:
    """Return a short hash, such as ``"#0f3a…"``, of a value that `describe` returned."""
    return f"#{hashlib.blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=8).hexdigest()}"


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Say in words, each once, which choices differ between two fingerprints."""
    words = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
            words += differences(before, after)
        elif any(isinstance(v, dict | list) or (isinstance(v, str) and v[:1] == "#") for v in (before, after)):
            words.append(f"{key} changed")
        else:
            words.append(f"{key} changed from {before} to {after}")
    return list(dict.fromkeys(words))
