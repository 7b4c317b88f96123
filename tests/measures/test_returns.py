"""Exact values against equations, returns by hand, summaries against SciPy."""

import numpy as np
import pytest
import scipy.stats
import torch

import labhelpers as lab
from labhelpers.measures.returns import bellman

LAKE = ["S...", ".H.H", "...H", "H..G"]


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.95, 0.99])
def test_values_solve_bellman_s_equation(gamma):
    world = lab.gridworld(LAKE, slip=2 / 3)
    q = lab.value_iteration(world, gamma)
    torch.testing.assert_close(bellman(world, q, gamma), q, atol=1e-11, rtol=0)
    assert (q >= 0).all() and (q <= 1).all() and not q[world.ends].any()


def test_values_are_those_of_their_best_policy_by_linear_equations():
    world, gamma = lab.gridworld(LAKE, slip=2 / 3), 0.95
    q = lab.value_iteration(world, gamma)
    chosen = world.transitions[torch.arange(16), q.argmax(dim=1)]  # (S, S)
    going_on = (~world.ends).double()
    pays = going_on * (chosen @ world.rewards)
    matrix = torch.eye(16, dtype=torch.float64) - gamma * going_on[:, None] * chosen * going_on
    torch.testing.assert_close(torch.linalg.solve(matrix, pays), q.amax(dim=1))
    assert q[0].max().item() == pytest.approx(0.1805, abs=5e-5)


def test_each_sweep_shrinks_the_error_by_gamma():
    world, gamma = lab.gridworld(LAKE, slip=2 / 3), 0.9
    exact, q = lab.value_iteration(world, gamma), torch.randn(16, 4, dtype=torch.float64)
    for _ in range(20):
        better = bellman(world, q, gamma)
        assert (better - exact).abs().max() <= gamma * (q - exact).abs().max() + 1e-12
        q = better


@pytest.mark.parametrize("words", [{"gamma": 1.0}, {"gamma": -0.1}, {"gamma": 0.9, "tolerance": 0}])
def test_value_iteration_refuses_what_never_ends(words):
    with pytest.raises(ValueError, match="not allowed"):
        lab.value_iteration(lab.gridworld(["S.G"]), **words)


def test_play_counts_first_episodes_only():
    carts = lab.CartPole(n=50, seed=0)
    counts, running = torch.zeros(50), torch.ones(50, dtype=torch.bool)
    while running.any():
        step = carts.step(torch.ones(50, dtype=torch.int64))
        counts += running
        running &= ~step.terminated
    found = lab.play(lambda obs: torch.ones(len(obs), dtype=torch.int64), lab.CartPole(50, seed=0))
    assert torch.equal(found, counts) and counts.max() < 12


def test_play_ends_at_the_limit():
    def upright(obs):
        return (obs @ torch.tensor([0.1, 0.5, 1.0, 1.0]) > 0).long()

    assert (lab.play(upright, lab.CartPole(20, seed=0, limit=60)) == 60).all()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 10, 23])
def test_the_interquartile_mean_is_scipy_s_trimmed_mean(n):
    values = np.random.default_rng(n).exponential(size=n)
    assert lab.interquartile_mean(values) == pytest.approx(scipy.stats.trim_mean(values, 0.25))


def test_the_bootstrap_is_scipy_s():
    values = np.random.default_rng(0).normal(size=40)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=5000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert lab.bootstrap(values, np.mean, draws=5000) == pytest.approx(tuple(theirs), abs=0.02)
    assert lab.bootstrap(values) == lab.bootstrap(values) != lab.bootstrap(values, seed=1)


@pytest.mark.parametrize("values", [[], [1.0, np.nan], [[1.0]]])
def test_summaries_refuse_what_is_no_row_of_numbers(values):
    with pytest.raises(ValueError, match="finite numbers"):
        lab.interquartile_mean(values)
