"""Gymnasium's environments behind the face of `CartPole`: the same steps, ends told apart, and a
state that brings every copy back, bit for bit.
"""

import io
import os
import signal

import gymnasium
import pytest
import torch

import labhelpers as lab

NAMES = ["Acrobot-v1", "LunarLander-v3"]


def world(name, n=2, **words):
    if name.startswith("LunarLander"):
        pytest.importorskip("Box2D")
        pytest.importorskip("pygame")
    return lab.Gymnasium(name, n, **words)


def choices(found, steps, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(found.actions, (steps, found.n), generator=generator)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_gymnasium_s_step_by_step(name):
    ours, theirs = world(name, n=1, seed=3), gymnasium.make(name)
    theirs.reset(seed=3)
    obs = theirs.reset()[0]
    for action in choices(ours, 150):
        torch.testing.assert_close(ours.obs[0], torch.from_numpy(obs), rtol=0, atol=0)
        step = ours.step(action)
        obs, reward, terminated, truncated, _ = theirs.step(int(action))
        assert torch.equal(step.after[0], torch.from_numpy(obs))
        assert step.reward.item() == pytest.approx(reward)
        assert step.terminated.item() == terminated
        obs = theirs.reset()[0] if terminated or truncated else obs


@pytest.mark.parametrize("name", NAMES)
def test_a_state_dict_brings_back_every_copy(name):
    first = world(name, seed=1, hold=2, limit=60)
    acted = choices(first, 115)
    for action in acted[:65]:
        first.step(action)
    assert any(first._acted)  # in the middle of an episode
    kept = io.BytesIO()
    torch.save(first.state_dict(), kept)
    kept.seek(0)
    second = world(name, seed=99, hold=2, limit=60)
    second.load_state_dict(torch.load(kept, weights_only=True))
    assert torch.equal(first.obs, second.obs)
    for action in acted[65:]:
        for a, b in zip(first.step(action), second.step(action), strict=True):
            assert torch.equal(a, b)
        assert torch.equal(first.obs, second.obs)


def test_an_action_that_is_held_is_done_several_times_and_paid_in_one():
    one, four = world("Acrobot-v1", n=1, limit=10), world("Acrobot-v1", n=1, hold=4, limit=10)
    for action in choices(four, 3):
        held = four.step(action)
        for _ in range(4):
            step = one.step(action)
            if step.truncated:
                break
        assert torch.equal(held.after, step.after) and torch.equal(four.obs, one.obs)
        assert held.truncated.item() == step.truncated.item()
    assert held.truncated.item() and held.reward.item() == -2  # steps 9 and 10
    assert four.state_dict()["_extra_state"] == one.state_dict()["_extra_state"]


def test_a_copy_that_is_over_starts_anew_and_tells_where_it_ended():
    found = world("Acrobot-v1", n=3, limit=4)
    steps = [found.step(action) for action in choices(found, 4)]
    assert [step.truncated.all().item() for step in steps] == [False, False, False, True]
    assert not any(step.terminated.any() for step in steps)
    assert not torch.equal(steps[-1].after, found.obs) and found._acted == [[], [], []]
    assert len({tuple(row) for row in found.obs.tolist()}) == 3  # copies differ


def test_what_ends_at_the_last_moment_is_terminated_only():
    found = world("Acrobot-v1", n=1, limit=1)
    found._games[0].unwrapped.state = torch.tensor([3.1, 0.1, 0.0, 0.0]).double().numpy()
    step = found.step(torch.tensor([1]))
    assert step.terminated.item() and not step.truncated.item()


def test_what_is_missing_is_announced_and_replaced(monkeypatch, capsys):
    make = gymnasium.make

    def without_box2d(name, **words):
        if name.startswith("LunarLander"):
            raise gymnasium.error.DependencyNotInstalled("Box2D is not installed")
        return make(name, **words)

    monkeypatch.setattr(gymnasium, "make", without_box2d)
    found = lab.Gymnasium("LunarLander-v3", 1, instead="Acrobot-v1")
    assert found.name == "Acrobot-v1" and (found.observations, found.actions) == (6, 3)
    said = capsys.readouterr().out
    assert "pip install box2d pygame-ce" in said and "Acrobot-v1 takes its place" in said
    with pytest.raises(ImportError, match="LunarLander-v3 needs packages"):
        lab.Gymnasium("LunarLander-v3", 1)


@pytest.mark.parametrize(
    "words", [{"n": 0}, {"n": 1, "limit": 0}, {"n": 1, "hold": 0}, {"n": 1, "seed": -1}]
)
def test_it_refuses_nonsense(words):
    with pytest.raises(ValueError, match="whole number"):
        lab.Gymnasium("Acrobot-v1", **words)


@pytest.mark.parametrize("name", ["FrozenLake-v1", "Pendulum-v1"])
def test_it_refuses_what_is_no_row_of_numbers_or_no_choice(name):
    with pytest.raises(ValueError, match=f"{name} has observations"):
        lab.Gymnasium(name, 1)


def learned(name, run):
    """A few steps of Q-learning."""
    lab.seed_everything(0)
    found = world(name, seed=2, limit=17)
    q = lab.QNetwork(found.observations, found.actions, width=8)
    adam = torch.optim.Adam(q.parameters(), 1e-2)

    def step(_):
        obs = found.obs.clone()
        action = lab.epsilon_greedy(q, obs, 0.3)
        led = found.step(action)
        goal = led.reward + 0.9 * ~led.terminated * q(led.after).detach().amax(dim=1)
        loss = (q(obs).gather(1, action[:, None])[:, 0] - goal).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        return {"loss": loss}

    state = {"q": q, "adam": adam, "world": found}
    done = lab.train(step, torch.arange(25).split(1), epochs=3, state=state, run=run, seed=0)
    world_now = found.state_dict()
    return {**q.state_dict(), "obs": world_now["obs"]}, world_now["_extra_state"], done.history


@pytest.mark.usefixtures("session", "saved_every_step")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process that dies is forked")
@pytest.mark.parametrize("name", NAMES)
def test_an_agent_survives_the_death_of_its_process(name, capsys):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a child that is forked has one
    try:
        whole = learned(name, "whole")
        child = os.fork()
        if child == 0:
            signal.alarm(300)  # a child that hangs is no test that hangs
            step, calls = lab.Gymnasium.step, []

            def last(found, action):
                calls.append(1)
                if len(calls) == 40:  # in the middle of the second epoch
                    os.kill(os.getpid(), signal.SIGKILL)
                return step(found, action)

            lab.Gymnasium.step = last
            try:
                learned(name, "killed")
            finally:
                os._exit(1)  # it should have died
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        killed = learned(name, "killed")
        assert "resumed after step" in capsys.readouterr().out
        torch.testing.assert_close(killed[0], whole[0], rtol=0, atol=0)
        assert killed[1:] == whole[1:]
    finally:
        torch.set_num_threads(threads)
