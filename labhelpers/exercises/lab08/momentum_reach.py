"""Lab 08, exercise `momentum_reach`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def momentum_reach(lr, mu, steps):
    """A geometric sum: lr · (1 + μ + … + μ^(steps - 1))."""
    return lr * (1 - mu**steps) / (1 - mu)


def _inputs():
    return [(0.1, 0.9, 1), (0.1, 0.9, 2), (0.01, 0.5, 5), (1.0, 0.99, 100), (0.3, 0.0, 4)]


exercise = Exercise(
    momentum_reach,
    _inputs,
    hints=[
        "After the first step m is 1. What is it in the second, when the gradient is 0?",
        "m is 1, μ, μ², …: add lr times each, `steps` terms in all.",
        "1 + μ + … + μ^(n - 1) = (1 - μ^n) / (1 - μ).",
    ],
)


@exercise.mistake("this is where it ends after endless time: only `steps` terms are to be added.")
def _for_ever(lr, mu, steps):
    return lr / (1 - mu)


@exercise.mistake("this is the length of the last step alone: add all of them.")
def _last_step(lr, mu, steps):
    return lr * mu ** (steps - 1)


@exercise.mistake("one step too many: the first step has μ to the power of 0.")
def _one_too_many(lr, mu, steps):
    return lr * (1 - mu ** (steps + 1)) / (1 - mu)


@exercise.mistake("the first step is missing: there m is 1 already, not μ.")
def _starts_at_mu(lr, mu, steps):
    return lr * mu * (1 - mu**steps) / (1 - mu)


@exercise.mistake("the gradient comes once, in the first step: afterwards m only fades.")
def _constant_gradient(lr, mu, steps):
    return sum(lr * (1 - mu**n) / (1 - mu) for n in range(1, steps + 1))


@exercise.mistake("the step goes downhill, but its distance is asked for: without the minus.")
def _minus(lr, mu, steps):
    return -momentum_reach(lr, mu, steps)


@exercise.mistake("the gradient does not come in every step: it comes once, and m fades with μ.")
def _every_step(lr, mu, steps):
    return lr * steps
