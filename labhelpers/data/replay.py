"""The replay memory: what an agent lived through, to be drawn from at random."""

import torch
from torch import Tensor, nn

from labhelpers.store.door import whole_number


class Replay(nn.Module):
    """A ring of the last `size` transitions (Lin 1992; Mnih et al. 2015).

    It is a module with buffers, so that a checkpoint of `train` holds it. `sample` draws with
    PyTorch's global generator, which `train` keeps too.

    Args:
        size: transitions to remember; the oldest ones are overwritten.
        observations: numbers in an observation.

    Raises ValueError for sizes below 1, more transitions at once than there is room for, and a
    sample from an empty memory.

    Example:
        >>> memory = lab.Replay(size=4, observations=2)
        >>> memory.add(torch.zeros(3, 2), torch.tensor([0, 1, 0]), torch.ones(3), torch.ones(3, 2),
        ...            torch.tensor([False, False, True]))
        >>> len(memory), [part.shape[0] for part in memory.sample(5)]
        (3, [5, 5, 5, 5, 5])
    """

    obs: Tensor
    action: Tensor
    reward: Tensor
    after: Tensor
    terminated: Tensor

    def __init__(self, size: int, observations: int) -> None:
        super().__init__()
        self.size = whole_number("size", size)
        width = whole_number("observations", observations)
        self.register_buffer("obs", torch.zeros(self.size, width))
        self.register_buffer("action", torch.zeros(self.size, dtype=torch.int64))
        self.register_buffer("reward", torch.zeros(self.size))
        self.register_buffer("after", torch.zeros(self.size, width))
        self.register_buffer("terminated", torch.zeros(self.size, dtype=torch.bool))
        self.seen = 0  # transitions ever added

    def __len__(self) -> int:
        return min(self.seen, self.size)

    def add(
        self, obs: Tensor, action: Tensor, reward: Tensor, after: Tensor, terminated: Tensor
    ) -> None:
        """Keep n transitions: from `obs` (n, D) by `action` (n,) to `after` (n, D).

        `terminated` (n,) is True where nothing comes after, and only there: never where a clock
        ended the episode.
        """
        n = len(action)
        if n > self.size:
            raise ValueError(f"{n} transitions at once do not fit: use size={n} or more")
        place = (self.seen + torch.arange(n, device=self.obs.device)) % self.size
        self.obs[place], self.after[place] = obs, after
        self.action[place], self.reward[place] = action, reward
        self.terminated[place] = terminated
        self.seen += n

    def sample(self, n: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return n transitions, drawn with replacement: obs, action, reward, after, terminated."""
        if not len(self):
            raise ValueError("the memory is empty: add transitions before you draw any")
        return self.at(torch.randint(len(self), (n,), device=self.obs.device))

    def latest(self, n: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return the n transitions that were added last, as `sample` does."""
        if not 1 <= n <= len(self):
            raise ValueError(f"n={n!r} is not allowed: the memory holds {len(self)}")
        return self.at((self.seen - n + torch.arange(n, device=self.obs.device)) % self.size)

    def at(self, place: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return the transitions at some places of the ring."""
        memory = (self.obs, self.action, self.reward, self.after, self.terminated)
        obs, action, reward, after, terminated = (part[place] for part in memory)
        return obs, action, reward, after, terminated

    def get_extra_state(self) -> int:
        """Return how many were ever added, which PyTorch puts into `state_dict`."""
        return self.seen

    def set_extra_state(self, state: int) -> None:
        """Go on from a number that `get_extra_state` returned."""
        self.seen = state
