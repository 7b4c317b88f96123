"""Grading: an answer against the solution, then against the known mistakes.

An exercise is a file ``labNN/name.py``, read from top to bottom: the solution, inputs to try it on,
hints in rising order, and known mistakes, each a wrong function under the sentence that a teacher
would say to it.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from labhelpers import exercises
from labhelpers.exercises import messages
from labhelpers.exercises.limits import OutOfTime, limited, limited_memory, without_ways_out
from labhelpers.exercises.outcomes import Outcome, attempt, outcome, same_outcome
from labhelpers.exercises.sameness import same
from labhelpers.exercises.settings import names_kept, settings_kept
from labhelpers.exercises.showing import brief

__all__ = ["Exercise", "Verdict", "all_exercises", "find", "grade", "same"]

SECONDS = 10.0  # for all inputs together; the slowest solution takes less than one


@dataclass(frozen=True)
class Exercise:
    """One exercise; its name is the solution's.

    `inputs` returns the argument tuples to try, the same ones every time. `observe` maps the
    arguments, after the call, to what must be left behind. `mistakes` maps a sentence to the wrong
    function that it answers: the decorator `mistake` adds to it, in the order of the file.
    """

    solution: Callable
    inputs: Callable[[], list[tuple]]
    hints: Sequence[str]
    mistakes: dict[str, Callable] = field(default_factory=dict, repr=False)
    observe: Callable[..., Any] = field(default=lambda *args: None, repr=False)

    @property
    def name(self) -> str:
        """The name of the function to write."""
        return self.solution.__name__

    def mistake(self, sentence: str) -> Callable[[Callable], Callable]:
        """Decorate a wrong function: `sentence` is what a teacher says to whoever writes it.

        Raises ValueError for a sentence that another mistake has already.
        """
        if sentence in self.mistakes:
            raise ValueError(f"{self.name}: two mistakes share the sentence {sentence!r}")

        def record(wrong: Callable) -> Callable:
            self.mistakes[sentence] = wrong
            return wrong

        return record


@dataclass(frozen=True)
class Verdict:
    """What `grade` found: ``"right"``, ``"known mistake"``, ``"wrong"``, ``"error"``, ``"timed
    out"`` or ``"not attempted"``, and what is said to it.
    """

    kind: str
    message: str


def grade(function: Callable, seconds: float = SECONDS) -> Verdict:
    """Judge `function` as `check` does, without printing.

    Whatever the function does, a verdict comes back, and every setting is as it was. Raises
    ValueError when there is no exercise of its name.

    Example:
        >>> from labhelpers.exercises.grading import grade
        >>> def fair_winner(errors):
        ...     best = min(errors)
        >>> grade(fair_winner).message
        'fair_winner gives None: is the `return` missing?'
    """
    exercise = find(function.__name__)
    if _is_stub(function):
        return Verdict("not attempted", messages.not_attempted(exercise.name))
    inputs = exercise.inputs()
    expected = [outcome(exercise, exercise.solution, args) for args in inputs]
    answers: list[Outcome] = []
    with settings_kept(), names_kept(), limited_memory(), without_ways_out():
        try:
            for args in inputs:
                left = seconds - sum(answer.seconds for answer in answers)
                answers.append(attempt(exercise, function, args, left))
        except OutOfTime:
            message = messages.out_of_time(exercise.name, inputs, len(answers), seconds)
            return Verdict("timed out", message)
        return _judged(exercise, function, inputs, expected, answers)


def _judged(
    exercise: Exercise,
    function: Callable,
    inputs: list[tuple],
    expected: list[Outcome],
    answers: list[Outcome],
) -> Verdict:
    """The verdict on `answers`. They may hold objects that do anything when looked at."""
    name = exercise.name
    look = functools.partial(_compared, exercise, function, inputs, expected, answers)
    try:
        verdict, error = limited(look, SECONDS)
    except OutOfTime:
        text = f"{name}: its result cannot be compared: that takes more than {SECONDS:.0f} s."
        return Verdict("wrong", text)
    if error is not None:
        kind = type(error).__name__
        return Verdict("error", f"{name}: its result cannot be looked at: that raises {kind}.")
    return verdict


def _compared(
    exercise: Exercise,
    function: Callable,
    inputs: list[tuple],
    expected: list[Outcome],
    answers: list[Outcome],
) -> Verdict:
    name = exercise.name
    misses = [
        i
        for i, (mine, right) in enumerate(zip(answers, expected, strict=True))
        if not same_outcome(mine, right)
    ]
    if not misses:
        return Verdict("right", f"{name}: right, on {len(inputs)} inputs.")
    for sentence, wrong in exercise.mistakes.items():
        if _is_like(exercise, wrong, inputs, answers):
            return Verdict("known mistake", f"{name}: {sentence}")
    i = misses[0]
    mine, right = answers[i], expected[i]
    if mine.error is not None:
        return Verdict("error", messages.error(name, function, i, inputs[i], mine))
    if mine.value is None and all(each.value is not None for each in expected):
        return Verdict("wrong", f"{name} gives None: is the `return` missing?")
    return Verdict("wrong", messages.wrong(name, i, inputs[i], mine, right))


def _is_like(
    exercise: Exercise, wrong: Callable, inputs: list[tuple], answers: list[Outcome]
) -> bool:
    return all(
        same_outcome(mine, outcome(exercise, wrong, args))
        for mine, args in zip(answers, inputs, strict=True)
    )


def find(name: Any) -> Exercise:
    """Return the exercise called `name`; the function itself will do in place of its name.

    Raises TypeError when `name` is no name, ValueError, with the nearest one, when no exercise has
    it.

    Example:
        >>> from labhelpers.exercises.grading import find
        >>> find("fair_winner").name
        'fair_winner'
    """
    name = getattr(name, "__name__", name)
    if not isinstance(name, str):
        raise TypeError(
            f"name the exercise, as in lab.hint('spearman'): {brief(name)} is not a name"
        )
    known = {exercise.name: exercise for exercise in all_exercises()}
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        if close:
            raise ValueError(f"there is no exercise {name!r}: did you mean {close[0]!r}?")
        raise ValueError(f"there is no exercise {name!r}: there are {', '.join(sorted(known))}")
    return known[name]


def all_exercises() -> list[Exercise]:
    """Return the exercises of all labs, in order.

    Example:
        >>> from labhelpers.exercises.grading import all_exercises
        >>> len({exercise.name for exercise in all_exercises()}) > 50
        True
    """
    return [exercise for lab in labs() for exercise in exercises_of(lab)]


@functools.cache
def labs() -> tuple[str, ...]:
    """Return the numbers of all labs that have exercises: ``"01"``, ``"02"``, …

    Example:
        >>> from labhelpers.exercises.grading import labs
        >>> labs()[:2]
        ('01', '02')
    """
    names = (module.name for module in pkgutil.iter_modules(exercises.__path__))
    return tuple(sorted(name.removeprefix("lab") for name in names if name.startswith("lab")))


def exercises_of(lab: str) -> list[Exercise]:
    """Return the exercises of one lab, in the order of its notebook.

    Example:
        >>> from labhelpers.exercises.grading import exercises_of
        >>> [exercise.name for exercise in exercises_of("11")]
        ['fair_winner', 'log_interaction', 'discoveries']
    """
    return importlib.import_module(f"{exercises.__name__}.lab{lab}").EXERCISES


def _is_stub(function: Callable) -> bool:
    """Tell whether the function's body is still the dots, or its docstring alone."""

    def described():
        """Do nothing."""

    def bare(): ...

    if not inspect.isfunction(function):
        return False  # such as a function with a cache around it
    code = function.__code__
    constants = {constant for constant in code.co_consts if constant is not None}
    constants -= {function.__doc__}
    empty = (described.__code__.co_code, bare.__code__.co_code)
    return code.co_code in empty and not constants
