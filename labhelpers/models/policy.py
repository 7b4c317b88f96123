"""Networks that act: values of actions, and how an action is chosen from them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from labhelpers.models.vision import MLP
from labhelpers.store.door import whole_number

Values = Callable[[Tensor], Tensor]  # observations (N, D) → a value for each action (N, A)


class QNetwork(nn.Module):
    """Gives every action its value, Q(s, a), in one pass (Mnih et al. 2015).

    Args:
        observations: numbers in an observation.
        actions: how many there are to choose from.
        width: units in each of the two hidden layers.

    Raises ValueError for sizes below 1.

    Example:
        >>> lab.QNetwork(observations=4, actions=2)(torch.zeros(3, 4)).shape
        torch.Size([3, 2])
    """

    def __init__(self, observations: int, actions: int, width: int = 64) -> None:
        super().__init__()
        inputs = whole_number("observations", observations)
        outputs = whole_number("actions", actions)
        width = whole_number("width", width)
        self.layers = MLP(inputs, width, width, outputs)

    def forward(self, obs: Tensor) -> Tensor:
        """Return the values (N, A) of all actions at the observations (N, D)."""
        return self.layers(obs)


@torch.no_grad()
def epsilon_greedy(values: Values, obs: Tensor, epsilon: float = 0.0) -> Tensor:
    """Return for each observation the action of highest value, or with probability `epsilon` any.

    The random action is drawn from *all* actions, the best one included. With ``epsilon=0``, the
    greedy policy, no random number is drawn.

    Args:
        values: a `QNetwork`, or any function from observations (N, D) to values (N, A).
        obs: observations, (N, D).
        epsilon: probability of a random action.

    Returns actions, (N,) int64. Raises ValueError for an `epsilon` that is no probability.

    Example:
        >>> lab.epsilon_greedy(lambda obs: obs, torch.tensor([[1.0, 3.0, 2.0], [5.0, 0.0, 1.0]]))
        tensor([1, 0])
    """
    if not 0 <= epsilon <= 1:
        raise ValueError(f"epsilon={epsilon!r} is no probability: use a number from 0 to 1")
    found = values(obs)
    best = found.argmax(dim=1)
    if epsilon == 0:
        return best
    anything = torch.randint(found.shape[1], best.shape, device=best.device)
    return torch.where(torch.rand(best.shape, device=best.device) < epsilon, anything, best)
