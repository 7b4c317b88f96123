"""Lab 16b's own functions, taken from its notebook: what is left of a step, GAE, PPO's loss, what
an eye sees, and an exact resume of both agents.
"""

import pytest
import torch
from notebook_code import defined
from sklearn.metrics import explained_variance_score
from torch import nn
from torch.distributions import Categorical

import labhelpers as lab
from labhelpers.engine.checkpoint import RunStore

NOTEBOOK = "16b-lander-and-pixels.ipynb"
ORDER = torch.randperm(100, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def cells(session):
    names = defined(NOTEBOOK, session)
    for task in ("flying", "playing"):
        names[task] |= {"horizon": 6, "updates": 2, "epochs": 2, "batch": 8}
    return names


@pytest.mark.parametrize("lam", [0.0, 0.7, 1.0])
def test_gae_is_that_of_lab_16(cells, session, lam):
    theirs = defined("16-policy-gradients.ipynb", session)["gae"]
    generator = torch.Generator().manual_seed(5)
    reward, now, later = torch.randn(3, 9, 2, generator=generator)
    terminated, truncated = torch.zeros(2, 9, 2, dtype=torch.bool)
    terminated[2, 0], truncated[5, 1], terminated[8, 1] = True, True, True
    whole = (reward, now, later, terminated, terminated | truncated, 0.9, lam)
    assert torch.equal(cells["gae"](*whole), theirs(*whole))


def test_the_loss_is_that_of_lab_16_with_its_bonus(cells, session):
    theirs = defined("16-policy-gradients.ipynb", session)["ppo_loss"]
    torch.manual_seed(0)
    obs, action, advantage, goal = (
        torch.randn(32, 4),
        torch.randint(2, (32,)),
        torch.randn(32),
        torch.randn(32),
    )
    actor, critic = cells["network"](4, 2, 1.0), cells["network"](4, 1, 1.0)
    old = cells["log_prob"](actor(obs), action).detach() + 0.3 * torch.randn(32)
    batch = (obs, action, old, advantage, goal)
    ours = cells["ppo_loss"](actor, critic, batch, 0.01)
    torch.testing.assert_close(ours, theirs(actor, critic, batch, 0.2))
    entropy = Categorical(logits=actor(obs)).entropy().mean()
    torch.testing.assert_close(cells["ppo_loss"](actor, critic, batch, 0.11), ours - 0.1 * entropy)


@pytest.mark.parametrize(("length", "eps"), [(3.0, 1e-5), (500.0, 1e-5), (5e5, 1e-8), (5e5, 1e-5)])
def test_what_is_left_of_a_step_is_what_the_derivation_says(cells, length, eps):
    cut = min(1.0, 0.5 / (length**2 + 1e-4) ** 0.5)
    derived = 1 / (1 + eps / (cut * 0.01))
    assert cells["step_of_actor"](length, eps) == pytest.approx(derived, rel=1e-3)


def test_what_is_left_is_measured_as_adam_moves(cells):
    # With the same gradient again and again, the step itself is the share that is left.
    actor = nn.Linear(3, 2)
    adam = torch.optim.Adam(actor.parameters(), lr=1.0, eps=1e-3)
    for _ in range(5):
        before = [weight.detach().clone() for weight in actor.parameters()]
        for weight in actor.parameters():
            weight.grad = torch.full_like(weight, 2e-3)
        adam.step()
    steps = [(a - b).abs().flatten() for a, b in zip(actor.parameters(), before, strict=True)]
    found = cells["share_left"](adam, actor).item()
    assert found == pytest.approx(torch.cat(steps).mean().item(), rel=1e-3)
    assert found == pytest.approx(2 / 3, rel=1e-3)


def test_clipped_separately_the_critic_s_error_does_not_reach_the_actor_s_step(cells):
    steps = {}
    for separately in (True, False):
        torch.manual_seed(0)
        actor, critic = cells["network"](4, 2, 0.01), cells["network"](4, 1, 1.0)
        obs, action, psi = torch.randn(32, 4), torch.randint(2, (32,)), torch.randn(32)
        sgd = torch.optim.SGD([*actor.parameters(), *critic.parameters()], 1.0)
        before = [weight.detach().clone() for weight in actor.parameters()]
        old = cells["log_prob"](actor(obs), action).detach()
        task = {"passes": 1, "batch": 32, "bonus": 0.01}
        cells["improve"](actor, critic, sgd, (obs, action, old, psi, 1_000 * psi), task, separately)
        moved = zip(actor.parameters(), before, strict=True)
        steps[separately] = sum((a - b).square().sum().item() for a, b in moved) ** 0.5
    assert steps[True] > 50 * steps[False]


def test_an_eye_moves_every_pixel_to_its_place_and_hides_the_trail_alone(cells):
    screen = torch.rand(2, 4, 10, 10)
    plain = cells["Eye"](nn.Identity(), torch.arange(100), trail=True)
    assert torch.equal(plain(screen), screen)
    mixed = cells["Eye"](nn.Identity(), ORDER, trail=True)(screen)
    assert torch.equal(mixed[1, 3, 0, 7], screen[1, 3].flatten()[ORDER[7]])
    assert torch.equal(mixed.flatten(2).sort().values, screen.flatten(2).sort().values)
    blind = cells["Eye"](nn.Identity(), torch.arange(100), trail=False)(screen)
    assert not blind[:, 2].any() and torch.equal(blind[:, [0, 1, 3]], screen[:, [0, 1, 3]])


def test_an_mlp_does_not_notice_the_order_and_a_convolution_does(cells):
    screen = torch.rand(5, 4, 10, 10)
    dense = cells["dense"](3, 1.0)
    before = dense(screen)
    # The solution of exercise 5.3, plane by plane.
    with torch.no_grad():
        weight = dense[1].weight
        weight.copy_(weight.unflatten(1, (4, 100))[:, :, ORDER].flatten(1))
    mixed = cells["Eye"](dense, ORDER, trail=True)
    torch.testing.assert_close(mixed(screen), before, atol=1e-5, rtol=1e-4)
    network = cells["convolution"](3, 1.0)
    changed = cells["Eye"](network, ORDER, trail=True)(screen) - network(screen)
    assert changed.abs().max() > 0.01


def test_mlp_and_convolution_have_about_as_many_parameters(cells):
    sizes = [sum(w.numel() for w in cells[kind](3, 0.01).parameters()) for kind in EYES]
    assert abs(sizes[0] / sizes[1] - 1) < 0.02


EYES = ("convolution", "dense")


def test_screens_are_white_where_nothing_is_and_coloured_where_something_is(cells):
    seen = cells["screens"](lab.Breakout(2, 0).obs)
    assert seen.shape == (2, 3, 10, 10) and seen.min() >= 0 and seen.max() <= 1
    assert (seen[:, :, 6] == 1).all()  # the middle is empty
    assert not (seen[:, :, 2] == 1).all(dim=1).any()  # a row of bricks


def test_a_film_is_one_episode_from_first_to_last(cells):
    still = torch.zeros(1, dtype=torch.int64)
    seen, paid, last = cells["film"](lambda obs: still, lab.Breakout(1, 0, limit=4))
    assert seen.shape == (5, 4, 10, 10) and paid == 0 and last == 0
    assert torch.equal(seen[0], lab.Breakout(1, 0).obs[0])


def shuffled(cells, **how):
    return cells["player"](1, 1e-3, cells["convolution"], shuffle=True, **how)


AGENTS = {
    "lander": (lab.Gymnasium, lambda cells, **how: cells["lander"](1, 1e-3, **how)),
    "player": (lab.Breakout, shuffled),
}


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_is_the_same_again_and_also_after_a_cut(cells, name, monkeypatch, capsys):
    cells |= {"landers": 3, "games": 3, "moons": 2, "boards": 2, "limit": 20}
    kind, agent = AGENTS[name]
    first = agent(cells).history
    assert agent(cells).history == first and len(first) == 2
    assert all(0 <= row["left"] <= 1 for row in first)

    # Cut off in the middle of the second epoch; the same call goes on with worlds and schedule.
    monkeypatch.setattr(RunStore, "save_if_due", lambda self: self.save())
    step, calls = kind.step, []

    def cut(world, action):
        if world.n == 3:  # not those that are played for testing
            calls.append(1)
        if len(calls) == 3 * 6 + 4:
            raise RuntimeError("cut off")
        return step(world, action)

    monkeypatch.setattr(kind, "step", cut)
    with pytest.raises(RuntimeError, match="cut off"):
        agent(cells, run="16b/cut")
    monkeypatch.setattr(kind, "step", step)
    assert agent(cells, run="16b/cut").history == first
    assert "resumed after step" in capsys.readouterr().out


def test_tests_begin_from_the_same_starts_every_time(cells, monkeypatch):
    cells |= {"landers": 2, "moons": 3, "limit": 5}
    starts = []

    def play(act, world):
        starts.append(world.obs.clone())
        return lab.measures.returns.play(act, world)

    monkeypatch.setattr(lab, "play", play)
    cells["lander"](1, 1e-3)
    assert len(starts) == 2 and torch.equal(*starts)


def test_no_two_seeds_share_a_moon_and_none_is_met_again_in_a_test(cells, monkeypatch):
    cells |= {"landers": 16, "moons": 10, "limit": 5}
    used = []

    class Moon(lab.Gymnasium):
        def __init__(self, name, n, seed, **how):
            used.append(range(seed, seed + n))
            super().__init__(name, n, seed, **how)

    monkeypatch.setattr(lab, "Gymnasium", Moon)
    for seed in (0, 1, 20):
        cells["lander"](seed, 1e-3)
    learned, tested = used[0::2], used[1::2]
    assert len(set(tested)) == 1
    met = [start for moons in (*learned, tested[0]) for start in moons]
    assert len(met) == len(set(met)) == 3 * 16 + 10


def test_each_seed_has_a_shuffle_of_its_own_and_the_rest_has_none(cells):
    cells |= {"games": 2, "boards": 2, "limit": 5}
    build = cells["convolution"]

    def order(seed, **look):
        return cells["player"](seed, 1e-3, build, **look).state["actor"].order

    plain = torch.arange(100)
    assert torch.equal(order(1), plain) and torch.equal(order(2, trail=False), plain)
    first, second = order(1, shuffle=True), order(2, shuffle=True)
    assert not torch.equal(first, second) and torch.equal(first, order(1, shuffle=True))
    assert torch.equal(first.sort().values, plain)


def test_explained_variance_is_scikit_learn_s(cells):
    goal, forecast = torch.randn(2, 50)
    found = cells["explained_variance"](goal, forecast + 3).item()
    assert found == pytest.approx(explained_variance_score(goal, forecast), rel=1e-5)
