"""What acting is worth: exact values, returns of episodes, and summaries of few, uneven seeds."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from labhelpers.data.environments import CartPole, World
from labhelpers.store.door import whole_number


def value_iteration(world: World, gamma: float, tolerance: float = 1e-12) -> Tensor:
    """Return Q*(s, a), the value of each action if only best actions follow, (S, A) float64.

    Bellman's equation, Q(s, a) = Σ p(s' | s, a) (r(s') + γ max Q(s', ·)), is applied until nothing
    changes by more than `tolerance`. Each sweep shrinks the largest error by γ at least, so the
    result is off by less than ``tolerance / (1 - gamma)``. (Bellman 1957; Sutton and Barto 2018,
    section 4.4.)

    Raises ValueError unless 0 ≤ gamma < 1 and tolerance > 0.

    Example:
        >>> world = lab.gridworld(["S.G"])
        >>> lab.value_iteration(world, gamma=0.5).amax(dim=1)
        tensor([0.5000, 1.0000, 0.0000], dtype=torch.float64)
    """
    if not 0 <= gamma < 1:
        raise ValueError(f"gamma={gamma!r} is not allowed: use a number from 0 to below 1")
    if not tolerance > 0:
        raise ValueError(f"tolerance={tolerance!r} is not allowed: use a positive number")
    q = torch.zeros(world.transitions.shape[:2], dtype=torch.float64)
    while True:
        better = bellman(world, q, gamma)
        if (better - q).abs().max() <= tolerance:
            return better
        q = better


def bellman(world: World, q: Tensor, gamma: float) -> Tensor:
    """Apply Bellman's equation once to the values q (S, A); states where it ends are worth 0."""
    worth = world.rewards + gamma * torch.where(world.ends, 0.0, q.amax(dim=1))
    return torch.where(world.ends[:, None], 0.0, world.transitions @ worth)


@torch.no_grad()
def play(act: Callable[[Tensor], Tensor], carts: CartPole) -> Tensor:
    """Return the sum of rewards of the first episode of each of n carts, (n,).

    Args:
        act: from observations (n, D) to actions (n,).
        carts: an environment at its start, of its own: one that is being learned in would go on
            from elsewhere.

    Example:
        >>> left = lambda obs: torch.zeros(len(obs), dtype=torch.int64)
        >>> bool(lab.play(left, lab.CartPole(n=5)).max() < 12)
        True
    """
    total = torch.zeros(len(carts.obs), device=carts.obs.device)
    running = torch.ones_like(total, dtype=torch.bool)
    while running.any():
        step = carts.step(act(carts.obs))
        total += step.reward * running
        running &= ~(step.terminated | step.truncated)
    return total


def interquartile_mean(values: Sequence[float] | np.ndarray) -> float:
    """Return the mean of the middle half: less noisy than the median, less swayed than the mean.

    A quarter of the n values, rounded down, is left out at either end (Agarwal et al. 2021,
    arXiv:2108.13264).

    Raises ValueError for no values, or one that is not finite.

    Example:
        >>> lab.interquartile_mean([9.0, 500.0, 10.0, 14.0])
        12.0
    """
    ordered = np.sort(_finite(values))
    cut = len(ordered) // 4
    return float(ordered[cut : len(ordered) - cut].mean())


def bootstrap(
    values: Sequence[float],
    statistic: Callable[[np.ndarray], float] = interquartile_mean,
    draws: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the ends of a 95 % interval of a statistic by the percentile bootstrap.

    As many values as there are, drawn from them with replacement, stand for another set of runs.
    (Efron 1979.) With five values it is too narrow: it cannot know what it has never seen.

    Raises ValueError for no values, one that is not finite, or fewer than one draw.

    Example:
        >>> low, high = lab.bootstrap([1.0, 2.0, 3.0, 4.0, 5.0], np.mean)
        >>> 1 < low < 3 < high < 5
        True
    """
    found = _finite(values)
    generator = np.random.default_rng(seed)
    drawn = generator.choice(found, (whole_number("draws", draws), len(found)))
    low, high = np.quantile([statistic(row) for row in drawn], [0.025, 0.975])
    return float(low), float(high)


def _finite(values: Sequence[float] | np.ndarray) -> np.ndarray:
    found = np.asarray(values, dtype=float)
    if found.ndim != 1 or not found.size or not np.isfinite(found).all():
        raise ValueError(f"{values!r:.80} are no values: give a row of finite numbers")
    return found
