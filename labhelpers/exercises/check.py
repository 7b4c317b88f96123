"""What a student calls: `check` an answer, ask for a `hint`, read the `solution`."""

import inspect
from collections.abc import Callable
from typing import Any

from labhelpers import session
from labhelpers.exercises.grading import find, grade
from labhelpers.exercises.showing import brief
from labhelpers.store.files import reported, update_json

MARKS = {"right": "✔", "not attempted": "–"}  # and ✘ for all else

_hints_given: dict[str, int] = {}


def check(function: Callable) -> None:
    """Compare your function with the solution of the same name, and say what is wrong with it.

    It is called with copies of a few inputs, for ten seconds at most. What it prints is shown only
    when it is wrong; every setting that it changes is put back. The report shows the last state.

    Raises:
        ValueError: there is no exercise of that name.
        TypeError: this is no function.

    Example:
        >>> def fair_winner(errors): ...
        >>> lab.check(fair_winner)
        – fair_winner: not attempted yet. Replace the dots, then run this cell again.
    """
    if not callable(function) or not hasattr(function, "__name__"):
        raise TypeError(
            "give lab.check the function itself, not quoted and not called, "
            f"instead of {brief(function)}"
        )
    verdict = grade(function)
    print(MARKS.get(verdict.kind, "✘"), verdict.message)
    if session._session is not None:  # without one, nothing says where to write
        _remember(function.__name__, verdict.kind)


def _remember(name: str, state: str) -> None:
    """Keep the state for the report, by notebook and exercise."""
    notebook = session.notebook_name()
    path = session.current().runs / "exercises.json"

    def change(states: dict[str, Any]) -> None:
        states.setdefault(notebook, {})[name] = state

    reported(update_json, path, change, where=path)


def hint(name: str) -> None:
    """Print the next hint for an exercise; each call tells a little more.

    Raises:
        ValueError: there is no exercise of that name.
        TypeError: this is neither a name nor a function.

    Example:
        >>> lab.hint("fair_winner")
        Hint 1 of 3: First give each pair of variant and learning rate one number.
    """
    exercise = find(name)
    name, hints = exercise.name, exercise.hints
    number = min(_hints_given.get(name, 0) + 1, len(hints))
    _hints_given[name] = number
    print(f"Hint {number} of {len(hints)}: {hints[number - 1]}")


def solution(name: str) -> None:
    """Print the source of an exercise's solution.

    Raises:
        ValueError: there is no exercise of that name.
        TypeError: this is neither a name nor a function.

    Example:
        >>> lab.solution("log_interaction")  # doctest: +ELLIPSIS
        def log_interaction(base, first, second, both):
        ...
    """
    print(inspect.getsource(find(name).solution))
