"""Lab 08, exercise `adam_step`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def adam_step(w, g, m, v, t, lr, beta1, beta2, eps):
    """Moving averages first, then both corrected for their start at zero; the stored ones stay
    uncorrected.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * m_hat / (v_hat.sqrt() + eps), m, v


def _adam_inputs():
    generator = torch.Generator().manual_seed(81)
    cases = []
    for shape, t, lr, betas, eps in (
        ((3,), 1, 0.1, (0.9, 0.999), 1e-8),
        ((2, 3), 2, 0.01, (0.8, 0.99), 0.1),
        ((4,), 7, 0.5, (0.9, 0.95), 0.01),
    ):
        w, g, m = (torch.randn(shape, generator=generator) for _ in range(3))
        m, v = (
            (torch.zeros(shape), torch.zeros(shape))
            if t == 1
            else (m, torch.rand(shape, generator=generator))
        )
        cases.append((w, g, m, v, t, lr, *betas, eps))
    return cases


exercise = Exercise(
    adam_step,
    _adam_inputs,
    hints=[
        "Three parts: update the two moving averages, correct them, take the step.",
        "m = beta1 * m + (1 - beta1) * g, and v the same with g**2 and beta2.",
        (
            "Divide m by 1 - beta1**t and v by 1 - beta2**t, under names of their own: what "
            "is returned, and so remembered, are the uncorrected ones. eps is added after "
            "the root."
        ),
    ],
)


def _averages(g, m, v, beta1, beta2):
    return beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2


@exercise.mistake(
    "the bias correction is missing: both averages start at zero and are too small at "
    "first. Divide them by 1 - beta**t."
)
def _no_correction(w, g, m, v, t, lr, beta1, beta2, eps):
    m, v = _averages(g, m, v, beta1, beta2)
    return w - lr * m / (v.sqrt() + eps), m, v


@exercise.mistake(
    "the corrected averages are returned, so the next step would correct them again: return "
    "m and v as they were before the correction."
)
def _corrected_state(w, g, m, v, t, lr, beta1, beta2, eps):
    m, v = _averages(g, m, v, beta1, beta2)
    m, v = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * m / (v.sqrt() + eps), m, v


@exercise.mistake(
    "t counts from 1 and is the number of this very step: correct with beta**t, not beta**(t + 1)."
)
def _counted_from_zero(w, g, m, v, t, lr, beta1, beta2, eps):
    return adam_step(w, g, m, v, t + 1, lr, beta1, beta2, eps)


@exercise.mistake("eps stands inside the root: add it to the root instead.")
def _eps_inside(w, g, m, v, t, lr, beta1, beta2, eps):
    m, v = _averages(g, m, v, beta1, beta2)
    return w - lr * m / (1 - beta1**t) / (v / (1 - beta2**t) + eps).sqrt(), m, v


@exercise.mistake("the root is missing: divide by the root of v, which has the unit of a gradient.")
def _no_root(w, g, m, v, t, lr, beta1, beta2, eps):
    m, v = _averages(g, m, v, beta1, beta2)
    return w - lr * m / (1 - beta1**t) / (v / (1 - beta2**t) + eps), m, v


@exercise.mistake(
    "the two betas are swapped: beta1 belongs to the gradients, beta2 to their squares."
)
def _betas_swapped(w, g, m, v, t, lr, beta1, beta2, eps):
    return adam_step(w, g, m, v, t, lr, beta2, beta1, eps)


@exercise.mistake("v is an average of the gradients: it has to average their squares, g**2.")
def _square_of_the_average(w, g, m, v, t, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).abs().sqrt() + eps), m, v
