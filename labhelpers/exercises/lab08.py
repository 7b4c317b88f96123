"""Lab 08: a step of Adam, weight decay coupled and decoupled, a schedule, the choice of a learning rate."""

from __future__ import annotations

import math

import torch

from labhelpers.exercises import Exercise


def adam_step(w, g, m, v, t, lr, beta1, beta2, eps):
    """Moving averages first, then both corrected for their start at zero; the stored ones stay uncorrected."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * m_hat / (v_hat.sqrt() + eps), m, v


def _averages(g, m, v, beta1, beta2):
    return beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2


def _no_correction(w, g, m, v, t, lr, beta1, beta2, eps):
    m, v = _averages(g, m, v, beta1, beta2)
    return w - lr * m / (v.sqrt() + eps), m, v


def _corrected_state(w, g, m, v, t, lr, beta1, beta2, eps):
    m, v = _averages(g, m, v, beta1, beta2)
    m, v = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * m / (v.sqrt() + eps), m, v


def _counted_from_zero(w, g, m, v, t, lr, beta1, beta2, eps):
    return adam_step(w, g, m, v, t + 1, lr, beta1, beta2, eps)


def _eps_inside(w, g, m, v, t, lr, beta1, beta2, eps):
    m, v = _averages(g, m, v, beta1, beta2)
    return w - lr * m / (1 - beta1**t) / (v / (1 - beta2**t) + eps).sqrt(), m, v


def _no_root(w, g, m, v, t, lr, beta1, beta2, eps):
    m, v = _averages(g, m, v, beta1, beta2)
    return w - lr * m / (1 - beta1**t) / (v / (1 - beta2**t) + eps), m, v


def _betas_swapped(w, g, m, v, t, lr, beta1, beta2, eps):
    return adam_step(w, g, m, v, t, lr, beta2, beta1, eps)


def _square_of_the_average(w, g, m, v, t, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g
    return w - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).abs().sqrt() + eps), m, v


def decayed_step(w, g, v, lr, weight_decay, decoupled):
    """Decoupled: shrink the weights, then step. Coupled: the penalty's gradient is divided like the rest."""
    size = v.sqrt() + 1e-8
    if decoupled:
        return (1 - lr * weight_decay) * w - lr * g / size
    return w - lr * (g + weight_decay * w) / size


def _always_coupled(w, g, v, lr, weight_decay, decoupled):
    return decayed_step(w, g, v, lr, weight_decay, False)


def _always_decoupled(w, g, v, lr, weight_decay, decoupled):
    return decayed_step(w, g, v, lr, weight_decay, True)


def _swapped(w, g, v, lr, weight_decay, decoupled):
    return decayed_step(w, g, v, lr, weight_decay, not decoupled)


def _without_lr(w, g, v, lr, weight_decay, decoupled):
    step = decayed_step(w, g, v, lr, 0.0, True)
    return step - weight_decay * w if decoupled else decayed_step(w, g, v, lr, weight_decay, False)


def _decay_after_the_step(w, g, v, lr, weight_decay, decoupled):
    if decoupled:
        return (1 - lr * weight_decay) * (w - lr * g / (v.sqrt() + 1e-8))
    return decayed_step(w, g, v, lr, weight_decay, False)


def _v_used_up(w, g, v, lr, weight_decay, decoupled):
    new = decayed_step(w, g, v, lr, weight_decay, decoupled)
    v.sqrt_()
    return new


def _growing(w, g, v, lr, weight_decay, decoupled):
    return decayed_step(w, g, v, lr, -weight_decay, decoupled)


def trapezoid(share, warmup, decay):
    """The lowest of the rising line, the level and the falling line; a ramp of no length does not count."""
    rise = share / warmup if warmup else 1.0
    fall = (1 - share) / decay if decay else 1.0
    return min(rise, 1.0, fall)


def _no_guard(share, warmup, decay):
    return min(share / warmup, 1.0, (1 - share) / decay)


def _decays_at_once(share, warmup, decay):
    if warmup and share < warmup:
        return share / warmup
    return (1 - share) / (1 - warmup) if decay else 1.0


