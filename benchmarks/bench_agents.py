"""The part of the benchmark on agents: the carts, DQN as in lab 15 and PPO as in lab 16."""

from __future__ import annotations

import copy
import functools
import importlib.util
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Categorical

import labhelpers as lab

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
CARTS, BATCH, REFRESH, WARMUP, GAMMA, LR = 8, 128, 100, 1_000, 0.98, 1e-3
HORIZON, PASSES, CLIP, LAMBDA, PPO_GAMMA = 128, 4, 0.2, 0.95, 0.99


def ours_moves(ticks: int) -> None:
    """`lab.CartPole` under random pushes."""
    carts = lab.CartPole(CARTS)
    for _ in range(ticks):
        carts.step(torch.randint(2, (CARTS,)))


def theirs_moves(ticks: int) -> None:
    """gymnasium's vector of carts under random pushes."""
    carts = _vector()
    carts.reset(seed=0)
    for _ in range(ticks):
        carts.step(np.random.randint(2, size=CARTS))


def _vector() -> Any:
    import gymnasium

    at_once = {"autoreset_mode": gymnasium.vector.AutoresetMode.SAME_STEP}
    options = {"vectorization_mode": "sync", "vector_kwargs": at_once}
    return gymnasium.make_vec("CartPole-v1", num_envs=CARTS, **options)


@functools.cache
def _notebook(name: str, **settings: float) -> dict[str, Any]:
    """What a lab defines, as it stands in the notebook, with these settings for its own."""
    from notebook_code import defined

    names = defined(name, lab.setup())
    names.update(settings, lr=LR, carts=CARTS, epochs=1)
    return names


def _lab15() -> dict[str, Any]:
    sizes = {"batch_size": BATCH, "refresh": REFRESH, "warmup": WARMUP}
    return _notebook("15-deep-q-learning.ipynb", gamma=GAMMA, **sizes)


def _lab16() -> dict[str, Any]:
    return _notebook("16-policy-gradients.ipynb", gamma=PPO_GAMMA, horizon=HORIZON, limit=500)


def ours_learns(ticks: int) -> None:
    """DQN of lab 15 through `lab.train`, with history, bar, event files and checkpoints."""
    notebook = _lab15()
    notebook["ticks"] = ticks
    state = notebook["newborn"](0, 500)
    step = notebook["stepper"](state)
    order = torch.arange(ticks).split(1)
    lab.train(step, order, epochs=1, state=state, run="bench/agents", fresh=True)


def loop_learns(ticks: int) -> None:
    """The same in one plain loop, in the manner of CleanRL: gymnasium's carts, NumPy's memory."""
    q = lab.QNetwork(4, 2)
    target, adam = copy.deepcopy(q), torch.optim.Adam(q.parameters(), LR, fused=True)
    carts, memory = _vector(), []
    obs, _ = carts.reset(seed=0)
    for tick in range(ticks):
        share = max(0.05, 1 - 3 * tick / ticks)
        with torch.no_grad():
            greedy = q(torch.from_numpy(obs)).argmax(dim=1).numpy()
        action = np.where(np.random.rand(CARTS) < share, np.random.randint(2, size=CARTS), greedy)
        after, reward, terminated, _, _ = carts.step(action)
        memory.extend(zip(obs, action, reward, after, terminated, strict=True))
        obs = after
        if len(memory) < WARMUP:
            continue
        drawn = [memory[i] for i in np.random.randint(len(memory), size=BATCH)]
        columns = [torch.from_numpy(np.array(column)) for column in zip(*drawn, strict=True)]
        seen, did, paid, led, over = columns
        with torch.no_grad():
            goal = paid + GAMMA * ~over * target(led).amax(dim=1)
        loss = F.mse_loss(q(seen).gather(1, did[:, None])[:, 0], goal.float())
        adam.zero_grad()
        loss.backward()
        adam.step()
        if (tick + 1) % REFRESH == 0:
            target.load_state_dict(q.state_dict())


def sb3_learns(ticks: int) -> None:
    """Stable-Baselines3's DQN at the same settings."""
    from stable_baselines3 import DQN
    from stable_baselines3.common.env_util import make_vec_env

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agent = DQN(
            "MlpPolicy", make_vec_env("CartPole-v1", CARTS), learning_rate=LR, gamma=GAMMA,
            buffer_size=50_000, learning_starts=WARMUP, batch_size=BATCH, train_freq=1,
            gradient_steps=1, target_update_interval=REFRESH * CARTS, exploration_fraction=1 / 3,
            policy_kwargs={"net_arch": [64, 64]}, device="cpu",
        )  # fmt: skip
        agent.learn(ticks * CARTS)


