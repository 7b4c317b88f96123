"""The part of the benchmark on agents: the carts, and DQN as in lab 15 beside other libraries."""

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

import labhelpers as lab

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
CARTS, BATCH, REFRESH, WARMUP, GAMMA, LR = 8, 128, 100, 1_000, 0.98, 1e-3


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
def _lab15() -> dict[str, Any]:
    """Lab 15's agent, as it stands in the notebook."""
    from notebook_code import compiled

    sizes = {"gamma": GAMMA, "lr": LR, "batch_size": BATCH, "carts": CARTS, "refresh": REFRESH}
    used = {"torch": torch, "F": F, "copy": copy, "lab": lab, "session": lab.setup(), "epochs": 1}
    functions = ["newborn", "td_loss", "stepper"]
    scope = used | sizes | {"warmup": WARMUP, "ticks": 1}
    return compiled("15-deep-q-learning.ipynb", functions, scope)


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


def jobs(quick: bool) -> dict[str, dict[str, Callable[[], object]]]:
    """The groups: what is timed against what, the first of each being the measure of the others."""
    ticks, more = (20, 140) if quick else (1_000, 2_000)
    learning = {
        "lab 15's DQN through lab.train": lambda: ours_learns(more),
        "a plain loop over gymnasium's carts": lambda: loop_learns(more),
    }
    if importlib.util.find_spec("stable_baselines3"):
        learning["Stable-Baselines3"] = lambda: sb3_learns(more)
    moving = {
        "lab.CartPole": lambda: ours_moves(ticks),
        "gymnasium's vector": lambda: theirs_moves(ticks),
    }
    return {
        f"{ticks:,} moves of {CARTS} carts": moving,
        f"DQN: {more:,} moves of {CARTS} carts, a step of learning each": learning,
    }
