"""Lab 15, exercise `epsilon_at`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def epsilon_at(step, start, end, over):
    """A straight line, then a flat one."""
    share = min(step / over, 1.0)
    return start + share * (end - start)


def _inputs():
    cases = [(0, 1.0, 0.05, 100), (25, 1.0, 0.05, 100), (100, 1.0, 0.05, 100)]
    return [*cases, (5000, 1.0, 0.1, 100), (30, 0.8, 0.2, 40), (7, 0.5, 0.0, 9), (80, 0.8, 0.2, 40)]


exercise = Exercise(
    epsilon_at,
    _inputs,
    hints=[
        "Which share of the way has been gone at `step`? At most all of it.",
        "start + share * (end - start): at share 0 it is start, at share 1 it is end.",
        "min(step / over, 1.0) keeps the share from passing 1.",
    ],
)


@exercise.mistake("after `over` steps ε goes on falling, below `end` and below 0: stop at `end`.")
def _falls_on(step, start, end, over):
    return start + step / over * (end - start)


@exercise.mistake(
    "it falls towards 0 and is cut off at `end`, so it gets there too early: the line leads from "
    "`start` to `end`."
)
def _towards_zero(step, start, end, over):
    return max(end, start * (1 - step / over))


@exercise.mistake("this falls exponentially: a straight line was asked for.")
def _exponential(step, start, end, over):
    return end + (start - end) * 0.5 ** (step / over * 5)


@exercise.mistake("it rises from `end` to `start`: exploring comes first.")
def _rises(step, start, end, over):
    return end + min(step / over, 1.0) * (start - end)


@exercise.mistake("it always starts at 1: use `start`.")
def _from_one(step, start, end, over):
    return 1.0 + min(step / over, 1.0) * (end - 1.0)


@exercise.mistake("it ends at 0: use `end`, so that some exploring is left.")
def _to_zero(step, start, end, over):
    return start * (1 - min(step / over, 1.0))


@exercise.mistake("step // over is a whole number: ε jumps at the end instead of falling.")
def _jumps(step, start, end, over):
    return start + min(step // over, 1) * (end - start)