def _decay_is_the_start(share, warmup, decay):
    if warmup and share < warmup:
        return share / warmup
    return 1.0 if share < decay or not decay else (1 - share) / (1 - decay)


def _wrong_way_down(share, warmup, decay):
    if decay and share > 1 - decay:
        return (share - (1 - decay)) / decay
    return trapezoid(share, warmup, 0)


def _no_warmup(share, warmup, decay):
    return trapezoid(share, 0, decay)


def _no_decay(share, warmup, decay):
    return trapezoid(share, warmup, 0)


def best_lr(losses):
    """The lowest mean among the learning rates of which no run diverged."""
    means = {lr: sum(values) / len(values) for lr, values in losses.items() if not any(map(_diverged, values))}
    return min(means, key=means.get) if means else None


def _diverged(value):
    return value is None or math.isnan(value)


def _survivors(losses):
    means = {}
    for lr, values in losses.items():
        if kept := [value for value in values if not _diverged(value)]:
            means[lr] = sum(kept) / len(kept)
    return min(means, key=means.get) if means else None


def _lucky_seed(losses):
    whole = {lr: min(values) for lr, values in losses.items() if not any(map(_diverged, values))}
    return min(whole, key=whole.get) if whole else None


def _diverged_is_zero(losses):
    means = {lr: sum(0 if _diverged(v) else v for v in values) / len(values) for lr, values in losses.items()}
    return min(means, key=means.get) if means else None


def _only_none(losses):
    means = {lr: sum(values) / len(values) for lr, values in losses.items() if None not in values}
    return min(means, key=means.get) if means else None


def _mean_not_lr(losses):
    best = best_lr(losses)
    return None if best is None else sum(losses[best]) / len(losses[best])


def _highest_mean(losses):
    means = {lr: sum(values) / len(values) for lr, values in losses.items() if not any(map(_diverged, values))}
    return max(means, key=means.get) if means else None


def _best_of_nothing(losses):
    return best_lr(losses) or min(losses)


def _adam_inputs():
    generator = torch.Generator().manual_seed(81)
    cases = []
    for shape, t, lr, betas, eps in (
        ((3,), 1, 0.1, (0.9, 0.999), 1e-8),
        ((2, 3), 2, 0.01, (0.8, 0.99), 0.1),
        ((4,), 7, 0.5, (0.9, 0.95), 0.01),
    ):
        w, g, m = (torch.randn(shape, generator=generator) for _ in range(3))
        m, v = (torch.zeros(shape), torch.zeros(shape)) if t == 1 else (m, torch.rand(shape, generator=generator))
        cases.append((w, g, m, v, t, lr, *betas, eps))
    return cases


def _decay_inputs():
    generator = torch.Generator().manual_seed(82)
    cases = []
    for shape, lr, weight_decay, decoupled in (
        ((3,), 0.1, 0.5, True),
        ((3,), 0.1, 0.5, False),
        ((2, 2), 0.3, 0.1, True),
    ):
        w, g = torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)
        cases.append((w, g, torch.rand(shape, generator=generator) + 0.1, lr, weight_decay, decoupled))
    return cases


def _loss_tables():
    nan = float("nan")
    return [
        ({0.01: [0.5, 0.6], 0.1: [0.2, 0.3], 1.0: [0.1, None]},),
        ({0.001: [0.9, 0.8, 0.9], 0.01: [0.3, 0.3, 0.3], 0.1: [0.1, 0.7, 0.8]},),
        ({0.3: [nan, 0.1], 0.1: [0.4, 0.5], 0.03: [0.6, 0.4]},),
        ({0.1: [None, None], 1.0: [nan, None]},),
        ({0.01: [0.4, 0.5, 0.4], 0.1: [0.3, 0.2, 1.8]},),  # the better median has the worse mean
    ]


