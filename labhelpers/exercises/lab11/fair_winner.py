"""Lab 11, exercise `fair_winner`."""

# mypy: disable-error-code="arg-type"
# (`key=means.get`, which students write too, has a type that mypy does not accept)

from __future__ import annotations

import statistics

from labhelpers.exercises.grading import Exercise


def fair_winner(errors):
    """The mean over seeds first, then the best learning rate of each variant, then the best
    variant.
    """
    means = {
        (variant, lr): statistics.fmean(e)
        for variant, rates in errors.items()
        for lr, e in rates.items()
    }
    return min(means, key=means.get)


def _error_tables():
    return [
        (
            {
                "kernel 5": {
                    0.001: [0.050, 0.054, 0.052],
                    0.003: [0.047, 0.051, 0.048],
                    0.01: [0.075, 0.036, 0.080],
                },
                "batch norm": {
                    0.001: [0.060, 0.058, 0.059],
                    0.003: [0.046, 0.049, 0.047],
                    0.01: [0.040, 0.042, 0.039],
                },
                "tanh": {
                    0.001: [0.049, 0.050, 0.048],
                    0.003: [0.052, 0.050, 0.051],
                    0.01: [0.053, 0.052, 0.054],
                },
            },
        ),
        (
            {
                "SGD": {0.01: [0.40, 0.42], 0.1: [0.10, 0.11], 1.0: [0.90, 0.90]},
                "Adam": {0.01: [0.12, 0.13], 0.1: [0.35, 0.30], 1.0: [0.60, 0.70]},
                "RMSprop": {0.01: [0.20, 0.15], 0.1: [0.09, 0.27], 1.0: [0.40, 0.50]},
            },
        ),
        (  # the better median has the worse mean
            {
                "wide": {0.01: [0.05, 0.06, 0.05], 0.1: [0.04, 0.03, 0.20]},
                "deep": {0.01: [0.07, 0.08, 0.07], 0.1: [0.06, 0.07, 0.09]},
            },
        ),
        (  # more seeds have the larger sum
            {
                "wide": {0.01: [0.05, 0.04, 0.05, 0.04], 0.1: [0.06, 0.07, 0.06, 0.05]},
                "deep": {0.01: [0.08, 0.09], 0.1: [0.07, 0.06]},
            },
        ),
    ]


exercise = Exercise(
    fair_winner,
    _error_tables,
    hints=[
        "First give each pair of variant and learning rate one number.",
        "That number is the mean over seeds; the lowest of all pairs wins.",
        "min(means, key=means.get) returns the key of the smallest value.",
    ],
)


@exercise.mistake(
    "this takes the luckiest seed: one lucky run says little about a setting. Average over "
    "seeds first."
)
def _luckiest_seed(errors):
    lowest = {(variant, lr): min(e) for variant, rates in errors.items() for lr, e in rates.items()}
    return min(lowest, key=lowest.get)


@exercise.mistake(
    "all variants are compared at the same learning rate: that favours those for which it was made."
)
def _first_rate_for_all(errors):
    lr = next(iter(next(iter(errors.values()))))
    return min(
        ((variant, lr) for variant in errors),
        key=lambda pair: statistics.fmean(errors[pair[0]][lr]),
    )


@exercise.mistake(
    "the learning rates are averaged: a variant is then punished for rates that nobody would use."
)
def _mean_over_rates(errors):
    def over_all(variant):
        return statistics.fmean(value for values in errors[variant].values() for value in values)

    variant = min(errors, key=over_all)
    return variant, min(errors[variant], key=lambda lr: statistics.fmean(errors[variant][lr]))


@exercise.mistake("these are errors: the lowest wins.")
def _highest(errors):
    means = {
        (variant, lr): statistics.fmean(e)
        for variant, rates in errors.items()
        for lr, e in rates.items()
    }
    return max(means, key=means.get)


@exercise.mistake("only the first seed is used: average over all.")
def _first_seed(errors):
    first = {(variant, lr): e[0] for variant, rates in errors.items() for lr, e in rates.items()}
    return min(first, key=first.get)


@exercise.mistake("return the learning rate too: (variant, lr).")
def _variant_only(errors):
    return fair_winner(errors)[0]


@exercise.mistake(
    "one learning rate is shared by all, the best on average: each variant has a best one of its "
    "own."
)
def _one_rate_for_all(errors):
    def over_variants(lr):
        return statistics.fmean(statistics.fmean(rates[lr]) for rates in errors.values())

    lr = min(next(iter(errors.values())), key=over_variants)
    return min(errors, key=lambda variant: statistics.fmean(errors[variant][lr])), lr


@exercise.mistake("these are sums over seeds: whoever ran more of them loses. Take the mean.")
def _sums(errors):
    sums = {(variant, lr): sum(e) for variant, rates in errors.items() for lr, e in rates.items()}
    return min(sums, key=sums.get)
