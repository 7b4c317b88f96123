"""Breakout on a board of 10 × 10 pixels: many small games at once, computed in tensors."""

from typing import Any

import torch
from torch import Tensor, nn

from labhelpers.data.environments import Step
from labhelpers.store.door import whole_number

SIZE, FLOOR = 10, 9  # pixels of the board's side, and its last row, where the paddle is
WALL = torch.zeros(SIZE, SIZE, dtype=torch.bool)
WALL[1:4] = True  # three rows of bricks


class Breakout(nn.Module):
    """n games of MinAtar's Breakout at once, with the face of `CartPole`.

    A ball flies diagonally, one pixel a step, and comes back from the side walls, the ceiling, the
    bricks and the paddle. Each brick that it breaks pays 1; when none is left, the next time that
    the ball comes down there is a new wall. An episode terminates when the paddle misses the ball,
    and is truncated after `limit` steps (Young and Tian 2019, arXiv:1903.03176).

    An observation is a picture of zeros and ones, (4, 10, 10), whose channels are the paddle, the
    ball, the trail (where the ball was a step before) and the bricks. Action 0 stays, 1 moves the
    paddle to the left and 2 to the right; at the border it stays. With probability `sticky` the
    action of the step before is done once more instead. In the picture one cannot see that action,
    nor whether the ball broke a brick in the last step: then it flies through the next one.

    It is a module with buffers, so that a checkpoint of `train` holds it: where everything stands,
    and its own generator, which draws on which side the ball starts and which actions stick.

    Args:
        n: the number of games.
        seed: of the starts and of the actions that stick.
        limit: steps until an episode is truncated; MinAtar has no such limit.
        sticky: probability of repeating an action.

    Raises ValueError for `n`, `seed` or `limit` that are no whole numbers, or too small, and for a
    `sticky` that is no probability.

    Example:
        >>> games = lab.Breakout(n=2, seed=0)
        >>> games.step(torch.tensor([0, 2])).after.shape
        torch.Size([2, 4, 10, 10])
    """

    observations, actions = (4, SIZE, SIZE), 3
    obs: Tensor
    ball: Tensor
    paddle: Tensor
    bricks: Tensor
    broke: Tensor
    acted: Tensor
    age: Tensor

    def __init__(self, n: int, seed: int = 0, limit: int = 2500, sticky: float = 0.1) -> None:
        super().__init__()
        self.n = whole_number("n", n)
        self.limit = whole_number("limit", limit)
        if not 0 <= sticky <= 1:
            raise ValueError(f"sticky={sticky!r} is no probability: use a number from 0 to 1")
        self.sticky = sticky
        # On the CPU, so that a seed gives the same games on every device.
        self.generator = torch.Generator().manual_seed(whole_number("seed", seed, least=0))
        whole = torch.zeros(self.n, dtype=torch.int64)
        self.register_buffer("ball", self._starts())  # (n, 4): column, row, their changes a step
        self.register_buffer("paddle", whole + 4)  # (n,): its column
        self.register_buffer("bricks", WALL.repeat(self.n, 1, 1))  # (n, 10, 10)
        self.register_buffer("broke", whole.bool())  # whether the ball met a brick a step ago
        self.register_buffer("acted", whole.clone())  # what was done a step ago
        self.register_buffer("age", whole.clone())  # steps so far
        # What the next action acts on. At the start the trail lies under the ball.
        self.register_buffer("obs", self._picture(self.ball))

    @torch.no_grad()
    def step(self, action: Tensor) -> Step:
        """Act in each game (n,); games whose episode is over start a new one."""
        self._move_paddle(action)
        before = self.ball.clone()
        reward, terminated = self._fly()
        after = self._picture(before)
        self.age += 1
        truncated = (self.age >= self.limit) & ~terminated

        # The new episode begins in `obs`, while `after` keeps where the old one ended.
        over = terminated | truncated
        self._restart(over)
        trail = torch.where(over[:, None], self.ball, before)
        self.obs.copy_(self._picture(trail))
        return Step(after, reward, terminated, truncated)

    def _move_paddle(self, action: Tensor) -> None:
        sticks = torch.rand(self.n, generator=self.generator) < self.sticky
        self.acted.copy_(torch.where(sticks.to(action.device), self.acted, action))
        moved = self.paddle + (self.acted == 2).long() - (self.acted == 1).long()
        self.paddle.copy_(moved.clamp(0, SIZE - 1))

    def _fly(self) -> tuple[Tensor, Tensor]:
        """Move each ball by one step, and return rewards and whether the ball is lost, (n,) each.

        The side walls come first. A ball that the ceiling, a brick or the paddle throws back
        changes its column, but not its row.
        """
        column, row, across, down = self.ball.unbind(dim=1)
        aside, ahead = column + across, row + down
        beside = (aside < 0) | (aside >= SIZE)
        across = torch.where(beside, -across, across)
        aside = aside.clamp(0, SIZE - 1)

        ceiling = ahead < 0
        ahead = ahead.clamp(min=0)  # the ceiling's row holds no bricks
        game = torch.arange(self.n, device=row.device)
        brick = self.bricks[game, ahead, aside]
        breaks = brick & ~self.broke
        self.bricks[game, ahead, aside] = brick & ~breaks
        self.broke.copy_(brick)

        # A ball that comes down within a row of the floor. Above the paddle it comes back; where
        # the paddle only stands in its way it comes back the way it came.
        low = ahead == FLOOR
        above = low & (column == self.paddle)
        corner = low & ~above & (aside == self.paddle)
        gone = low & ~self.bricks.any(dim=(1, 2))
        self.bricks.copy_(self.bricks | (gone[:, None, None] & WALL.to(gone.device)))

        back = breaks | above | corner
        across = torch.where(corner, -across, across)
        down = torch.where(ceiling | back, -down, down)
        ahead = torch.where(back, row, ahead)
        self.ball.copy_(torch.stack([aside, ahead, across, down], dim=1))
        return breaks.float(), low & ~back

    def _restart(self, over: Tensor) -> None:
        """Begin a new episode in the games that are over, (n,) bool."""
        starts = self._starts().to(over.device)
        self.ball.copy_(torch.where(over[:, None], starts, self.ball))
        self.paddle.masked_fill_(over, 4)
        self.bricks.copy_(self.bricks | (over[:, None, None] & WALL.to(over.device)))
        self.broke &= ~over
        self.age *= ~over

    def _starts(self) -> Tensor:
        """Balls at the left or the right border, above the middle, that fly inwards and down."""
        right = torch.randint(2, (self.n,), generator=self.generator)
        one = torch.ones_like(right)
        return torch.stack([right * (SIZE - 1), 3 * one, 1 - 2 * right, one], dim=1)

    def _picture(self, trail: Tensor) -> Tensor:
        """Draw all games, (n, 4, 10, 10), with the trail at the column and row of `trail`."""
        shown = torch.zeros(self.n, *self.observations, device=trail.device)
        game = torch.arange(self.n, device=trail.device)
        shown[game, 0, FLOOR, self.paddle] = 1
        shown[game, 1, self.ball[:, 1], self.ball[:, 0]] = 1
        shown[game, 2, trail[:, 1], trail[:, 0]] = 1
        shown[:, 3] = self.bricks
        return shown

    def get_extra_state(self) -> Tensor:
        """Return the generator's state, which PyTorch puts into `state_dict`."""
        return self.generator.get_state()

    def set_extra_state(self, state: Any) -> None:
        """Put the generator back into a state that `get_extra_state` returned."""
        self.generator.set_state(state.cpu())
