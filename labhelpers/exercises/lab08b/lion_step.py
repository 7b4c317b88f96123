"""Lab 08b, exercise `lion_step`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def lion_step(w, g, m, lr, beta1, beta2, weight_decay):
    """The sign of one mean moves the weights; another, slower one is remembered."""
    update = (beta1 * m + (1 - beta1) * g).sign()
    return (1 - lr * weight_decay) * w - lr * update, beta2 * m + (1 - beta2) * g


def _inputs():
    generator = torch.Generator().manual_seed(85)
    cases = []
    for shape, lr, betas, decay in (
        ((6,), 0.1, (0.9, 0.99), 0.0),
        ((3, 4), 0.01, (0.5, 0.8), 0.5),
        ((20,), 0.3, (0.2, 0.95), 1.0),
    ):
        w, g, m = (torch.randn(shape, generator=generator) for _ in range(3))
        cases.append((w, g, m, lr, *betas, decay))
    return cases


exercise = Exercise(
    lion_step,
    _inputs,
    hints=[
        "Two different means of m and g: one for the step, one to remember.",
        "Step: the sign of beta1 * m + (1 - beta1) * g. To remember: the same with beta2.",
        "Decay is decoupled: shrink the weights by 1 - lr * weight_decay, then step.",
    ],
)


@exercise.mistake(
    "the sign is missing: every weight of Lion moves by the learning rate, up or down."
)
def _no_sign(w, g, m, lr, beta1, beta2, weight_decay):
    update = beta1 * m + (1 - beta1) * g
    return (1 - lr * weight_decay) * w - lr * update, beta2 * m + (1 - beta2) * g


@exercise.mistake("the sign of the gradient alone moves the weights: take that of the mean.")
def _sign_of_gradient(w, g, m, lr, beta1, beta2, weight_decay):
    return (1 - lr * weight_decay) * w - lr * g.sign(), beta2 * m + (1 - beta2) * g


@exercise.mistake("the mean that moves the weights is remembered: that one has beta2.")
def _one_mean(w, g, m, lr, beta1, beta2, weight_decay):
    return lion_step(w, g, m, lr, beta1, beta1, weight_decay)


@exercise.mistake("the new memory's sign is the step: the step has a mean of its own, with beta1.")
def _memory_moves(w, g, m, lr, beta1, beta2, weight_decay):
    return lion_step(w, g, m, lr, beta2, beta2, weight_decay)


@exercise.mistake("the two betas are swapped: beta1 belongs to the step, beta2 to the memory.")
def _swapped(w, g, m, lr, beta1, beta2, weight_decay):
    return lion_step(w, g, m, lr, beta2, beta1, weight_decay)


@exercise.mistake("the step uses the new memory: it has to use the one from before this step.")
def _updated_first(w, g, m, lr, beta1, beta2, weight_decay):
    new = beta2 * m + (1 - beta2) * g
    return lion_step(w, g, new, lr, beta1, beta2, weight_decay)[0], new


@exercise.mistake("the decay is missing: the weights shrink by 1 - lr * weight_decay.")
def _no_decay(w, g, m, lr, beta1, beta2, weight_decay):
    return lion_step(w, g, m, lr, beta1, beta2, 0.0)


@exercise.mistake("the sign is remembered: remember the mean of the gradients themselves.")
def _remembers_sign(w, g, m, lr, beta1, beta2, weight_decay):
    new, _ = lion_step(w, g, m, lr, beta1, beta2, weight_decay)
    return new, (beta1 * m + (1 - beta1) * g).sign()


@exercise.mistake("the learning rate shrinks the decay too: 1 - lr * weight_decay.")
def _decay_without_lr(w, g, m, lr, beta1, beta2, weight_decay):
    return lion_step(w, g, m, lr, beta1, beta2, weight_decay / lr)


@exercise.mistake("the weights grow here: decay shrinks them, by 1 - lr * weight_decay.")
def _growing(w, g, m, lr, beta1, beta2, weight_decay):
    return lion_step(w, g, m, lr, beta1, beta2, -weight_decay)


@exercise.mistake(
    "the decay is added to the gradient, where the sign takes its size away: decoupled decay "
    "shrinks the weights themselves."
)
def _decayed_gradient(w, g, m, lr, beta1, beta2, weight_decay):
    return lion_step(w, g + weight_decay * w, m, lr, beta1, beta2, 0.0)


@exercise.mistake(
    "the decay stands inside the sign, which takes its size away: it shrinks the weights by itself."
)
def _decay_in_the_sign(w, g, m, lr, beta1, beta2, weight_decay):
    update = (beta1 * m + (1 - beta1) * g + weight_decay * w).sign()
    return w - lr * update, beta2 * m + (1 - beta2) * g


@exercise.mistake("the decay shrinks the step too: shrink the weights first, then step.")
def _decay_after_the_step(w, g, m, lr, beta1, beta2, weight_decay):
    stepped, new = lion_step(w, g, m, lr, beta1, beta2, 0.0)
    return (1 - lr * weight_decay) * stepped, new
