"""Limits for code that may never end, fill the memory, or stop Python: a student's answer."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

MEMORY = 4 * 2**30  # bytes beyond what Python holds already
STACK = 64 * 2**20  # bytes: a thread's own is too small for deep recursion on some systems
DEEPEST = 10_000  # calls: what fits into that; beyond, Python would be ended by the system
SLICE = 0.1  # seconds: in a longer wait, Windows hears no stop button
WAYS_OUT: dict[Any, tuple[str, ...]] = {
    os: ("_exit", "abort", "kill", "killpg", "execv", "execve"),
    signal: ("raise_signal",),
}
GRACE = 1.0  # seconds in which code that is told to stop has to do so

_set_recursion_limit = sys.setrecursionlimit


class OutOfTime(BaseException):
    """Raised inside code that ran past its limit; no Exception, so that `except Exception` passes
    it on.
    """


def limited(task: Callable[[], Any], seconds: float) -> tuple[Any, BaseException | None]:
    """Return the result of `task`, or None and what it raised.

    It runs in a thread of its own, on every system and from every thread. A KeyboardInterrupt here,
    the notebook's stop button, stops it too. Code that refuses to stop is left to itself, and code
    that never gives Python's lock back, such as ``10 ** 10 ** 9``, cannot be stopped from inside.

    Raises OutOfTime when `task` takes longer than `seconds`.

    Example:
        >>> from labhelpers.exercises.limits import limited
        >>> limited(lambda: 1 / 0, seconds=5)
        (None, ZeroDivisionError('division by zero'))
    """
    thread = _Attempt(task)
    in_time = False
    try:
        _start(thread)  # the stop button may be pressed in here, too
        end = time.monotonic() + seconds
        while not in_time and time.monotonic() < end:
            in_time = thread.finished.wait(SLICE)
    finally:
        if not in_time:
            _stop(thread)
    if not in_time:
        raise OutOfTime
    return thread.result, thread.error


class _Attempt(threading.Thread):
    """A task with its result, or with what it raised: SystemExit too, and KeyboardInterrupt."""

    def __init__(self, task: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.task = task
        self.finished = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Do the task."""
        try:
            self.result = self.task()
        except BaseException as error:
            self.error = error
        self.finished.set()


def _start(thread: _Attempt) -> None:
    size = threading.stack_size(STACK)
    try:
        thread.start()
    finally:
        threading.stack_size(size)


def _stop(thread: _Attempt) -> None:
    """Raise OutOfTime inside the thread, again while a bare `except` there catches it."""
    end = time.monotonic() + GRACE
    while time.monotonic() < end:
        if thread.finished.is_set():
            return
        ident = ctypes.c_ulong(thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(OutOfTime))
        thread.finished.wait(0.05)


@contextlib.contextmanager
def limited_memory(size: int = MEMORY) -> Iterator[None]:
    """Let this process take `size` bytes more than it holds; beyond, Python raises MemoryError.

    On Linux alone: other systems have no such limit, or do not keep it.

    Example:
        >>> from labhelpers.exercises.limits import limited_memory
        >>> with limited_memory(10**9):
        ...     numbers = [0.0] * 1000
    """
    if sys.platform != "linux":
        yield
        return
    resource = importlib.import_module("resource")  # there is none on Windows
    before, most = resource.getrlimit(resource.RLIMIT_AS)
    held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = held * resource.getpagesize() + size
    if before != resource.RLIM_INFINITY:
        limit = min(limit, before)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, most))


@contextlib.contextmanager
def without_ways_out() -> Iterator[None]:
    """Have what would end Python, or wait for a person, raise an error instead.

    Example:
        >>> import os
        >>> from labhelpers.exercises.limits import without_ways_out
        >>> with without_ways_out():
        ...     os._exit(0)
        Traceback (most recent call last):
        SystemExit: 0
    """
    changed: list[tuple[Any, str, Callable]] = [
        (importlib.import_module("builtins"), "input", _nobody_to_ask),
        (sys, "breakpointhook", _nobody_to_ask),
        (sys, "setrecursionlimit", _not_deeper_than_the_stack),
    ]
    for place, names in WAYS_OUT.items():
        here = [name for name in names if hasattr(place, name)]  # Windows has fewer
        changed += [(place, name, _closed(getattr(place, name))) for name in here]
    shell = _ipython()
    if shell is not None:
        changed.append((shell, "ask_exit", _leave))  # a notebook's own exit() and quit()
    before = [(place, name, getattr(place, name)) for place, name, _ in changed]
    try:
        for place, name, value in changed:
            setattr(place, name, value)
        yield
    finally:
        for place, name, value in before:
            setattr(place, name, value)


def _leave(code: object = 0) -> None:
    raise SystemExit(code)


def _closed(way: Callable[..., Any]) -> Callable[..., Any]:
    """What raises SystemExit, but for other processes does what it always did.

    Those are processes that were forked from this one, and end by ``os._exit``, and those that this
    one ends.
    """
    here = os.getpid()

    def asked(*args: Any) -> Any:
        ends_another = way.__name__.startswith("kill") and args and args[0] not in (here, 0)
        if os.getpid() != here or ends_another:
            return way(*args)
        return _leave(*args[:1])

    return asked


def _not_deeper_than_the_stack(limit: int) -> None:
    _set_recursion_limit(min(limit, DEEPEST))


def _nobody_to_ask(*args: object, **kwargs: object) -> None:
    raise EOFError("there is nobody to ask while an answer is checked: use the arguments")


def _ipython() -> Any:
    core = sys.modules.get("IPython")
    return core.get_ipython() if core else None
