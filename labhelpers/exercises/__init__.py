"""Exercises: `check` an answer, ask for a `hint`, read the `solution`.

An exercise is a record in ``labNN.py``: the solution, inputs to try it on, hints in rising order, and known
mistakes, each a wrong function with the sentence a teacher would say to it.
"""

from __future__ import annotations

import copy
import difflib
import importlib
import inspect
import math
import pkgutil
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from labhelpers.fingerprint import describe
from labhelpers.session import isolated_random_state


@dataclass(frozen=True)
class Exercise:
    """One exercise; its name is the solution's.

    `inputs` returns the argument tuples to try, the same ones every time. `mistakes` maps a sentence to
    the wrong function it answers. `observe` maps the arguments, after the call, to what must be left behind.
    """

    solution: Callable
    inputs: Callable[[], list[tuple]]
    hints: Sequence[str]
    mistakes: dict[str, Callable] = field(repr=False)
    observe: Callable[..., Any] = field(default=lambda *args: None, repr=False)

    @property
    def name(self) -> str:
        """The name of the function to write."""
        return self.solution.__name__


@dataclass(frozen=True)
class Verdict:
    """What `grade` found: ``"right"``, ``"known mistake"``, ``"wrong"``, ``"error"`` or ``"not attempted"``."""

    kind: str
    message: str


def check(function: Callable) -> None:
    """Compare your function with the solution of the same name, and say what is wrong with it.

    Raises:
        ValueError: there is no exercise of that name.
        TypeError: this is no function.
    """
    if not hasattr(function, "__code__"):
        raise TypeError(f"give lab.check the function itself, not quoted and not called, instead of {_brief(function)}")
    verdict = grade(function)
    print({"right": "✔", "not attempted": "–"}.get(verdict.kind, "✘"), verdict.message)


def hint(name: str) -> None:
    """Print the next hint for an exercise; each call tells a little more.

    Raises:
        ValueError: there is no exercise of that name.
    """
    exercise = find(name)
    name, hints = exercise.name, exercise.hints
    number = _hints_given[name] = min(_hints_given.get(name, 0) + 1, len(hints))
    print(f"Hint {number} of {len(hints)}: {hints[number - 1]}")


def solution(name: str) -> None:
    """Print the source of an exercise's solution.

    Raises:
        ValueError: there is no exercise of that name.
    """
    print(inspect.getsource(find(name).solution))


def grade(function: Callable) -> Verdict:
    """Judge `function` as `check` does, without printing."""
    exercise = find(function.__name__)
    name = exercise.name
    if _is_stub(function):
        return Verdict("not attempted", f"{name}: not attempted yet. Replace the dots, then run this cell again.")
    inputs = exercise.inputs()
    expected = [_outcome(exercise, exercise.solution, args) for args in inputs]
    got = [_outcome(exercise, function, args) for args in inputs]
    misses = [i for i, (mine, right) in enumerate(zip(got, expected, strict=True)) if not same(mine, right)]
    if not misses:
        return Verdict("right", f"{name}: right, on {len(inputs)} inputs.")
    for sentence, wrong in exercise.mistakes.items():
        if all(same(mine, _outcome(exercise, wrong, args)) for mine, args in zip(got, inputs, strict=True)):
            return Verdict("known mistake", f"{name}: {sentence}")
    i = misses[0]
    mine, right = got[i], expected[i]
    if isinstance(mine, Exception):
        line = f"  at        {code}\n" if (code := _line(mine, function)) else ""
        what = f"{name} raised {type(mine).__name__} on input {i + 1}: {mine}"
        return Verdict("error", f"{what}\n{line}{_show(inputs[i])}")
    if mine[0] is None and all(outcome[0] is not None for outcome in expected):
        return Verdict("wrong", f"{name} gives None: is the `return` missing?")
    part, words = (0, "gives") if not same(mine[0], right[0]) else (1, "returns the right value, but leaves behind")
    yours, wanted = _brief(mine[part]), _brief(right[part])
    sides = f"  yours     {yours}\n  expected  {wanted}"
    if yours == wanted:  # as far as they are shown
        sides += f"\n  {_difference(mine[part], right[part])}"
    more = f'lab.hint("{name}") helps.'
    return Verdict("wrong", f"{name} {words} something else on input {i + 1}:\n{_show(inputs[i])}\n{sides}\n{more}")


def find(name: str) -> Exercise:
    """Return the exercise called `name`; the function itself will do in place of its name."""
    name = getattr(name, "__name__", name)
    if not isinstance(name, str):
        raise TypeError(f"name the exercise, as in lab.hint('spearman'): {_brief(name)} is not a name")
    exercises = {exercise.name: exercise for exercise in all_exercises()}
    if name not in exercises:
        close = difflib.get_close_matches(name, exercises, n=1)
        meant = f": did you mean {close[0]!r}?" if close else f": there are {', '.join(sorted(exercises))}"
        raise ValueError(f"there is no exercise {name!r}{meant}")
    return exercises[name]


