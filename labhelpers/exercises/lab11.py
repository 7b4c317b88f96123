"""Lab 11: a fair winner, an interaction on the logarithmic scale, false discoveries."""

from __future__ import annotations

import math
import statistics

from labhelpers.exercises import Exercise


def fair_winner(errors):
    """The mean over seeds first, then the best learning rate of each variant, then the best variant."""
    means = {(variant, lr): statistics.fmean(e) for variant, rates in errors.items() for lr, e in rates.items()}
    return min(means, key=means.get)


def _luckiest_seed(errors):
    lowest = {(variant, lr): min(e) for variant, rates in errors.items() for lr, e in rates.items()}
    return min(lowest, key=lowest.get)


def _first_rate_for_all(errors):
    lr = next(iter(next(iter(errors.values()))))
    return min(((variant, lr) for variant in errors), key=lambda pair: statistics.fmean(errors[pair[0]][lr]))


def _mean_over_rates(errors):
    def over_all(variant):
        return statistics.fmean(value for values in errors[variant].values() for value in values)

    variant = min(errors, key=over_all)
    return variant, min(errors[variant], key=lambda lr: statistics.fmean(errors[variant][lr]))


def _highest(errors):
    means = {(variant, lr): statistics.fmean(e) for variant, rates in errors.items() for lr, e in rates.items()}
    return max(means, key=means.get)


def _first_seed(errors):
    first = {(variant, lr): e[0] for variant, rates in errors.items() for lr, e in rates.items()}
    return min(first, key=first.get)


def _variant_only(errors):
    return fair_winner(errors)[0]


def log_interaction(base, first, second, both):
    """What both do, less what each does alone, per seed."""
    seeds = zip(base, first, second, both, strict=True)
    return statistics.fmean(math.log2(d / a) - math.log2(b / a) - math.log2(c / a) for a, b, c, d in seeds)


def _baseline_forgotten(base, first, second, both):
    seeds = zip(first, second, both, strict=True)
    return statistics.fmean(math.log2(d) - math.log2(b) - math.log2(c) for b, c, d in seeds)


def _baseline_subtracted(base, first, second, both):
    seeds = zip(base, first, second, both, strict=True)
    return statistics.fmean(math.log2(d) - math.log2(b) - math.log2(c) - math.log2(a) for a, b, c, d in seeds)


def _plain_differences(base, first, second, both):
    seeds = zip(base, first, second, both, strict=True)
    return statistics.fmean(d - b - c + a for a, b, c, d in seeds)


def _upside_down(base, first, second, both):
    return -log_interaction(base, first, second, both)


def _natural_logarithm(base, first, second, both):
    return log_interaction(base, first, second, both) * math.log(2)


def _logarithm_of_means(base, first, second, both):
    return math.log2(
        statistics.fmean(both) * statistics.fmean(base) / (statistics.fmean(first) * statistics.fmean(second))
    )


def _ratio(base, first, second, both):
    return statistics.fmean(d * a / (b * c) for a, b, c, d in zip(base, first, second, both, strict=True))


def discoveries(p, level=0.05):
    """Everything up to the largest p-value that lies on or below the line k / m · level."""
    ranks = [k for k, value in enumerate(sorted(p), start=1) if value <= k / len(p) * level]
    largest = sorted(p)[ranks[-1] - 1] if ranks else -1.0
    return [value <= largest for value in p]


def _uncorrected(p, level=0.05):
    return [value <= level for value in p]


def _bonferroni(p, level=0.05):
    return [value <= level / len(p) for value in p]


def _until_the_first_miss(p, line):
    """True from the smallest p-value up to the first, of rank k from 1, that lies above line(k)."""
    found = [False] * len(p)
    for k, i in enumerate(sorted(range(len(p)), key=p.__getitem__), start=1):
        if p[i] > line(k):
            break
        found[i] = True
    return found


def _holm(p, level=0.05):
    return _until_the_first_miss(p, lambda k: level / (len(p) - k + 1))


def _stops_at_the_first_miss(p, level=0.05):
    return _until_the_first_miss(p, lambda k: k / len(p) * level)


def _each_for_itself(p, level=0.05):
    found = [False] * len(p)
    for k, i in enumerate(sorted(range(len(p)), key=p.__getitem__), start=1):
        found[i] = p[i] <= k / len(p) * level
    return found


def _in_sorted_order(p, level=0.05):
    return discoveries(sorted(p), level)


