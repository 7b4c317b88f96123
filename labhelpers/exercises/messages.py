"""What is said to an answer that is not right."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from typing import Any

from labhelpers.exercises.outcomes import Outcome
from labhelpers.exercises.sameness import HIDDEN, difference, same
from labhelpers.exercises.showing import brief

LENGTH = 500  # characters of what an error says
ADVICE = {
    RecursionError: "It calls itself without an end.",
    MemoryError: "It asks for more memory than an answer may have.",
    SystemExit: "Take exit() and quit() out: `return` ends a function.",
    KeyboardInterrupt: "It raises what the stop button raises: `return` ends a function.",
}


def words(error: BaseException | None) -> str:
    """Return what an error says in one line, though it may be one of a student's own making."""
    try:
        return " ".join(str(error)[:LENGTH].split())
    except Exception:
        return "(what it says cannot be shown)"


def not_attempted(name: str) -> str:
    """Say that the dots are still there."""
    return f"{name}: not attempted yet. Replace the dots, then run this cell again."


def out_of_time(name: str, inputs: list[tuple], i: int, seconds: float) -> str:
    """Say that input number `i` got no answer."""
    return (
        f"{name} has no answer to input {i + 1} after {seconds:.3g} s: "
        f"is there a loop that never ends?\n{_input(inputs[i])}"
    )


def error(name: str, function: Callable, i: int, args: tuple, mine: Outcome) -> str:
    """Say what was raised, in which line, and for which input."""
    lines = [f"{name} raised {type(mine.error).__name__} on input {i + 1}: {words(mine.error)}"]
    code = _line(mine.error, function)
    if code:
        lines.append(f"  at        {code}")
    lines += [_input(args), *_printed(mine)]
    lines += [text for kind, text in ADVICE.items() if isinstance(mine.error, kind)]
    return "\n".join(lines)


def wrong(name: str, i: int, args: tuple, mine: Outcome, right: Outcome) -> str:
    """Show both results, and in which way they differ where that can be told."""
    if same(mine.value, right.value):
        words = "returns the right value, but leaves behind"
        yours, expected = mine.left, right.left
    else:
        words = "gives"
        yours, expected = mine.value, right.value
    shown, wanted = brief(yours), brief(expected)
    how = difference(yours, expected)
    if shown == wanted:  # as far as they are shown
        how = how or HIDDEN
    lines = [
        f"{name} {words} something else on input {i + 1}:",
        _input(args),
        f"  yours     {shown}",
        f"  expected  {wanted}",
    ]
    if how:
        lines.append(f"  {how}")
    return "\n".join([*lines, *_printed(mine), f'lab.hint("{name}") helps.'])


def _input(args: tuple) -> str:
    return "  input     " + ", ".join(brief(arg) for arg in args)


def _printed(mine: Outcome) -> list[str]:
    return [f"  printed   {brief(mine.printed)}"] if mine.printed else []


def _line(error: Any, function: Callable) -> str:
    """The line of the cell in which `error` arose, as it was written."""
    cell = getattr(inspect.unwrap(function), "__code__", None)
    if cell is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__, limit=-100)
    own = (f.line or "" for f in reversed(frames) if f.filename == cell.co_filename)
    return next(own, "")