def ours_improves(updates: int) -> None:
    """PPO of lab 16 through `lab.train`, with history, bar, event files and checkpoints."""
    notebook = _lab16()
    notebook["updates"] = updates
    state = notebook["newborn"](0, 1e-5)
    step, order = notebook["stepper"](state), torch.arange(updates).split(1)
    lab.train(step, order, epochs=1, state=state, run="bench/ppo", fresh=True)


def loop_improves(updates: int) -> None:
    """The same in one plain loop, in the manner of CleanRL, over gymnasium's carts."""
    notebook = _lab16()
    actor, critic = notebook["network"](2, 0.01), notebook["network"](1, 1.0)
    adam = torch.optim.Adam([*actor.parameters(), *critic.parameters()], LR, eps=1e-5, fused=True)
    carts = _vector()
    obs = torch.from_numpy(carts.reset(seed=0)[0])
    for _ in range(updates):
        seen = []
        for _ in range(HORIZON):
            with torch.no_grad():
                policy, value = Categorical(logits=actor(obs)), critic(obs)[:, 0]
                action = policy.sample()
            after, reward, terminated, truncated, _ = carts.step(action.numpy())
            over = torch.from_numpy(terminated | truncated).float()
            paid = torch.from_numpy(reward).float()
            seen.append((obs, action, policy.log_prob(action), value, paid, over))
            obs = torch.from_numpy(after)
        states, actions, old, values, rewards, ends = map(torch.stack, zip(*seen, strict=True))
        with torch.no_grad():
            later, following = critic(obs)[:, 0], torch.zeros(CARTS)
        advantages = torch.zeros_like(rewards)
        for t in reversed(range(HORIZON)):
            delta = rewards[t] + PPO_GAMMA * later * (1 - ends[t]) - values[t]
            following = delta + PPO_GAMMA * LAMBDA * (1 - ends[t]) * following
            advantages[t], later = following, values[t]
        columns = (states, actions, old, advantages, advantages + values)
        data = [rows.flatten(0, 1) for rows in columns]
        for order in (torch.randperm(len(data[0])) for _ in range(PASSES)):
            for part in order.chunk(4):
                x, did, before, advantage, goal = (rows[part] for rows in data)
                policy = Categorical(logits=actor(x))
                ratio = (policy.log_prob(did) - before).exp()
                advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
                clipped = ratio.clamp(1 - CLIP, 1 + CLIP) * advantage
                gain = torch.minimum(ratio * advantage, clipped).mean()
                error = F.mse_loss(critic(x)[:, 0], goal)
                loss = error / 4 - gain - 0.01 * policy.entropy().mean()
                adam.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_([*actor.parameters(), *critic.parameters()], 0.5)
                adam.step()


def sb3_improves(updates: int) -> None:
    """Stable-Baselines3's PPO at the same settings."""
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_vec_env

    agent = PPO(
        "MlpPolicy", make_vec_env("CartPole-v1", CARTS), learning_rate=LR, n_steps=HORIZON,
        batch_size=HORIZON * CARTS // 4, n_epochs=PASSES, gamma=PPO_GAMMA, gae_lambda=LAMBDA,
        clip_range=CLIP, ent_coef=0.01, vf_coef=0.25, max_grad_norm=0.5, device="cpu",
    )  # fmt: skip
    agent.learn(updates * HORIZON * CARTS)


def jobs(quick: bool) -> dict[str, dict[str, Callable[[], object]]]:
    """The groups: what is timed against what, the first of each being the measure of the others."""
    ticks, more, updates = (20, 140, 1) if quick else (1_000, 2_000, 20)
    learning = {
        "lab 15's DQN through lab.train": lambda: ours_learns(more),
        "a plain loop over gymnasium's carts": lambda: loop_learns(more),
    }
    improving = {
        "lab 16's PPO through lab.train": lambda: ours_improves(updates),
        "a plain loop over gymnasium's carts": lambda: loop_improves(updates),
    }
    if importlib.util.find_spec("stable_baselines3"):
        learning["Stable-Baselines3"] = lambda: sb3_learns(more)
        improving["Stable-Baselines3"] = lambda: sb3_improves(updates)
    moving = {
        "lab.CartPole": lambda: ours_moves(ticks),
        "gymnasium's vector": lambda: theirs_moves(ticks),
    }
    return {
        f"{ticks:,} moves of {CARTS} carts": moving,
        f"DQN: {more:,} moves of {CARTS} carts, a step of learning each": learning,
        f"PPO: {updates} updates on {HORIZON} moves of {CARTS} carts": improving,
    }
