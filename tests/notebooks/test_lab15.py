"""Lab 15's own functions, taken from its cells: goals, sweeps, refreshes, what is stored."""

import copy
import itertools

import gymnasium
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from notebook_code import compiled

import labhelpers as lab
from labhelpers.measures.returns import bellman

NOTEBOOK = "15-deep-q-learning.ipynb"
FUNCTIONS = [
    "film", "sweep", "q_learning", "q_network", "explore", "episode", "two_states", "newborn",
    "td_loss", "stepper", "tested", "agent", "predicted", "worlds", "newborn_away",
    "agent_away",
]  # fmt: skip


@pytest.fixture
def cells(session):
    scope = {
        "torch": torch, "F": F, "lab": lab, "np": np, "copy": copy, "gymnasium": gymnasium,
        "session": session, "gamma": 0.98, "lr": 1e-3, "batch_size": 16, "carts": 8,
        "refresh": 10, "warmup": 16, "ticks": 30, "epochs": 2, "limit": 30, "runs": 400,
        "world": lab.gridworld(["S...", ".H.H", "...H", "H..G"], slip=2 / 3), "lake_gamma": 0.95,
        "where": "Acrobot-v1", "away_ticks": 30, "away_epochs": 2, "away_limit": 15,
    }  # fmt: skip
    return compiled(NOTEBOOK, FUNCTIONS, scope)


def batch(terminated):
    generator = torch.Generator().manual_seed(0)
    obs, after = torch.randn(2, 6, 4, generator=generator)
    action = torch.tensor([0, 1, 1, 0, 1, 0])
    return obs, action, torch.ones(6), after, torch.tensor(terminated)


def test_the_sweep_is_bellman_s(cells):
    q = torch.randn(16, 4, dtype=torch.float64)
    torch.testing.assert_close(cells["sweep"](q), bellman(cells["world"], q, 0.95))


def test_both_learners_come_near_the_exact_values(cells):
    exact = lab.value_iteration(cells["world"], 0.95)
    live = ~cells["world"].ends
    table = (cells["q_learning"](0, 20_000) - exact)[live].abs().max()
    network = (cells["q_network"](0, 1_500) - exact)[live].abs().max()
    assert table < 0.25 and network < 0.15 and exact.max() > 0.6


def test_one_table_is_lured_and_two_are_less(cells):
    single, double = (
        np.mean([row["left"] for row in cells["two_states"](0, kind)][:10])
        for kind in ("single", "double")
    )
    assert single > 60 and double < 45


def test_the_loss_is_by_hand_that_of_the_goal(cells):
    torch.manual_seed(0)
    q, target = lab.QNetwork(4, 2), lab.QNetwork(4, 2)
    obs, action, reward, after, terminated = batch([False, True] * 3)
    loss, error = cells["td_loss"](q, target, (obs, action, reward, after, terminated)), 0.0
    for i in range(6):
        goal = 1.0 if terminated[i] else 1.0 + 0.98 * target(after)[i].max().item()
        error += (q(obs)[i, action[i]].item() - goal) ** 2 / 6
    assert loss.item() == pytest.approx(error, rel=1e-5)
    loss.backward()
    assert all(weight.grad is None for weight in target.parameters())


def test_after_an_end_nothing_counts_and_the_double_goal_is_no_higher(cells):
    torch.manual_seed(0)
    q, target = lab.QNetwork(4, 2), lab.QNetwork(4, 2)
    ends = batch([True] * 6)
    other = lab.QNetwork(4, 2)
    assert cells["td_loss"](q, target, ends) == cells["td_loss"](q, other, ends)
    still = [False] * 6
    same = cells["td_loss"](q, q, batch(still)), cells["td_loss"](q, q, batch(still), double=True)
    assert same[0] == same[1]  # one network: its own choice is its maximum
    huber = cells["td_loss"](q, target, ends, huber=True)
    now = q(ends[0]).gather(1, ends[1][:, None])[:, 0]
    torch.testing.assert_close(huber, F.smooth_l1_loss(now, ends[2]))


