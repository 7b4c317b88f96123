"""Environments of gymnasium's, with the face of `CartPole` and a state that can be saved."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from labhelpers.data.environments import Step
from labhelpers.store.door import whole_number

if TYPE_CHECKING:
    import gymnasium


class Gymnasium(nn.Module):
    """n copies of one of gymnasium's environments, moved in turn, with the face of `CartPole`.

    A checkpoint of `train` holds for each copy where its generator stood before the last reset, and
    the actions since. Done again, they lead to the same place, bit for bit. (Copying a simulator is
    no way: a deep copy of LunarLander is silently a fresh one.)

    Args:
        name: such as ``"LunarLander-v3"``; observations must be rows of numbers, actions a choice.
        n: the number of copies.
        seed: of the first copy; the others' follow it, so seeds less than n apart share copies.
        hold: steps of the environment for which an action is held; their rewards are added up.
        limit: the environment's steps until an episode is truncated; its own by default.
        instead: what to take, and say so, where `name` needs packages that are not installed.

    Raises ValueError for an `n`, `seed`, `hold` or `limit` that is no whole number, or too small,
    and for an environment of another kind; ImportError where packages are missing and `instead` is
    None.

    Example:
        >>> world = lab.Gymnasium("Acrobot-v1", n=2)
        >>> world.step(torch.tensor([0, 2])).after.shape
        torch.Size([2, 6])
    """

    obs: Tensor

    def __init__(
        self,
        name: str,
        n: int,
        seed: int = 0,
        hold: int = 1,
        limit: int | None = None,
        instead: str | None = None,
    ) -> None:
        super().__init__()
        self.n = whole_number("n", n)
        seed = whole_number("seed", seed, least=0)
        self.hold = whole_number("hold", hold)
        self.limit = None if limit is None else whole_number("limit", limit)
        self.name = _installed(name, instead)
        # Underscores: a simulator is no setting, and no part of a run's fingerprint.
        self._games = [_made(self.name, self.limit) for _ in range(self.n)]
        self.observations, self.actions = _sizes(self._games[0])
        self._began: list[dict[str, Any]] = [{} for _ in self._games]  # generators before the reset
        self._acted: list[list[int]] = [[] for _ in self._games]  # actions since the reset
        for i, game in enumerate(self._games):
            game.reset(seed=seed + i)  # only to seed the generator
        starts = [self._restarted(i) for i in range(self.n)]
        self.register_buffer("obs", torch.stack(starts))  # (n, D): what the next action acts on

    @torch.no_grad()
    def step(self, action: Tensor) -> Step:
        """Act in each copy (n,); copies whose episode is over start a new one."""
        led, starts = [], []
        for i, choice in enumerate(action.tolist()):
            after, paid, terminates, truncates = self._held(i, choice)
            led.append((_row(after), paid, terminates, truncates and not terminates))
            # The new episode begins in `obs`, while `after` keeps where the old one ended.
            starts.append(self._restarted(i) if terminates or truncates else _row(after))
        places, *rest = zip(*led, strict=True)
        device = self.obs.device
        self.obs.copy_(torch.stack(starts))
        reward, terminated, truncated = (torch.tensor(part, device=device) for part in rest)
        return Step(torch.stack(places).to(device), reward, terminated, truncated)

    def _held(self, i: int, choice: int) -> tuple[Any, float, bool, bool]:
        """Act in copy i for `hold` steps, or until its episode is over."""
        total = 0.0
        for _ in range(self.hold):
            after, reward, terminated, truncated, _ = self._games[i].step(choice)
            self._acted[i].append(choice)
            total += float(reward)
            if terminated or truncated:
                break
        return after, total, terminated, truncated

    def _restarted(self, i: int) -> Tensor:
        """Begin copy i's next episode; return its first observation."""
        self._began[i] = dict(self._games[i].unwrapped.np_random.bit_generator.state)
        self._acted[i] = []
        return _row(self._games[i].reset()[0])

    def get_extra_state(self) -> dict[str, list]:
        """Return what `state_dict` needs besides `obs`: generators, and the actions since."""
        return {"began": list(self._began), "acted": [list(row) for row in self._acted]}

    def set_extra_state(self, state: Any) -> None:
        """Lead every copy to where it stood, by the same actions from the same start."""
        for i, (began, acted) in enumerate(zip(state["began"], state["acted"], strict=True)):
            self._games[i].unwrapped.np_random.bit_generator.state = began
            self._restarted(i)
            for choice in acted:
                self._games[i].step(choice)
            self._acted[i] = list(acted)


def _row(obs: Any) -> Tensor:
    return torch.as_tensor(obs, dtype=torch.float32)


def _made(name: str, limit: int | None = None) -> "gymnasium.Env":
    import gymnasium

    return gymnasium.make(name, max_episode_steps=limit, disable_env_checker=True)


def _installed(name: str, instead: str | None) -> str:
    """Return `name`, or `instead` where a package is missing."""
    import gymnasium

    try:
        _made(name).close()
    except (ImportError, gymnasium.error.DependencyNotInstalled) as error:
        missing = f"{name} needs packages that are not installed (pip install box2d pygame-ce)"
        if instead is None:
            raise ImportError(missing) from error
        print(f"{missing}: {instead} takes its place")
        return instead
    return name


def _sizes(game: "gymnasium.Env") -> tuple[int, int]:
    """Numbers in an observation, and actions to choose from."""
    seen, choice = game.observation_space, game.action_space
    sizes = seen.shape or ()
    if len(sizes) != 1 or not hasattr(choice, "n"):
        raise ValueError(
            f"{game.spec.id if game.spec else game} has observations {seen} and actions {choice}: "
            "use one whose observations are rows of numbers and whose actions are a choice"
        )
    return int(sizes[0]), int(choice.n)
