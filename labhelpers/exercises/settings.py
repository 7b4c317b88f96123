"""Settings of Python, PyTorch and NumPy that hold for a whole notebook: an answer changes none."""

from __future__ import annotations

import builtins
import contextlib
import copy
import functools
import gc
import itertools
import logging
import math
import os
import random
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from labhelpers.session import random_state, set_random_state

# Of all the modules in the world, those whose functions a student may replace in passing.
MODULES = [builtins, sys, os, math, random, copy, functools, itertools, statistics, time]
MODULES += [torch, F, nn, np]
BACKEND_FLAGS = [
    (torch.backends.cudnn, "benchmark"),
    (torch.backends.cudnn, "deterministic"),
    (torch.backends.cudnn, "enabled"),
    (torch.utils.deterministic, "fill_uninitialized_memory"),
]


@contextlib.contextmanager
def settings_kept() -> Iterator[None]:
    """Put back, after the block, each setting that it changed: what is read and written by calls.

    Default dtype, threads, deterministic algorithms, gradient and anomaly mode, print options,
    NumPy's error state, warning filters, random generators, folder, environment, import path,
    recursion limit, garbage collection, logging, and Matplotlib's style where it is loaded.

    Example:
        >>> from labhelpers.exercises.settings import settings_kept
        >>> with settings_kept():
        ...     torch.set_default_dtype(torch.float64)
        >>> torch.get_default_dtype()
        torch.float32
    """
    before = [(read, read(), write) for read, write in _SETTINGS]
    generators = random_state()
    with warnings.catch_warnings(), _plots_kept():
        try:
            yield
        finally:
            set_random_state(generators)
            for read, value, write in before:
                if read() != value:  # some are slow to write: PyTorch loads its compiler
                    write(value)


def _deterministic() -> tuple[bool, bool]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )


def _set_deterministic(value: tuple[bool, bool]) -> None:
    torch.use_deterministic_algorithms(value[0], warn_only=value[1])


def _backend_flags() -> list[Any]:
    return [getattr(place, name) for place, name in BACKEND_FLAGS]


def _set_backend_flags(values: list[Any]) -> None:
    for (place, name), value in zip(BACKEND_FLAGS, values, strict=True):
        setattr(place, name, value)


def _matmul_precision() -> str | None:
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:  # set by PyTorch's newer interface, which this one then refuses to read
        return None


def _set_matmul_precision(value: str | None) -> None:
    if value is not None:
        torch.set_float32_matmul_precision(value)


def _torch_print_options() -> dict[str, Any]:
    return vars(copy.copy(torch._tensor_str.PRINT_OPTS))


def _set_torch_print_options(value: dict[str, Any]) -> None:
    vars(torch._tensor_str.PRINT_OPTS).update(value)


def _set_environment(value: dict[str, str]) -> None:
    for name in os.environ.keys() - value.keys():
        del os.environ[name]
    for name, text in value.items():
        if os.environ.get(name) != text:
            os.environ[name] = text


def _folder() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:  # the folder has been deleted
        return None


def _set_folder(value: str | None) -> None:
    if value is not None:
        os.chdir(value)


def _set_path(value: list[str]) -> None:
    sys.path[:] = value


def _set_logging(value: tuple[int, list[logging.Handler]]) -> None:
    level, handlers = value
    logging.root.setLevel(level)
    logging.root.handlers[:] = handlers


def _set_collection(enabled: bool) -> None:
    if enabled:
        gc.enable()
    else:
        gc.disable()


@contextlib.contextmanager
def _plots_kept() -> Iterator[None]:
    plots = sys.modules.get("matplotlib")  # loading it takes longer than most answers
    with plots.rc_context() if plots else contextlib.nullcontext():
        yield


_SETTINGS: list[tuple[Callable[[], Any], Callable[[Any], Any]]] = [
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.is_grad_enabled, torch._C._set_grad_enabled),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (_deterministic, _set_deterministic),
    (_backend_flags, _set_backend_flags),
    (_matmul_precision, _set_matmul_precision),
    (_torch_print_options, _set_torch_print_options),
    (np.geterr, lambda value: np.seterr(**value)),
    (np.get_printoptions, lambda value: np.set_printoptions(**value)),
    (_folder, _set_folder),
    (lambda: dict(os.environ), _set_environment),
    (lambda: list(sys.path), _set_path),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (gc.isenabled, _set_collection),
    (gc.get_threshold, lambda value: gc.set_threshold(*value)),
    (torch.is_warn_always_enabled, torch.set_warn_always),
    (lambda: logging.root.manager.disable, logging.disable),
    (lambda: (logging.root.level, list(logging.root.handlers)), _set_logging),
]


@contextlib.contextmanager
def names_kept() -> Iterator[None]:
    """Put back, after the block, what it assigned to names of Python, PyTorch, NumPy and this
    package: ``F.relu = my_relu`` inside an answer would hold in every later cell.

    Example:
        >>> from labhelpers.exercises.settings import names_kept
        >>> with names_kept():
        ...     torch.relu = None
        >>> torch.relu(torch.tensor(-1.0))
        tensor(0.)
    """
    packages = [sys.modules[name] for name in list(sys.modules) if name.startswith("labhelpers")]
    names = [(vars(module), dict(vars(module))) for module in [*MODULES, *packages]]
    names.append((sys.modules, dict(sys.modules)))
    classes = [(kind, dict(vars(kind))) for kind in (torch.Tensor, nn.Module)]
    # Names of its own: those of this module are among what the block may have changed.
    restore, put, remove = _restore, setattr, delattr
    try:
        yield
    finally:
        for now, before in names:
            restore(now, before)
        for kind, methods in classes:
            for name in [name for name in vars(kind) if name not in methods]:
                remove(kind, name)
            for name, method in methods.items():
                if vars(kind).get(name) is not method:
                    put(kind, name, method)


def _restore(now: dict[str, Any], before: dict[str, Any]) -> None:
    """Undo assignments and deletions; a name that is new was loaded on first use, and stays."""
    for name, value in before.items():
        if name not in now or now[name] is not value:
            now[name] = value
