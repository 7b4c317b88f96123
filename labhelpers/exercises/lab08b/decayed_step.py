"""Lab 08b, exercise `decayed_step`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def decayed_step(w, g, v, lr, weight_decay, decoupled):
    """Decoupled: shrink the weights, then step. Coupled: the penalty's gradient is divided like the
    rest.
    """
    size = v.sqrt() + 1e-8
    if decoupled:
        return (1 - lr * weight_decay) * w - lr * g / size
    return w - lr * (g + weight_decay * w) / size


def _decay_inputs():
    generator = torch.Generator().manual_seed(82)
    cases = []
    for shape, lr, weight_decay, decoupled in (
        ((3,), 0.1, 0.5, True),
        ((3,), 0.1, 0.5, False),
        ((2, 2), 0.3, 0.1, True),
    ):
        w, g = torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)
        cases.append(
            (w, g, torch.rand(shape, generator=generator) + 0.1, lr, weight_decay, decoupled)
        )
    return cases


exercise = Exercise(
    decayed_step,
    _decay_inputs,
    hints=[
        "Coupled means: the decay is part of the gradient. What happens to it then?",
        "Coupled: everything, g + weight_decay * w, is divided by the root of v.",
        (
            "Decoupled: the weights shrink by the factor 1 - lr * weight_decay, and the "
            "step is added to the shrunken weights; it uses the gradient as it was given."
        ),
    ],
    observe=lambda w, g, v, lr, weight_decay, decoupled: v,
)


@exercise.mistake(
    "with decoupled=True the decay must not be divided by the root of v: shrink the weights "
    "themselves."
)
def _always_coupled(w, g, v, lr, weight_decay, decoupled):
    return decayed_step(w, g, v, lr, weight_decay, False)


@exercise.mistake(
    "with decoupled=False the decay belongs into the gradient, and is divided by the root "
    "of v with it."
)
def _always_decoupled(w, g, v, lr, weight_decay, decoupled):
    return decayed_step(w, g, v, lr, weight_decay, True)


@exercise.mistake("the two cases are swapped.")
def _swapped(w, g, v, lr, weight_decay, decoupled):
    return decayed_step(w, g, v, lr, weight_decay, not decoupled)


@exercise.mistake(
    "the learning rate is missing in the decoupled decay: the factor is 1 - lr * "
    "weight_decay, as in torch.optim.AdamW."
)
def _without_lr(w, g, v, lr, weight_decay, decoupled):
    step = decayed_step(w, g, v, lr, 0.0, True)
    return step - weight_decay * w if decoupled else decayed_step(w, g, v, lr, weight_decay, False)


@exercise.mistake("the decay shrinks the step as well: shrink the old weights, then take the step.")
def _decay_after_the_step(w, g, v, lr, weight_decay, decoupled):
    if decoupled:
        return (1 - lr * weight_decay) * (w - lr * g / (v.sqrt() + 1e-8))
    return decayed_step(w, g, v, lr, weight_decay, False)


@exercise.mistake(
    "the new w is right, but v is changed by an operation in place: sqrt_ and += write into it."
)
def _v_used_up(w, g, v, lr, weight_decay, decoupled):
    new = decayed_step(w, g, v, lr, weight_decay, decoupled)
    v.sqrt_()
    return new


@exercise.mistake("the weights grow: decay pulls them towards zero.")
def _growing(w, g, v, lr, weight_decay, decoupled):
    return decayed_step(w, g, v, lr, -weight_decay, decoupled)
