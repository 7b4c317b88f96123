"""Lab 08, exercise `momentum_factor`."""

from __future__ import annotations

import cmath

from labhelpers.exercises.grading import Exercise


def _roots(curvature, lr, mu):
    """Both roots of r² - (1 + μ - ηλ) r + μ, as complex numbers."""
    half = (1 + mu - lr * curvature) / 2
    root = cmath.sqrt(half**2 - mu)
    return half + root, half - root


def momentum_factor(curvature, lr, mu):
    """The size of the larger root."""
    return max(abs(root) for root in _roots(curvature, lr, mu))


def _inputs():
    return [
        (1.0, 0.1, 0.9),  # complex: √μ
        (1.0, 0.1, 0.2),  # two real roots, both positive
        (5.0, 0.4, 0.1),  # two real roots, both negative
        (3.0, 0.5, 0.0),  # without momentum
        (10.0, 0.5, 0.5),  # diverges
    ]


exercise = Exercise(
    momentum_factor,
    _inputs,
    hints=[
        "Two steps along one direction: put w = rᵗ into the recursion of section 1.",
        "r² - (1 + μ - ηλ) r + μ = 0. Where the roots are complex, their size is √μ.",
        "cmath.sqrt takes the root of a negative number; abs gives the size of a complex one. "
        "The larger of the two roots decides in the long run.",
    ],
)


@exercise.mistake("this is gradient descent's factor: momentum has two roots, and μ in them.")
def _gradient_descent(curvature, lr, mu):
    return abs(1 - lr * curvature)


@exercise.mistake("the size is √μ only where the roots are complex: compute them.")
def _always_the_root_of_mu(curvature, lr, mu):
    return mu**0.5


@exercise.mistake("this is the smaller root: in the long run the larger one is left.")
def _smaller(curvature, lr, mu):
    return min(abs(root) for root in _roots(curvature, lr, mu))


@exercise.mistake("a complex root's size has both parts in it: abs, not the real part.")
def _real_part(curvature, lr, mu):
    return max(abs(root.real) for root in _roots(curvature, lr, mu))


@exercise.mistake("a negative root counts by its size: take abs of both, then the larger.")
def _signed(curvature, lr, mu):
    first, second = _roots(curvature, lr, mu)
    return abs(first) if first.imag else max(first.real, second.real)


@exercise.mistake("the 1 is missing: w itself stays where it is, plus the step.")
def _no_one(curvature, lr, mu):
    half = (mu - lr * curvature) / 2
    root = cmath.sqrt(half**2 - mu)
    return max(abs(half + root), abs(half - root))