def _ranks_from_zero(p, level=0.05):
    ranks = [k for k, value in enumerate(sorted(p)) if value <= k / len(p) * level]
    largest = sorted(p)[ranks[-1]] if ranks else -1.0
    return [value <= largest for value in p]


def _error_tables():
    return [
        (
            {
                "kernel 5": {0.001: [0.050, 0.054, 0.052], 0.003: [0.047, 0.051, 0.048], 0.01: [0.075, 0.036, 0.080]},
                "batch norm": {0.001: [0.060, 0.058, 0.059], 0.003: [0.046, 0.049, 0.047], 0.01: [0.040, 0.042, 0.039]},
                "tanh": {0.001: [0.049, 0.050, 0.048], 0.003: [0.052, 0.050, 0.051], 0.01: [0.053, 0.052, 0.054]},
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
    ]


def _corners():
    return [
        ([0.08, 0.10, 0.06], [0.04, 0.06, 0.05], [0.05, 0.05, 0.03], [0.03, 0.04, 0.03]),
        ([0.20, 0.10], [0.10, 0.05], [0.05, 0.04], [0.025, 0.02]),
        ([0.05, 0.04, 0.06, 0.05], [0.02, 0.03, 0.03, 0.02], [0.04, 0.02, 0.05, 0.03], [0.01, 0.01, 0.02, 0.01]),
    ]


EXERCISES = [
    Exercise(
        fair_winner,
        _error_tables,
        [
            "First give each pair of variant and learning rate one number.",
            "That number is the mean over seeds; the lowest of all pairs wins.",
            "min(means, key=means.get) returns the key of the smallest value.",
        ],
        {
            "this takes the luckiest seed: one lucky run says little about a setting. Average over seeds first.": (
                _luckiest_seed
            ),
            "all variants are compared at the same learning rate: that favours those for which it was made.": (
                _first_rate_for_all
            ),
            "the learning rates are averaged: a variant is then punished for rates that nobody would use.": (
                _mean_over_rates
            ),
            "these are errors: the lowest wins.": _highest,
            "only the first seed is used: average over all.": _first_seed,
            "return the learning rate too: (variant, lr).": _variant_only,
        },
    ),
    Exercise(
        log_interaction,
        _corners,
        [
            "On the logarithmic scale an effect is log2(changed / base). There are three of them.",
            "If ratios multiply, logarithms add: what do you expect of both, and what did you get?",
            "Per seed log2(both / base) - log2(first / base) - log2(second / base), then the mean.",
        ],
        {
            "the baseline is missing: each of the three effects is relative to it.": _baseline_forgotten,
            "the baseline enters with the wrong sign: log2 of it is added once in the end.": _baseline_subtracted,
            "these are plain differences of errors: two changes that each halve the errors would seem to interact. "
            "Take logarithms.": _plain_differences,
            "the sign is turned round: both, less what the two promise.": _upside_down,
            "this is the natural logarithm: doublings need math.log2.": _natural_logarithm,
            "the errors are averaged before the logarithm: pair by seed first, and average last.": _logarithm_of_means,
            "this is the ratio itself: take its base-2 logarithm before averaging.": _ratio,
        },
    ),
    Exercise(
        discoveries,
        lambda: [
            ([0.041, 0.003, 0.030, 0.2, 0.013, 0.9, 0.0228, 0.001],),
            ([0.5, 0.6, 0.04],),
            ([0.012, 0.001, 0.8, 0.021], 0.05),
            ([0.03, 0.11, 0.09, 0.7, 0.075], 0.2),
            ([0.045, 0.035, 0.041, 0.049],),
            ([0.9, 0.025],),  # exactly on the line
            ([0.01, 0.7, 0.01],),  # two of the same size
        ],
        [
            "Sort, and give each p-value its rank k from 1 to m.",
            "Find the largest k with p_k <= k / m * level; it need not be the first that fails minus one.",
            "All p-values up to that one count. Then go back to the order in which they came.",
        ],
        {
            "nothing is corrected: each p-value is compared with the level itself.": _uncorrected,
            "this is Bonferroni: one line for all. Here the line rises with the rank.": _bonferroni,
            "this is Holm: he keeps single false stars away. Here the line is k / m · level.": _holm,
            "do not stop at the first that fails: a later one may lie below the line again, and then all before it "
            "count too.": _stops_at_the_first_miss,
            "all p-values up to the largest rank below the line count, also those above it.": _each_for_itself,
            "the answers stand in sorted order: give them in the order of the p-values.": _in_sorted_order,
            "ranks start at 1: the smallest p-value is compared with level / m, not with 0.": _ranks_from_zero,
        },
    ),
]
