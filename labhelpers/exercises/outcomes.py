"""What a function gives for an input: its value, what it leaves behind, what it raised."""

from __future__ import annotations

import contextlib
import copy
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from labhelpers.exercises.limits import limited
from labhelpers.exercises.sameness import same
from labhelpers.exercises.settings import names_kept
from labhelpers.session import isolated_random_state

PRINTED = 1000  # characters that are kept of what an answer prints


@dataclass(frozen=True)
class Outcome:
    """The result of one call, or the error that ended it."""

    value: Any = None
    left: Any = None  # what `observe` sees in the arguments afterwards
    error: BaseException | None = None
    printed: str = ""
    seconds: float = 0.0


def outcome(exercise: Any, function: Callable, args: tuple) -> Outcome:
    """Return what a function of ours, a solution or a known mistake, gives for a copy of `args`."""
    args = copy.deepcopy(args)
    with isolated_random_state(0):
        try:
            return Outcome(function(*args), exercise.observe(*args))
        except Exception as error:  # a mistake may be one that raises
            return Outcome(error=error)


def attempt(exercise: Any, function: Callable, args: tuple, seconds: float) -> Outcome:
    """Return what a student's function gives for a copy of `args`, whatever it does.

    It gets the same random numbers as the solution. What it prints is kept, and not shown. Raises
    OutOfTime after `seconds`.
    """
    args = copy.deepcopy(args)
    printed = _Beginning()
    start = time.monotonic()
    # All that is put back is put back here, not in the thread, which may never come to its end.
    with names_kept(), isolated_random_state(0), contextlib.redirect_stdout(printed):
        found, error = limited(lambda: (function(*args), exercise.observe(*args)), seconds)
    value, left = (None, None) if error is not None else found
    return Outcome(value, left, error, printed.text, time.monotonic() - start)


def same_outcome(mine: Outcome, other: Outcome) -> bool:
    """Tell whether two calls gave the same, or failed in the same way."""
    if mine.error is not None or other.error is not None:
        return type(mine.error) is type(other.error)
    return same(mine.value, other.value) and same(mine.left, other.left)


class _Beginning(io.TextIOBase):
    """A file that keeps the first characters alone: an endless loop may print for ever."""

    def __init__(self) -> None:
        self.text = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if len(self.text) < PRINTED:
            self.text = (self.text + text)[:PRINTED]
        return len(text)
