"""Worlds that an agent acts in: many carts with a pole each, and grids whose answers are exact."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from labhelpers.store.door import whole_number


class Step(NamedTuple):
    """What one action of each of n agents led to. `after` is never that of a new episode."""

    after: Tensor  # (n, observations): where the action led, before any reset
    reward: Tensor  # (n,)
    terminated: Tensor  # (n,) bool: the task is over, and what comes after is worth 0
    truncated: Tensor  # (n,) bool: only the clock ran out; `after` is still worth something


class CartPole(nn.Module):
    """n carts at once, each balancing a pole: gymnasium's CartPole-v1, computed in tensors.

    An observation is (position / m, speed / (m/s), angle / rad, angular speed / (rad/s)); action 0
    pushes left and 1 right, with 10 N for 0.02 s. Each step pays 1. An episode terminates when the
    cart is further than 2.4 m away or the pole leans more than 12°, and is truncated after `limit`
    steps (Barto, Sutton and Anderson 1983).

    It is a module with buffers, so that a checkpoint of `train` holds it: where the carts stand,
    and its own generator, which draws the starts.

    Args:
        n: the number of carts.
        seed: of the starts.
        limit: steps until an episode is truncated.

    Raises ValueError for `n`, `seed` or `limit` that are no whole numbers, or too small.

    Example:
        >>> carts = lab.CartPole(n=2, seed=0)
        >>> carts.step(torch.tensor([0, 1])).after.shape
        torch.Size([2, 4])
    """

    observations, actions = 4, 2
    obs: Tensor
    age: Tensor

    def __init__(self, n: int, seed: int = 0, limit: int = 500) -> None:
        super().__init__()
        self.n = whole_number("n", n)
        self.limit = whole_number("limit", limit)
        # On the CPU, so that a seed gives the same starts on every device.
        self.generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0))
        self.register_buffer("obs", self._starts())  # (n, 4): what the next action acts on
        self.register_buffer("age", torch.zeros(self.n, dtype=torch.int64))  # steps so far

    @torch.no_grad()
    def step(self, action: Tensor) -> Step:
        """Push each cart by its action (n,); carts whose episode is over start a new one."""
        after = _pushed(self.obs, 20.0 * action - 10.0)
        self.age += 1
        terminated = (after[:, 0].abs() > 2.4) | (after[:, 2].abs() > math.radians(12))
        truncated = (self.age >= self.limit) & ~terminated

        # The new episode begins in `obs`, while `after` keeps where the old one ended.
        over = terminated | truncated
        starts = self._starts().to(after.device)
        self.obs.copy_(torch.where(over[:, None], starts, after))
        self.age *= ~over
        return Step(after, torch.ones_like(after[:, 0]), terminated, truncated)

    def _starts(self) -> Tensor:
        return 0.1 * torch.rand(self.n, 4, generator=self.generator) - 0.05

    def get_extra_state(self) -> Tensor:
        """Return the generator's state, which PyTorch puts into `state_dict`."""
        return self.generator.get_state()

    def set_extra_state(self, state: Any) -> None:
        """Put the generator back into a state that `get_extra_state` returned."""
        self.generator.set_state(state.cpu())


def _pushed(obs: Tensor, force: Tensor) -> Tensor:
    """One Euler step of the equations of motion of a cart (1 kg) with a pole (0.1 kg, 1 m)."""
    _, speed, angle, turning = obs.unbind(dim=1)
    sine, cosine = angle.sin(), angle.cos()
    pushed = (force + 0.05 * turning.square() * sine) / 1.1
    turning_more = (9.8 * sine - cosine * pushed) / (0.5 * (4 / 3 - 0.1 * cosine.square() / 1.1))
    faster = pushed - 0.05 * turning_more * cosine / 1.1
    rates = torch.stack([speed, faster, turning, turning_more], dim=1)
    return obs + 0.02 * rates


@dataclass(frozen=True)
class World:
    """A world of S states and A actions whose probabilities are all known, so nothing is sampled
    unless one wants to.

    What it pays depends on where an action leads. States where an episode ends are worth 0.
    """

    transitions: Tensor  # (S, A, S) float64: probability of leading from s by a to s'
    rewards: Tensor  # (S,) float64: paid on arrival
    ends: Tensor  # (S,) bool: here an episode is over
    start: int

    def sample(
        self, state: Tensor, action: Tensor, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return where N actions lead, what that pays, and whether it ends: (N,) each."""
        chances = self.transitions[state, action]
        after = torch.multinomial(chances, 1, generator=generator)[:, 0]
        return after, self.rewards[after], self.ends[after]


def gridworld(
    layout: Sequence[str], slip: float = 0.0, goal: float = 1.0, step: float = 0.0
) -> World:
    """Return a grid as a `World`: ``S`` start, ``.`` free, ``H`` hole, ``G`` goal.

    Actions are 0 left, 1 down, 2 right, 3 up; at the border one stays. With probability `slip` the
    move goes to one of the two sides instead. With ``slip=2/3`` this is gymnasium's FrozenLake.

    Args:
        layout: the rows, as text of equal length.
        slip: probability of going aside.
        goal: paid on reaching a goal, besides `step`.
        step: paid for every step.

    Raises ValueError for rows of different lengths, an unknown letter, not exactly one start, or a
    `slip` that is no probability.

    Example:
        >>> world = lab.gridworld(["S.", "HG"], slip=0.1)
        >>> world.transitions[0, 2]  # to the right; one may slip down, or stay
        tensor([0.0500, 0.9000, 0.0500, 0.0000], dtype=torch.float64)
    """
    rows, letters = len(layout), "".join(layout)
    if not letters or any(len(row) * rows != len(letters) for row in layout):
        raise ValueError(f"layout={list(layout)!r} is no grid: give rows of equal length")
    if set(letters) - set("S.HG") or letters.count("S") != 1:
        raise ValueError(f"layout={list(layout)!r}: use one S, and the letters . H G")
    if not 0 <= slip <= 1:
        raise ValueError(f"slip={slip!r} is no probability: use a number from 0 to 1")
    columns, states = len(letters) // rows, len(letters)
    transitions = torch.zeros(states, 4, states, dtype=torch.float64)
    for state, letter in enumerate(letters):
        for action in range(4):
            if letter in "HG":
                transitions[state, action, state] = 1.0
                continue
            for turn, chance in ((-1, slip / 2), (0, 1 - slip), (1, slip / 2)):
                after = _moved(state, (action + turn) % 4, rows, columns)
                transitions[state, action, after] += chance
    pays = [step + goal * (letter == "G") for letter in letters]
    ends = torch.tensor([letter in "HG" for letter in letters])
    return World(transitions, torch.tensor(pays, dtype=torch.float64), ends, letters.index("S"))


def _moved(state: int, direction: int, rows: int, columns: int) -> int:
    row, column = divmod(state, columns)
    down, right = ((0, -1), (1, 0), (0, 1), (-1, 0))[direction]
    row = min(max(row + down, 0), rows - 1)
    column = min(max(column + right, 0), columns - 1)
    return row * columns + column
