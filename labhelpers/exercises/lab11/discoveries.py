"""Lab 11, exercise `discoveries`."""

from __future__ import annotations

from labhelpers.exercises.grading import Exercise


def discoveries(p, level=0.05):
    """Everything up to the largest p-value that lies on or below the line k / m · level."""
    ranks = [k for k, value in enumerate(sorted(p), start=1) if value <= k / len(p) * level]
    largest = sorted(p)[ranks[-1] - 1] if ranks else -1.0
    return [value <= largest for value in p]


def _inputs():
    return [
        ([0.041, 0.003, 0.030, 0.2, 0.013, 0.9, 0.0228, 0.001],),
        ([0.5, 0.6, 0.04],),
        ([0.012, 0.001, 0.8, 0.021], 0.05),
        ([0.03, 0.11, 0.09, 0.7, 0.075], 0.2),
        ([0.045, 0.035, 0.041, 0.049],),
        ([0.9, 0.025],),  # exactly on the line
        ([0.01, 0.7, 0.01],),  # two of the same size
    ]


exercise = Exercise(
    discoveries,
    _inputs,
    hints=[
        "Sort, and give each p-value its rank k from 1 to m.",
        (
            "Find the largest k with p_k <= k / m * level; it need not be the first that "
            "fails minus one."
        ),
        "All p-values up to that one count. Then go back to the order in which they came.",
    ],
)


@exercise.mistake("nothing is corrected: each p-value is compared with the level itself.")
def _uncorrected(p, level=0.05):
    return [value <= level for value in p]


@exercise.mistake("this is Bonferroni: one line for all. Here the line rises with the rank.")
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


@exercise.mistake("this is Holm: he keeps single false stars away. Here the line is k / m · level.")
def _holm(p, level=0.05):
    return _until_the_first_miss(p, lambda k: level / (len(p) - k + 1))


@exercise.mistake(
    "do not stop at the first that fails: a later one may lie below the line again, and "
    "then all before it count too."
)
def _stops_at_the_first_miss(p, level=0.05):
    return _until_the_first_miss(p, lambda k: k / len(p) * level)


@exercise.mistake("all p-values up to the largest rank below the line count, also those above it.")
def _each_for_itself(p, level=0.05):
    found = [False] * len(p)
    for k, i in enumerate(sorted(range(len(p)), key=p.__getitem__), start=1):
        found[i] = p[i] <= k / len(p) * level
    return found


@exercise.mistake("the answers stand in sorted order: give them in the order of the p-values.")
def _in_sorted_order(p, level=0.05):
    return discoveries(sorted(p), level)


@exercise.mistake("ranks start at 1: the smallest p-value is compared with level / m, not with 0.")
def _ranks_from_zero(p, level=0.05):
    ranks = [k for k, value in enumerate(sorted(p)) if value <= k / len(p) * level]
    largest = sorted(p)[ranks[-1]] if ranks else -1.0
    return [value <= largest for value in p]
