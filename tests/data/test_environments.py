"""CartPole against gymnasium's, grids against FrozenLake, the replay memory's ring."""

import gymnasium
import numpy as np
import pytest
import torch

import labhelpers as lab
from labhelpers.data.environments import Step

MAP = ["S...", ".H.H", "...H", "H..G"]


def test_carts_move_as_gymnasium_s_until_their_episodes_end():
    theirs = gymnasium.make("CartPole-v1").unwrapped
    theirs.reset(seed=0)
    carts, draw, steps = lab.CartPole(n=1, seed=3), np.random.default_rng(0), 0
    for _ in range(12):
        while True:
            # Step by step from the same place: errors of rounding must not add up.
            theirs.state = carts.obs[0].double().numpy()
            theirs.steps_beyond_terminated = None
            # Push against the lean most of the time, so that episodes are not all short.
            lean = int(carts.obs[0, 2] + carts.obs[0, 3] > 0)
            action = lean if draw.random() < 0.8 else int(draw.integers(2))
            after, reward, terminated, _, _ = theirs.step(action)
            step = carts.step(torch.tensor([action]))
            np.testing.assert_allclose(step.after[0], after, atol=1e-5)
            assert bool(step.terminated) == terminated and float(step.reward) == reward
            steps += 1
            if terminated or step.truncated:
                break
    assert steps > 500


def test_a_cart_that_is_over_starts_anew_and_tells_where_it_ended():
    carts = lab.CartPole(n=3, seed=0)
    carts.obs[1] = torch.tensor([2.39, 3.0, 0.0, 0.0])
    step = carts.step(torch.tensor([0, 1, 0]))
    assert step.terminated.tolist() == [False, True, False]
    assert step.after[1, 0] > 2.4 and carts.obs[1].abs().max() <= 0.05
    torch.testing.assert_close(carts.obs[0], step.after[0])
    assert carts.age.tolist() == [1, 0, 1]


def test_the_clock_truncates_and_does_not_terminate():
    carts = lab.CartPole(n=2, seed=0, limit=3)
    found = [carts.step(torch.tensor([k % 2, k % 2])) for k in range(3)]
    assert [step.truncated.any().item() for step in found] == [False, False, True]
    assert not any(step.terminated.any() for step in found) and carts.age.tolist() == [0, 0]
    assert Step._fields == ("after", "reward", "terminated", "truncated")


def test_what_fails_at_the_last_moment_is_terminated_only():
    carts = lab.CartPole(n=1, seed=0, limit=1)
    carts.obs[0, 0] = 3.0
    step = carts.step(torch.tensor([0]))
    assert step.terminated.item() and not step.truncated.item()


def test_a_state_dict_brings_back_the_carts_and_their_luck():
    first = lab.CartPole(n=8, seed=1)
    actions = torch.randint(2, (200, 8), generator=torch.Generator().manual_seed(0))
    for action in actions[:100]:
        first.step(action)
    second = lab.CartPole(n=8, seed=99)
    second.load_state_dict(first.state_dict())
    for action in actions[100:]:
        for a, b in zip(first.step(action), second.step(action), strict=True):
            assert torch.equal(a, b)
        assert torch.equal(first.obs, second.obs)


@pytest.mark.parametrize("words", [{"n": 0}, {"n": 2, "limit": 0}, {"n": 2, "seed": -1}])
def test_carts_refuse_nonsense(words):
    with pytest.raises(ValueError, match="whole number"):
        lab.CartPole(**words)


def test_the_slippery_grid_is_gymnasium_s_frozen_lake():
    known = gymnasium.make("FrozenLake-v1", is_slippery=True).unwrapped.P
    world = lab.gridworld(MAP, slip=2 / 3)
    for state in range(16):
        if world.ends[state]:
            continue
        for action in range(4):
            chances = torch.zeros(16, dtype=torch.float64)
            for chance, after, reward, over in known[state][action]:
                chances[after] += chance
                assert world.rewards[after] == reward and bool(world.ends[after]) == over
            torch.testing.assert_close(world.transitions[state, action], chances)


def test_samples_scatter_around_the_probabilities():
    world = lab.gridworld(["S..", "..G"], slip=0.3)
    state, action = torch.full((20_000,), 1), torch.full((20_000,), 1)
    after, reward, over = world.sample(state, action, torch.Generator().manual_seed(0))
    shares = torch.bincount(after, minlength=6) / 20_000
    torch.testing.assert_close(shares.double(), world.transitions[1, 1], atol=0.01, rtol=0)
    assert not reward.any() and not over.any()


@pytest.mark.parametrize(
    ("layout", "slip"), [([], 0), (["S.", "G"], 0), (["SX"], 0), (["..G"], 0), (["S.G"], 1.5)]
)
def test_a_grid_refuses_nonsense(layout, slip):
    with pytest.raises(ValueError, match=r"grid|letters|probability"):
        lab.gridworld(layout, slip)


def numbered(first, n):
    """Transitions that tell their number in every part."""
    k = torch.arange(first, first + n)
    wide = k[:, None].float().repeat(1, 2)
    return wide, k % 2, k.float(), wide + 1, k % 3 == 0


def test_the_memory_keeps_the_last_ones_and_their_parts_together():
    memory = lab.Replay(size=10, observations=2)
    for first in range(0, 28, 4):
        memory.add(*numbered(first, 4))
    torch.manual_seed(0)
    obs, action, reward, after, terminated = memory.sample(500)
    assert len(memory) == 10 and set(reward.int().tolist()) == set(range(18, 28))
    for part, wanted in zip((action, terminated), (reward % 2, reward % 3 == 0), strict=True):
        assert torch.equal(part, wanted.to(part.dtype))
    assert torch.equal(obs[:, 0], reward) and torch.equal(after[:, 1], reward + 1)
    assert memory.latest(4)[2].tolist() == [24, 25, 26, 27]


def test_the_memory_draws_only_from_what_is_there():
    memory = lab.Replay(size=1000, observations=2)
    memory.add(*numbered(5, 3))
    assert len(memory) == 3 and memory.sample(100)[2].min() == 5


def test_the_memory_comes_back():
    first, second = lab.Replay(6, 2), lab.Replay(6, 2)
    first.add(*numbered(0, 4))
    second.load_state_dict(first.state_dict())
    for memory in (first, second):
        memory.add(*numbered(4, 4))
    assert all(torch.equal(a, b) for a, b in zip(first.latest(6), second.latest(6), strict=True))


def test_the_memory_refuses_what_does_not_fit():
    memory = lab.Replay(size=2, observations=2)
    with pytest.raises(ValueError, match="empty"):
        memory.sample(1)
    with pytest.raises(ValueError, match="size=3"):
        memory.add(*numbered(0, 3))
    with pytest.raises(ValueError, match="holds 0"):
        memory.latest(1)