def test_the_copy_changes_at_refreshes_only(cells):
    state = cells["newborn"](0, 30)
    step, before = cells["stepper"](state, every=10), copy.deepcopy(state["target"].state_dict())
    for tick in range(9):
        step(torch.tensor([tick]))
    assert all(torch.equal(a, before[name]) for name, a in state["target"].state_dict().items())
    step(torch.tensor([9]))
    for name, weight in state["target"].state_dict().items():
        assert torch.equal(weight, state["q"].state_dict()[name])
    assert not torch.equal(weight, before[name])


def test_only_the_mistaken_agent_stores_the_clock_as_an_end(cells):
    stored = {}
    for mistaken in (False, True):
        state = cells["newborn"](0, 3)  # nobody falls within three steps
        step = cells["stepper"](state, clock_ends=mistaken)
        for tick in range(12):
            step(torch.tensor([tick]))
        stored[mistaken] = state["memory"].terminated[: len(state["memory"])]
    assert not stored[False].any() and stored[True].sum() == 8 * 4


def test_values_stay_below_their_bound_and_grow_as_sweeps_do(cells):
    """A pole that never falls: each refresh is one sweep, whatever the network's weights."""
    torch.manual_seed(0)
    q = lab.QNetwork(4, 2, width=8)
    obs, adam = torch.randn(32, 4), torch.optim.Adam(q.parameters(), 1e-2)
    still = torch.zeros(32, dtype=torch.bool)
    for k in range(1, 4):
        target = copy.deepcopy(q) if k > 1 else lambda x: torch.zeros(len(x), 2)
        for _ in range(400):
            loss = sum(
                cells["td_loss"](q, target, (obs, a, torch.ones(32), obs, still))
                for a in (torch.zeros(32, dtype=torch.int64), torch.ones(32, dtype=torch.int64))
            )
            adam.zero_grad()
            loss.backward()
            adam.step()
        found = q(obs).amax(dim=1)
        wanted = (1 - 0.98**k) / (1 - 0.98)
        torch.testing.assert_close(found, torch.full((32,), wanted), atol=0.1, rtol=0)
        assert found.max() < 50


def test_the_prediction_counts_sweeps(cells):
    cells |= {"ticks": 1000, "refresh": 100, "warmup": 1000}
    values = [cells["predicted"](epoch) for epoch in (1, 2, 1000)]
    assert values[0] == pytest.approx(50 * (1 - 0.98**9)) and values[2] == pytest.approx(50)
    assert all(a < b for a, b in itertools.pairwise(values))


def test_an_agent_is_the_same_again_and_its_numbers_have_their_bounds(cells):
    first, second = (cells["agent"](seed=1) for _ in range(2))
    assert first.history == second.history and len(first.history) == 2
    assert all(1 <= row[name] <= 30 for row in first.history for name in ("greedy", "sampled"))


def test_the_same_step_learns_in_a_world_of_gymnasium_s(cells):
    run = cells["agent_away"](seed=1)
    assert cells["agent_away"](seed=1).history == run.history and len(run.history) == 2
    assert all(row["greedy"] == -15 for row in run.history)  # Acrobot: −1 a step, no luck so soon
    assert len(run.state["memory"]) == 4 * 30 * 2 and run.state["world"].observations == 6
    before = cells["newborn_away"](1)["q"].state_dict()
    assert any(not torch.equal(a, before[k]) for k, a in run.state["q"].state_dict().items())


def test_a_film_shows_one_episode(cells):
    seen = cells["film"](lambda obs: torch.ones(len(obs), dtype=torch.int64), 1)
    assert seen.shape[1] == 4 and len(seen) < 12 and seen[-1, 2].abs() > 0.2
    assert len(lab.plot_film(seen).patches) == len(seen)
    with pytest.raises(ValueError, match=r"\(T, 4\)"):
        lab.plot_film(seen[:, :3])