EXERCISES = [
    Exercise(
        adam_step,
        _adam_inputs,
        [
            "Three parts: update the two moving averages, correct them, take the step.",
            "m = beta1 * m + (1 - beta1) * g, and v the same with g**2 and beta2.",
            "Divide m by 1 - beta1**t and v by 1 - beta2**t, under names of their own: what is returned, and so "
            "remembered, are the uncorrected ones. eps is added after the root.",
        ],
        {
            "the bias correction is missing: both averages start at zero and are too small at first. Divide them by "
            "1 - beta**t.": _no_correction,
            "the corrected averages are returned, so the next step would correct them again: return m and v as they "
            "were before the correction.": _corrected_state,
            "t counts from 1 and is the number of this very step: correct with beta**t, not beta**(t + 1).": (
                _counted_from_zero
            ),
            "eps stands inside the root: add it to the root instead.": _eps_inside,
            "the root is missing: divide by the root of v, which has the unit of a gradient.": _no_root,
            "the two betas are swapped: beta1 belongs to the gradients, beta2 to their squares.": _betas_swapped,
            "v is an average of the gradients: it has to average their squares, g**2.": _square_of_the_average,
        },
    ),
    Exercise(
        decayed_step,
        _decay_inputs,
        [
            "Coupled means: the decay is part of the gradient. What happens to it then?",
            "Coupled: everything, g + weight_decay * w, is divided by the root of v.",
            "Decoupled: the weights shrink by the factor 1 - lr * weight_decay, and the step is added to the shrunken "
            "weights; it uses the gradient as it was given.",
        ],
        {
            "with decoupled=True the decay must not be divided by the root of v: shrink the weights themselves.": (
                _always_coupled
            ),
            "with decoupled=False the decay belongs into the gradient, and is divided by the root of v with it.": (
                _always_decoupled
            ),
            "the two cases are swapped.": _swapped,
            "the learning rate is missing in the decoupled decay: the factor is 1 - lr * weight_decay, as in "
            "torch.optim.AdamW.": _without_lr,
            "the decay shrinks the step as well: shrink the old weights, then take the step.": _decay_after_the_step,
            "the new w is right, but v is changed by an operation in place: sqrt_ and += write into it.": _v_used_up,
            "the weights grow: decay pulls them towards zero.": _growing,
        },
        observe=lambda w, g, v, lr, weight_decay, decoupled: v,
    ),
    Exercise(
        trapezoid,
        lambda: [
            (0.05, 0.1, 0.2),
            (0.5, 0.1, 0.2),
            (0.95, 0.1, 0.2),
            (0.15, 0.3, 0.4),
            (0.8, 0.3, 0.4),
            (0.0, 0.0, 0.5),
            (1.0, 0.2, 0.0),
        ],
        [
            "Three straight lines: one rises, one is level, one falls. Where is each of them the lowest?",
            "The rising one is share / warmup. The falling one is 0 at share = 1 and 1 at share = 1 - decay.",
            "A ramp of length 0 has no slope to divide by: leave it out.",
        ],
        {
            "a warm-up or a decay of 0 divides by zero: such a ramp has to be left out.": _no_guard,
            "the decay begins right after the warm-up: it has to wait until only the share `decay` is left.": (
                _decays_at_once
            ),
            "`decay` is the length of the last part, not the place where it begins: that is 1 - decay.": (
                _decay_is_the_start
            ),
            "the last part rises from 0 to 1: it has to fall.": _wrong_way_down,
            "the warm-up is missing.": _no_warmup,
            "the decay at the end is missing.": _no_decay,
        },
    ),
    Exercise(
        best_lr,
        _loss_tables,
        [
            "First decide which learning rates are in the race at all, then compare means.",
            "None and NaN both mean diverged. NaN is not equal to anything, not even itself: ask math.isnan.",
            "min(means, key=means.get) gives the key with the lowest mean, and fails on an empty dictionary.",
        ],
        {
            "the diverged runs are left out of the mean, which flatters a learning rate that fails on some seeds: put "
            "the whole learning rate out of the race.": _survivors,
            "the lowest single loss decides: that rewards one lucky seed. Compare the means.": _lucky_seed,
            "a diverged run counts as zero, the best loss there is.": _diverged_is_zero,
            "NaN is not caught: every comparison with NaN is False, so it can pass as the minimum.": _only_none,
            "this is the lowest mean loss: return the learning rate that it belongs to.": _mean_not_lr,
            "this is the learning rate with the highest mean: a low loss is a good one.": _highest_mean,
            "when every learning rate had a diverged run, there is nothing to choose: return None.": _best_of_nothing,
        },
    ),
]
