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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    """
    verdict = grade(function)
    print({"right": "✔", "not attempted": "–"}.get(verdict.kind, "✘"), verdict.message)


def hint(name: str) -> None:
    """Print the next hint for an exercise; each call tells a little more.

    Raises:
        ValueError: there is no exercise of that name.
    """
    hints = find(name).hints
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
        return Verdict("error", f"{name} raised {type(mine).__name__} on input {i + 1}: {mine}\n{_show(inputs[i])}")
    if mine[0] is None:
        return Verdict("wrong", f"{name} gives None: is the `return` missing?")
    part, words = (0, "gives") if not same(mine[0], right[0]) else (1, "returns the right value, but leaves behind")
    sides = f"  yours     {_brief(mine[part])}\n  expected  {_brief(right[part])}"
    more = f'lab.hint("{name}") helps.'
    return Verdict("wrong", f"{name} {words} something else on input {i + 1}:\n{_show(inputs[i])}\n{sides}\n{more}")


def find(name: str) -> Exercise:
    """Return the exercise called `name`."""
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
    """Tell whether two results agree: numbers and tensors to a relative 1e-4, containers and models part by part."""
    if isinstance(a, Exception) or isinstance(b, Exception):
        return type(a) is type(b)
    if isinstance(a, torch.Tensor | int | float) and isinstance(b, torch.Tensor | int | float):
        if isinstance(a, bool) != isinstance(b, bool):
            return False
        a, b = (torch.as_tensor(value).detach().double() for value in (a, b))
        return a.shape == b.shape and torch.allclose(a, b, rtol=1e-4, atol=1e-7, equal_nan=True)
    if isinstance(a, nn.Module) and isinstance(b, nn.Module):
        return describe(a) == describe(b) and same(dict(a.state_dict()), dict(b.state_dict()))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


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

    return function.__code__.co_code == untouched.__code__.co_code


def _show(args: tuple) -> str:
    return "  input     " + ", ".join(_brief(arg) for arg in args)


def _brief(value: Any, limit: int = 200) -> str:
    if isinstance(value, torch.Tensor):
        shape = f"tensor of shape {tuple(value.shape)}: " if value.ndim else ""
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


_hints_given: dict[str, int] = {}
