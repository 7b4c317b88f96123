"""Lab 16's own functions, taken from its cells: the exact gradient, GAE, PPO's loss, shaping."""

import itertools
import math

import gymnasium
import pytest
import torch
import torch.nn.functional as F
from notebook_code import compiled
from sklearn.metrics import explained_variance_score
from torch import nn
from torch.distributions import Categorical, kl_divergence

import labhelpers as lab
from labhelpers.engine.checkpoint import RunStore

NOTEBOOK = "16-policy-gradients.ipynb"
FUNCTIONS = [
    "network", "draw", "film", "values", "by_theorem", "lived", "gradients", "gae", "by_gae",
    "psis", "bias", "episodes", "psi_of", "log_prob", "fit_values", "reinforce", "collect",
    "ppo_loss", "push_right", "improve", "newborn", "stepper", "told", "agent", "best", "reached",
]  # fmt: skip


@pytest.fixture
def cells(session):
    grid = lab.gridworld(["S...", "....", "....", "...G"], slip=0.1, goal=0.0, step=-1.0)
    alive = (~grid.ends).double()
    scope = {
        "torch": torch, "F": F, "nn": nn, "lab": lab, "session": session, "gamma": 0.99, "g": 0.95,
        "Categorical": Categorical, "kl_divergence": kl_divergence,
        "explained_variance_score": explained_variance_score, "lr": 1e-3, "carts": 8,
        "horizon": 16, "updates": 2, "epochs": 2, "limit": 30, "frames": 400, "grid": grid,
        "alive": alive, "onward": grid.transitions * alive * alive[:, None, None],
        "pays": grid.transitions @ grid.rewards * alive[:, None], "cells": torch.arange(16),
        "eye": torch.eye(16, dtype=torch.float64), "none": torch.zeros(16, dtype=torch.float64),
    }  # fmt: skip
    compiled(NOTEBOOK, FUNCTIONS, scope)

    # As the notebook's cells between the functions do.
    theta = torch.randn(16, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    theta = (theta / 2).requires_grad_()
    value = scope["values"](theta)
    scope["exact"] = torch.autograd.grad(value[0], theta)[0]
    scope["theta"], scope["value"] = theta, value.detach()
    scope["policy"] = theta.detach().softmax(dim=1)
    scope["moves"] = torch.einsum("sa,sat->st", scope["policy"], scope["onward"])
    return scope


def test_the_exact_gradient_is_that_of_finite_differences(cells):
    theta, step = cells["theta"].detach(), 1e-5
    for state, action in ((0, 2), (5, 1), (14, 3)):
        moved = torch.zeros_like(theta)
        moved[state, action] = step
        up, down = (cells["values"](theta + sign * moved)[0] for sign in (1, -1))
        assert cells["exact"][state, action].item() == pytest.approx(
            ((up - down) / (2 * step)).item(), rel=1e-5
        )


def test_the_theorem_gives_the_same_and_a_baseline_changes_nothing(cells):
    q = cells["pays"] + 0.95 * cells["onward"] @ cells["value"]
    torch.testing.assert_close(cells["by_theorem"](q), cells["exact"])
    baseline = torch.randn(16, 1, dtype=torch.float64)
    torch.testing.assert_close(cells["by_theorem"](q - baseline), cells["exact"])


def test_all_estimators_are_right_in_the_mean_and_a_better_baseline_is_quieter(cells):
    torch.manual_seed(0)
    seen = cells["lived"](1_500)
    weight = 0.95 ** torch.arange(len(seen[0]))[:, None]
    variance = {}
    for kind, psi in cells["psis"](seen).items():
        psi = psi if kind == "whole return" else weight * psi
        found = cells["gradients"](seen[0], seen[1], seen[4], psi)
        variance[kind] = found.var(dim=0).sum().item()
        off = (found.mean(dim=0) - cells["exact"]).norm().item()
        assert off < 2 * math.sqrt(variance[kind] / 1_500), kind
    assert list(variance.values()) == sorted(variance.values(), reverse=True)


def test_the_bias_formula_agrees_with_samples_and_vanishes_at_one(cells):
    cells["wrong"] = cells["value"] + 3 * torch.randn(16, dtype=torch.float64) * cells["alive"]
    assert cells["bias"](1.0).norm() < 1e-9 < cells["bias"](0.9).norm() < cells["bias"](0.0).norm()
    torch.manual_seed(1)
    seen = cells["lived"](3_000)
    weight = 0.95 ** torch.arange(len(seen[0]))[:, None]
    for lam in (0.0, 0.5):
        psi = weight * cells["by_gae"](seen, cells["wrong"], lam)
        found = cells["gradients"](seen[0], seen[1], seen[4], psi)
        off = (found.mean(dim=0) - cells["exact"]) - cells["bias"](lam)
        noise = (found.var(dim=0).sum() / 3_000).sqrt()
        assert off.norm() < 2 * noise < cells["bias"](lam).norm()


def stream():
    generator = torch.Generator().manual_seed(5)
    reward, now, later = torch.randn(3, 9, 2, generator=generator)
    terminated, truncated = torch.zeros(2, 9, 2, dtype=torch.bool)
    terminated[2, 0], truncated[5, 1], terminated[8, 1] = True, True, True
    return reward, now, later, terminated, terminated | truncated


@pytest.mark.parametrize("lam", [0.0, 0.7, 1.0])
def test_gae_is_its_own_sum(cells, lam):
    reward, now, later, terminated, over = stream()
    found = cells["gae"](reward, now, later, terminated, over, 0.9, lam)
    for n in range(2):
        for t in range(9):
            total, factor = 0.0, 1.0
            for k in range(t, 9):
                worth = 0.0 if terminated[k, n] else 0.9 * later[k, n].item()
                total += factor * (reward[k, n].item() + worth - now[k, n].item())
                if over[k, n]:
                    break
                factor *= 0.9 * lam
            assert found[t, n].item() == pytest.approx(total, abs=1e-5)


def test_gae_is_that_of_stable_baselines(cells):
    buffers = pytest.importorskip("stable_baselines3.common.buffers")
    reward, now, later, terminated, over = stream()
    later[:-1] = torch.where(over[:-1], later[:-1], now[1:])  # its values belong to observations
    space, choices = gymnasium.spaces.Box(-1, 1, (4,)), gymnasium.spaces.Discrete(2)
    options = {"gae_lambda": 0.9, "gamma": 0.95, "n_envs": 2, "device": "cpu"}
    theirs = buffers.RolloutBuffer(9, space, choices, **options)
    begins = torch.cat([torch.ones(1, 2, dtype=torch.bool), over[:-1]]).numpy()
    # Where only the clock ran out, its PPO adds the discounted value of where the step led.
    paid = reward + 0.95 * later * (over & ~terminated)
    for t in range(9):
        obs, action = torch.zeros(2, 4).numpy(), torch.zeros(2, 1).numpy()
        theirs.add(obs, action, paid[t].numpy(), begins[t], now[t], torch.zeros(2))
    theirs.compute_returns_and_advantage(later[-1], over[-1].numpy())
    ours = cells["gae"](reward, now, later, terminated, over, 0.95, 0.9)
    torch.testing.assert_close(ours, torch.from_numpy(theirs.advantages), atol=1e-5, rtol=0)


def test_a_truncated_episode_keeps_the_value_of_its_last_state(cells):
    reward, now, later, terminated, over = stream()
    higher = later.clone()
    higher[5, 1] += 1
    higher[2, 0] += 1  # terminated: this must not matter
    before, after = (
        cells["gae"](reward, now, worth, terminated, over, 0.9, 0.95) for worth in (later, higher)
    )
    assert (after - before)[5, 1].item() == pytest.approx(0.9, abs=1e-5)
    assert torch.equal(after[:, 0], before[:, 0]) and torch.equal(after[6:], before[6:])


def test_discounting_from_the_start_is_gamma_to_the_t_of_reward_to_go(cells):
    reward, running = torch.ones(6, 3), torch.arange(6)[:, None] < torch.tensor([2, 4, 6])
    reward *= running
    obs = torch.randn(6, 3, 4)
    ways = {
        kind: cells["psi_of"](kind, obs, reward, running, None)
        for kind in ("whole return", "from the start", "reward to go", "mean baseline")
    }
    to_go = ways["reward to go"]
    assert to_go[0, 0].item() == pytest.approx(1.99) and to_go[1, 0].item() == 1
    assert not to_go[~running].any()
    weight = 0.99 ** torch.arange(6)[:, None]
    torch.testing.assert_close(ways["from the start"], weight * to_go)
    assert torch.equal(ways["whole return"][3], to_go[0])
    assert ways["mean baseline"][running].mean().abs() < 1e-6


def batch(n=32):
    torch.manual_seed(0)
    obs, action = torch.randn(n, 4), torch.randint(2, (n,))
    return obs, action, torch.randn(n), torch.randn(n)


def test_at_ratio_one_the_clip_changes_nothing_and_far_away_it_stops(cells):
    obs, action, psi, goal = batch()
    actor, critic = cells["network"](2, 0.01), cells["network"](1, 1.0)
    old = cells["log_prob"](actor, obs, action).detach()

    def gradient(old, clip):
        loss = cells["ppo_loss"](actor, critic, (obs, action, old, psi, goal), clip)
        return torch.cat([x.flatten() for x in torch.autograd.grad(loss, [*actor.parameters()])])

    torch.testing.assert_close(gradient(old, 0.2), gradient(old, None))
    # Every ratio has gone too far in the direction that its advantage asks for.
    standard = psi - psi.mean()
    beyond = old - 0.5 * standard.sign()
    entropy = Categorical(logits=actor(obs)).entropy().mean()
    alone = torch.autograd.grad(-0.01 * entropy, [*actor.parameters()])
    alone = torch.cat([x.flatten() for x in alone])
    torch.testing.assert_close(gradient(beyond, 0.2), alone, atol=1e-7, rtol=1e-4)
    assert (gradient(beyond, None) - alone).norm() > 10 * alone.norm()


def test_cut_apart_the_critic_s_error_does_not_reach_the_actor_s_step(cells):
    obs, action, psi, goal = batch()
    steps = {}
    for apart in (True, False):
        torch.manual_seed(0)
        actor, critic = cells["network"](2, 0.01), cells["network"](1, 1.0)
        sgd = torch.optim.SGD([*actor.parameters(), *critic.parameters()], 1.0)
        before = [weight.detach().clone() for weight in actor.parameters()]
        old = cells["log_prob"](actor, obs, action).detach()
        data = (obs, action, old, psi, 1_000 * goal)
        cells["improve"](actor, critic, sgd, data, 1, 0.2, apart)
        moved = zip(actor.parameters(), before, strict=True)
        steps[apart] = sum((a - b).square().sum().item() for a, b in moved) ** 0.5
    assert steps[True] > 50 * steps[False]


def test_the_picture_of_a_policy_has_angle_across_and_angular_speed_upwards(cells):
    class Leaning(nn.Module):
        def forward(self, obs):
            return torch.stack([torch.zeros(len(obs)), 50 * obs[:, 2] + obs[:, 3]], dim=1)

    seen = cells["push_right"](Leaning())
    assert (seen[:, -1] > 0.99).all() and (seen[:, 0] < 0.01).all()
    assert (seen[1:, 20] > seen[:-1, 20]).all()


def test_policies_start_undecided_and_carts_follow_gymnasium(cells):
    actor = cells["network"](2, 0.01)
    assert (actor(torch.randn(100, 4)).softmax(dim=1) - 0.5).abs().max() < 0.02
    world, theirs = lab.CartPole(1, 0), gymnasium.make("CartPole-v1").unwrapped
    cells["horizon"] = 8
    start = world.obs[0].numpy().astype(float).copy()
    _, action, after, *_ = cells["collect"](actor, world)
    theirs.reset(seed=0)
    theirs.state = start
    for pushed, seen in zip(action[:, 0].tolist(), after[:, 0], strict=True):
        found = theirs.step(pushed)[0]
        torch.testing.assert_close(seen, torch.from_numpy(found), atol=1e-5, rtol=0)


def test_an_agent_is_the_same_again_and_also_after_a_cut(cells, monkeypatch, capsys):
    first = cells["agent"](seed=1).history
    assert cells["agent"](seed=1).history == first and len(first) == 2
    assert all(1 <= row["return"] <= 30 and row["kl"] >= 0 for row in first)

    # Cut off in the middle of the second epoch; the same call goes on with carts and schedule.
    monkeypatch.setattr(RunStore, "save_if_due", lambda self: self.save())
    step, calls = lab.CartPole.step, []

    def cut(carts, action):
        if carts.n == 8:  # not those that are played for testing
            calls.append(1)
        if len(calls) == 3 * 16 + 5:
            raise RuntimeError("cut off")
        return step(carts, action)

    monkeypatch.setattr(lab.CartPole, "step", cut)
    with pytest.raises(RuntimeError, match="cut off"):
        cells["agent"](seed=1, run="16/cut")
    monkeypatch.setattr(lab.CartPole, "step", step)
    assert cells["agent"](seed=1, run="16/cut").history == first
    assert "resumed after step" in capsys.readouterr().out


def test_reinforce_learns_from_its_luck(cells):
    cells |= {"limit": 200, "frames": 12_000}
    rows = cells["reinforce"](0, "value baseline")
    assert rows[0]["return"] < 40 < rows[-1]["return"]
    assert all(a["frames"] < b["frames"] for a, b in itertools.pairwise(rows))


def test_shaping_by_a_potential_keeps_the_best_actions_and_paying_for_nearer_does_not(cells):
    place = torch.arange(16)
    distance = (6 - place // 4 - place % 4).double()
    goal = (place == 15).double().expand(16, 16)
    plain = cells["best"](goal)
    shaped = cells["best"](goal - 0.99 * 0.1 * distance + 0.1 * distance[:, None])
    difference = plain + 0.1 * distance[:, None] * cells["alive"][:, None]
    torch.testing.assert_close(shaped, difference)
    nearer = cells["best"](goal + 0.1 * (distance[:, None] - distance).clamp(min=0))
    assert cells["reached"](plain) > 0.999 > 0.5 > cells["reached"](nearer)