def all_exercises() -> list[Exercise]:
    """Return the exercises of all labs, in order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("lab"))
    return [exercise for name in names for exercise in importlib.import_module(f"{__name__}.{name}").EXERCISES]


def same(a: Any, b: Any) -> bool:
    """Tell whether result `a` agrees with `b`: numbers to a relative 1e-4, containers and models part by part."""
    if isinstance(a, Exception) or isinstance(b, Exception):
        return type(a) is type(b)
    a, b = (value.item() if isinstance(value, np.generic) else value for value in (a, b))
    if isinstance(a, torch.Tensor | int | float) and isinstance(b, torch.Tensor | int | float):
        cut_off = _needs_gradient(b) and not _needs_gradient(a)
        if cut_off or _is_boolean(a) != _is_boolean(b) or _is_whole(a) != _is_whole(b):
            return False
        a, b = (torch.as_tensor(value).detach().double() for value in (a, b))
        return a.shape == b.shape and torch.allclose(a, b, **_CLOSE)
    if isinstance(a, nn.Module) and isinstance(b, nn.Module):
        return describe(a) == describe(b) and same(dict(a.state_dict()), dict(b.state_dict()))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


def _line(error: Exception, function: Callable) -> str:
    """The line of the cell in which `error` arose, as it was written."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.line or "" for f in reversed(frames) if f.filename == function.__code__.co_filename), "")


def _is_boolean(value: Any) -> bool:
    """Tell whether `value` is one truth value; a tensor of several may also be counted with."""
    return isinstance(value, bool) or (isinstance(value, torch.Tensor) and not value.ndim and value.dtype == torch.bool)


def _is_whole(value: Any) -> bool:
    """Tell whether `value` is a tensor of several whole numbers, such as images (uint8) or masks."""
    return isinstance(value, torch.Tensor) and value.ndim > 0 and not value.is_floating_point()


def _needs_gradient(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def _difference(mine: Any, right: Any) -> str:
    """Where two results differ that look the same in short."""
    if isinstance(mine, torch.Tensor) and isinstance(right, torch.Tensor) and mine.shape == right.shape:
        mine, right = mine.detach().double(), right.detach().double()
        places = (~torch.isclose(mine, right, **_CLOSE)).nonzero().tolist()
        if places:
            i = tuple(places[0])
            return f"first difference at {places[0]}: {mine[i]:.4g}, expected {right[i]:.4g}"
    return "they differ in what is not shown here: further values, type, or structure"


def _outcome(exercise: Exercise, function: Callable, args: tuple) -> tuple[Any, Any] | Exception:
    """What a function returns and leaves behind for a copy of `args`, or what it raises."""
    args = copy.deepcopy(args)
    with isolated_random_state(0):
        try:
            return function(*args), exercise.observe(*args)
        except Exception as error:  # the student's own: shown to them as the answer
            return error


def _is_stub(function: Callable) -> bool:
    def untouched():
        """Do nothing."""

    code = function.__code__
    constants = {constant for constant in code.co_consts if constant is not None} - {function.__doc__}
    return code.co_code == untouched.__code__.co_code and not constants


def _show(args: tuple) -> str:
    return "  input     " + ", ".join(_brief(arg) for arg in args)


def _brief(value: Any, limit: int = 200) -> str:
    if isinstance(value, torch.Tensor):
        kind = "" if value.is_floating_point() else str(value.dtype).removeprefix("torch.") + " "
        shape = f"{kind}tensor of shape {tuple(value.shape)}: " if value.ndim else ""
        numbers = ", ".join(f"{number:.4g}" for number in value.detach().double().flatten()[:8].tolist())
        return f"{shape}{numbers}{', …' if value.numel() > 8 else ''}"
    if isinstance(value, nn.Module):
        weights = ", ".join(f"{weight:.4g}" for parameter in value.parameters() for weight in parameter.flatten()[:3])
        mode = "training" if value.training else "eval"
        return f"a {type(value).__name__} in {mode} mode with weights {weights[:30]} …"
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        text = ", ".join(_brief(item, limit) for item in value)
        text = f"[{text}]" if isinstance(value, list) else f"({text})"
    else:
        text = repr(value)
    return text if len(text) <= limit else text[:limit] + " …"


_CLOSE = {"rtol": 1e-4, "atol": 1e-7, "equal_nan": True}
_hints_given: dict[str, int] = {}
