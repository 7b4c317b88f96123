"""The process that runs what was handed in, and the mark of one answer."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import linecache
import multiprocessing
import os
import signal
import sys
import types
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from labhelpers.classroom.handed_in import Answer
from labhelpers.exercises.grading import grade, labs
from labhelpers.exercises.limits import (
    OutOfTime,
    limited,
    limited_memory,
    without_ways_out,
)
from labhelpers.exercises.messages import words
from labhelpers.exercises.settings import settings_kept

MARGIN = 10.0  # seconds for what is ours: loading the exercise, the solution, known mistakes
START = 120.0  # seconds in which a process has to be there: PyTorch is loaded from a slow disk
ERROR = 200  # characters of an error

# Linux: a server that has loaded PyTorch forks a process in milliseconds, one for each exercise.
# Elsewhere a process takes seconds to start: one for each notebook, replaced when it hangs or dies.
FORKS = sys.platform == "linux"
_CONTEXT: Any = multiprocessing.get_context("forkserver" if FORKS else "spawn")
if FORKS:
    _CONTEXT.set_forkserver_preload([f"labhelpers.exercises.lab{lab}" for lab in labs()])


class Marker:
    """A process for the answers of one notebook; use it in a ``with`` block.

    Args:
        folder: where it runs, and may write.
        seconds: for an answer's definitions, and again for its results.
        memory: in bytes, beyond what Python and PyTorch take; kept on Linux alone.
    """

    def __init__(self, folder: Path, seconds: float, memory: int) -> None:
        self.folder, self.seconds, self.memory = folder, seconds, memory
        self.process: Any = None
        self.connection: Any = None

    def __enter__(self) -> Marker:
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def mark(self, answer: Answer) -> str:
        """Return the mark of `answer`: "right", "known mistake: …", "wrong", "error: …", …"""
        if answer.mark:
            return answer.mark
        try:
            mark = self._ask(answer)
        except (EOFError, OSError):
            self.process.join(5)
            mark = f"error: it ended Python (exit status {self.process.exitcode})"
        if FORKS or mark == "timed out" or not self._is_sound():
            self._end()
        return mark

    def _ask(self, answer: Answer) -> str:
        self._start()
        parts = [(part.cell, part.source, part.index) for part in answer.parts]
        self.connection.send((answer.name, parts))
        if not self.connection.poll(2 * self.seconds + MARGIN):
            return "timed out"
        return self.connection.recv_bytes().decode("utf-8", "replace")  # text, and no pickle

    def _start(self) -> None:
        if self._is_sound():
            return
        self.connection, theirs = _CONTEXT.Pipe()
        arguments = (theirs, str(self.folder), self.seconds, self.memory)
        self.process = _CONTEXT.Process(target=serve, args=arguments, daemon=True)
        self.process.start()
        theirs.close()  # so that the end of the process is the end of the connection
        if not self.connection.poll(START):
            raise RuntimeError(f"no process started within {START:.0f} s")
        self.connection.recv_bytes()

    def _is_sound(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def _end(self) -> None:
        """End the process, and those that it started."""
        if self.process is None:
            return
        with contextlib.suppress(OSError):  # it has ended by itself
            if hasattr(os, "killpg") and self.process.pid:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.connection.close()
        self.process = None


def serve(connection: Connection, folder: str, seconds: float, memory: int) -> None:
    """Mark what comes through `connection`, one answer after the other, until it is closed."""
    _make_safe(folder)
    connection.send_bytes(b"ready")
    while True:
        try:
            name, parts = connection.recv()
        except EOFError:
            return
        with limited_memory(memory):
            mark = _marked(name, parts, seconds)
        connection.send_bytes(mark.encode("utf-8", "replace"))


def _make_safe(folder: str) -> None:
    """Cut this process off from the terminal and the current folder."""
    if hasattr(os, "setsid"):
        os.setsid()  # a group of its own: what it starts is ended with it
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.chdir(folder)
    os.environ |= {
        "LABHELPERS_RUNS": folder,
        "LABHELPERS_BUDGET": "smoke",
        "LABHELPERS_NOTEBOOK": "handed-in",
    }
    torch.set_num_threads(1)  # several processes share the machine


def _marked(name: str, parts: list[tuple[int, str, int]], seconds: float) -> str:
    try:
        function = _defined(name, parts, seconds)
    except OutOfTime:
        return "timed out"
    except BaseException as error:  # the student's own, SystemExit too
        return f"error: {type(error).__name__}: {words(error)}"[:ERROR]
    function.__name__ = name  # a lambda has none, a decorated one may have another
    verdict = grade(function, seconds)
    first = verdict.message.partition("\n")[0]
    if verdict.kind == "known mistake":
        return "known mistake: " + first.removeprefix(f"{name}: ")
    if verdict.kind == "error":
        return "error: " + first.removeprefix(f"{name} raised ")[:ERROR]
    return verdict.kind


def _defined(name: str, parts: list[tuple[int, str, int]], seconds: float) -> Callable:
    """Run the definitions, and return the function."""
    module = types.ModuleType("__main__")

    def define() -> None:
        for cell, source, index in parts:
            file = f"<cell {cell}>"
            linecache.cache[file] = (len(source), None, source.splitlines(True), file)
            tree = ast.Module([_without_check(ast.parse(source).body[index])], [])
            exec(compile(tree, file, "exec", dont_inherit=True), vars(module))

    with settings_kept(), without_ways_out():
        _, error = limited(define, seconds)
    if error is not None:
        raise error
    function = getattr(module, name)
    if not callable(function) or isinstance(function, type):
        raise TypeError(f"{name} is no function, but of type {type(function).__name__}")
    return function if inspect.isfunction(function) else functools.partial(function)


def _without_check(node: ast.stmt) -> ast.stmt:
    """The statement without ``@lab.check`` above it: that gives nothing back."""
    if isinstance(node, ast.FunctionDef):
        node.decorator_list = [
            decorator
            for decorator in node.decorator_list
            if ast.unparse(decorator) not in ("lab.check", "check")
        ]
    return node
