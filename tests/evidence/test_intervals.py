"""Intervals: worked numbers, coverage by simulation, bounds, pairs, and sentences for bad input."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import labhelpers as lab
from labhelpers.evidence.planning import seeds_to_decide


def table(first, second, seeds=None, **more):
    seeds = range(len(first)) if seeds is None else seeds
    rows = [{"kind": "a", "seed": s, "loss": v, **more} for s, v in zip(seeds, first, strict=True)]
    rows += [{"kind": "b", "seed": s, "loss": v} for s, v in zip(seeds, second, strict=True)]
    return pd.DataFrame(rows)


def difference(rows, **more):
    return lab.difference(rows, "loss", "a", "b", by="kind", **more)


def ratio(rows, **more):
    return lab.ratio(rows, "loss", "a", "b", by="kind", **more)


# Values


def test_a_mean_has_students_interval():
    values = [1.0, 2.0, 4.0, 7.0]
    found = lab.interval(values)
    low, high = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (found.mean, found.low, found.high) == pytest.approx((3.5, low, high))
    assert (
        found.n == 4
        and found.level == 0.95
        and found.spread == pytest.approx(np.std(values, ddof=1))
    )


def test_a_difference_is_paired_by_seed_whatever_the_order_of_rows():
    rows = table([3.0, 5.0, 8.0], [1.0, 2.0, 6.0])
    expected = lab.interval([2.0, 3.0, 2.0])
    assert difference(rows) == difference(rows.sample(frac=1, random_state=0)) == expected


def test_a_ratio_is_geometric_and_its_inverse_is_the_inverse():
    rows = table([2.0, 8.0], [1.0, 1.0])
    assert ratio(rows).mean == pytest.approx(4.0)
    back = lab.ratio(rows, "loss", "b", "a", by="kind")
    assert (1 / back.high, 1 / back.low) == pytest.approx((ratio(rows).low, ratio(rows).high))


@pytest.mark.parametrize(("k", "n"), [(0, 1), (0, 20), (3, 20), (20, 20), (77, 1000)])
def test_a_proportion_has_the_exact_interval(k, n):
    found, exact = lab.proportion(k, n), stats.binomtest(k, n).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    assert found.high > found.low  # never of width 0


def test_a_family_shares_one_level():
    assert lab.interval([1.0, 2.0], family=5).level == pytest.approx(0.99)
    wide, narrow = difference(table([1, 2, 4], [0, 0, 0]), family=3), lab.interval([1, 2, 4])
    assert wide.high - wide.low > narrow.high - narrow.low
    assert lab.proportion(1, 9, family=2).level == pytest.approx(0.975)


def test_a_factor_changes_the_unit_and_a_sign_turns_it():
    found = 100 * lab.interval([0.5, 0.7, 0.6], bounds=(0, 1))
    assert found == lab.interval(
        [50.0, 70.0, 60.0], bounds=(0, 100)
    ) or found.mean == pytest.approx(60)
    assert found.bounds == (0, 100) and -found.low == pytest.approx((-found).high)
    rows = table([2.0, 8.0], [1.0, 1.0])
    with pytest.raises(ValueError, match="multiply by a positive number"):
        -ratio(rows)


# Bounds


def test_no_interval_leaves_its_bounds():
    found = lab.interval([0.99, 1.0, 0.95], bounds=(0, 1))
    assert found.high == 1.0 and found.low < 0.95
    assert lab.interval([0.0, 0.01], bounds=(0, 1)).low == 0.0


@pytest.mark.parametrize("value", [0.0, 100.0])
def test_values_that_are_all_a_bound_are_not_certain(value):
    found = lab.interval([value] * 5, bounds=(0, 100))
    assert found.mean == value and found.high - found.low == pytest.approx(52.2, abs=0.1)
    assert found.low >= 0 and found.high <= 100


def test_one_value_says_nothing():
    assert lab.interval([3.0]).low == -math.inf
    found = lab.interval([0.3], bounds=(0, 1))
    assert (found.low, found.high) == (0, 1)


# Coverage


def coverage(draw, truth, repeats=4000):
    rng = np.random.default_rng(0)
    found = [draw(rng) for _ in range(repeats)]
    return np.mean([interval.low <= truth <= interval.high for interval in found])


@pytest.mark.parametrize("family", [1, 4])
def test_coverage_of_a_mean(family):
    covered = coverage(lambda rng: lab.interval(rng.normal(2, 3, 5), family=family), 2)
    assert covered == pytest.approx(1 - 0.05 / family, abs=0.015)


def test_coverage_of_a_bounded_mean():
    covered = coverage(lambda rng: lab.interval(rng.uniform(0, 1, 6), bounds=(0, 1)), 0.5)
    assert covered == pytest.approx(0.95, abs=0.015)


def test_coverage_of_a_paired_difference():
    def draw(rng):
        shared = rng.normal(0, 10, 5)
        return difference(table(shared + rng.normal(1, 1, 5), shared))

    assert coverage(draw, 1, repeats=500) == pytest.approx(0.95, abs=0.02)


def test_coverage_of_a_ratio():
    def draw(rng):
        return ratio(table(np.exp(rng.normal(1, 0.5, 5)), np.exp(rng.normal(0, 0.5, 5))))

    assert coverage(draw, math.e, repeats=500) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_coverage_of_a_proportion_is_at_least_nominal(share):
    assert coverage(lambda rng: lab.proportion(rng.binomial(30, share), 30), share) >= 0.945


# Planning


@pytest.mark.parametrize(("effect", "margin"), [(1.0, None), (0.6, None), (0.1, 1.0)])
def test_the_planned_number_of_seeds_decides_four_times_in_five(effect, margin):
    seen = lab.Interval(effect, effect - 2, effect + 2, 5, spread=1.2)
    n = seeds_to_decide(seen, 0.0, margin)
    rng = np.random.default_rng(1)

    def decided():
        found = lab.interval(rng.normal(effect, 1.2, n))
        return found.low > 0 or (margin is not None and -margin < found.low and found.high < margin)

    assert np.mean([decided() for _ in range(2000)]) == pytest.approx(0.8, abs=0.06)


def test_no_number_of_seeds_decides_an_effect_of_zero():
    assert seeds_to_decide(lab.Interval(0.0, -1, 1, 5, spread=1.0), 0.0, None) is None
    assert seeds_to_decide(lab.Interval(0.0, -1, 1, 5, spread=1.0), 0.0, 0.5) > 5


def test_ratios_are_planned_on_the_log_scale():
    up = lab.Interval(2.0, 0.5, 8.0, 5, scale="log", spread=1.0)
    down = lab.Interval(0.5, 0.125, 2.0, 5, scale="log", spread=1.0)
    assert seeds_to_decide(up, 1.0, None) == seeds_to_decide(down, 1.0, None)


# The door


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lab.interval([]), "there are no values"),
        (lambda: lab.interval([1.0, math.nan]), "1 of 2 values are not finite, such as nan"),
        (lambda: lab.interval([1.0, math.inf]), "not finite, such as inf"),
        (lambda: lab.interval([1.0], family=0), "family=0 is not allowed"),
        (lambda: lab.interval([1.0], family=True), "family=True is not allowed"),
        (lambda: lab.interval([1.2, 0.3], bounds=(0, 1)), "1.2 lies outside the bounds 0 to 1"),
        (lambda: lab.proportion(3, 2), "3 of 2 is no share of cases"),
        (lambda: lab.proportion(-1, 2), "-1 of 2 is no share of cases"),
        (lambda: lab.proportion(0, 0), "0 of 0 is no share of cases"),
        (lambda: lab.proportion(0.5, 2), "0.5 of 2 is no share of cases"),
        (lambda: lab.Interval(math.nan, 0, 1, 3), "cannot hold NaN"),
        (lambda: lab.Interval(2, 0, 1, 3), "have to be in order"),
        (lambda: ratio(table([1.0, 0.0], [1.0, 1.0])), "loss has the value 0.0"),
        (lambda: difference(table([1.0, math.nan], [1.0, 1.0])), "not finite"),
        (lambda: lab.difference(table([1], [2]), "los", "a", "b", by="kind"), "no column 'los'"),
        (lambda: lab.difference(table([1], [2]), "loss", "a", "bb", by="kind"), "did you mean 'b'"),
        (lambda: lab.difference(table([1], [2]), "loss", "a", "x", by="kind"), "there are a, b"),
    ],
)
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises(ValueError, match=words.replace("?", r"\?")):
        call()


def test_missing_pairs_are_named():
    rows = table([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    with pytest.raises(
        ValueError, match="do not have the same seeds: 1, 2 are in one of them only"
    ):
        difference(rows[~((rows.kind == "b") & rows.seed.isin([1, 2]))])


def test_several_rows_for_a_seed_name_the_column_that_varies():
    rows = pd.concat([table([1.0], [2.0]).assign(depth=depth) for depth in (2, 40)])
    with pytest.raises(
        ValueError, match=r"has 2 rows for seed 0: choose one first; .* differ depth"
    ):
        difference(rows)


def test_where_the_values_come_from_travels_with_the_interval():
    rows = table([1.0, 2.0], [0.5, 0.5])
    rows.attrs = {"sources": {"mnist": "mnist, stand-in"}}
    assert difference(rows[rows.seed < 2]).about == ratio(rows).about == rows.attrs


# What would have given a wrong verdict without a word


def test_a_level_is_not_compared_with_itself():
    with pytest.raises(ValueError, match="kind='a' is compared with itself"):
        lab.difference(table([1.0, 2.0], [3.0, 5.0]), "loss", "a", "a", by="kind")


def test_a_level_of_another_type_is_named_as_it_is():
    rows = table([1.0], [2.0]).assign(depth=[2, 40])
    with pytest.raises(ValueError, match=r"depth has no level '40': did you mean 40\?"):
        lab.difference(rows, "loss", "40", 2, by="depth")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("123", "not '123'"),
        ({1: 2.0, 3: 4.0}, "not {1: 2.0"),
        (3.0, "not 3.0"),
        ([1.0, None], "None is none"),
        ([[1.0], [2.0]], r"\[1.0\] is none"),
    ],
)
def test_what_is_no_row_of_numbers_is_refused(values, words):
    with pytest.raises(TypeError, match=f"values must be numbers, one for each seed.*{words}"):
        lab.interval(values)


def test_a_metric_without_numbers_is_named():
    rows = table([1.0], [2.0]).assign(curve=[[1.0], [2.0]])
    with pytest.raises(TypeError, match="curve must be numbers"):
        lab.difference(rows, "curve", "a", "b", by="kind")


def test_rows_that_hold_lists_can_vary_too():
    rows = pd.concat([table([1.0], [2.0]).assign(curve=[[end], [end]]) for end in (2, 40)])
    with pytest.raises(ValueError, match="between them differ curve"):
        difference(rows)


def test_equal_values_never_leave_their_bounds_by_rounding():
    rng = np.random.default_rng(0)
    for value, n in zip(rng.uniform(0.01, 200, 2000), rng.integers(1, 30, 2000), strict=True):
        assert lab.interval([value] * n, bounds=(0, value)).mean == value


def test_values_at_the_only_bound_leave_everything_open():
    found = lab.interval([0.0, 0.0, 0.0], bounds=(0, math.inf))
    assert (found.low, found.high) == (0, math.inf)


@pytest.mark.parametrize("bounds", [(1, 0), (math.nan, 1), (0,), 1, "01", (0, None)])
def test_bounds_are_two_ends(bounds):
    with pytest.raises(ValueError, match="use the lower and the upper end"):
        lab.interval([0.5, 0.6], bounds=bounds)


@pytest.mark.parametrize("factor", [0, math.nan, math.inf])
def test_a_factor_that_changes_no_unit_is_refused(factor):
    with pytest.raises(ValueError, match="says nothing"):
        factor * lab.interval([0.1, 0.2])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"n": 0}, "n=0"),
        ({"n": 5, "level": 95}, "level=95"),
        ({"n": 5, "scale": "logarithmic"}, "scale='logarithmic'"),
        ({"n": 5, "scale": "log", "low": -1}, "a ratio is never negative"),
    ],
)
def test_an_interval_made_by_hand_is_looked_at(more, words):
    with pytest.raises(ValueError, match=words):
        lab.Interval(**{"mean": 1, "low": 0, "high": 2} | more)


def test_a_ratio_beyond_all_floats_ends_in_infinity():
    assert ratio(table([1e308, 1e307], [1e-308, 1e-308])).high == math.inf


def test_a_column_remembers_where_it_was_measured():
    rows = table([1.0, 2.0], [0.5, 0.5])
    rows.attrs = {"sources": {"mnist": "mnist, stand-in"}}
    assert lab.interval(rows[rows.kind == "a"].loss).about == rows.attrs


@pytest.mark.parametrize(("k", "n", "line"), [(6, 10, 0.5), (2, 10, 0.5), (18, 20, 0.8)])
def test_the_planned_number_of_cases_decides_four_times_in_five(k, n, line):
    needed = seeds_to_decide(lab.proportion(k, n), line, None)
    assert needed == seeds_to_decide(100 * lab.proportion(k, n), 100 * line, None)
    drawn = np.random.default_rng(3).binomial(needed, k / n, 1500)
    found = {int(many): lab.proportion(int(many), needed) for many in set(drawn)}
    decided = [found[many].low > line or found[many].high < line for many in drawn]
    assert 0.77 <= np.mean(decided) <= 0.9
