"""A lander's flight, or an acrobot's swing: moments of one episode in one picture."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

WIDE, HIGH = 10.0, 20 / 3  # lengths of LunarLander's world for 1 in its observations
LEG = 0.6  # from the middle of the craft to its feet
CRAFT = np.array([(-0.45, 0.5), (-0.6, -0.25), (0.6, -0.25), (0.45, 0.5)])
FEET = np.array([(-0.85, -LEG), (0.85, -LEG)])


def plot_flight(observations: torch.Tensor, moments: int = 8, ax: Axes | None = None) -> Axes:
    """Draw the path of a lander with the craft at some moments, darker as time goes on.

    The ground beside the pad is hilly and not part of an observation, so that only the pad is
    drawn. An acrobot, which takes the lander's place where that cannot be had, is drawn as its two
    links.

    Args:
        observations: of one episode in the order of time: (T, 8) of LunarLander, (T, 6) of
            Acrobot.
        moments: how often the craft is drawn, at most; spread evenly from first to last.

    Raises ValueError for observations of another shape.

    Example:
        >>> ax = lab.plot_flight(torch.zeros(30, 8))
    """
    if observations.ndim != 2 or observations.shape[1] not in (6, 8) or not len(observations):
        shape = tuple(observations.shape)
        raise ValueError(
            f"observations of shape {shape} are no flight: give (T, 8), or an acrobot's (T, 6)"
        )
    states = observations.detach().cpu().numpy()
    chosen = np.unique(np.linspace(0, len(states) - 1, moments).round().astype(int))
    ax = ax or plt.subplots(figsize=(4.6, 3.2))[1]
    draw = _lander if states.shape[1] == 8 else _acrobot
    draw(ax, states, chosen)
    ax.set_aspect("equal")
    ax.grid(False)
    return ax


def _lander(ax: Axes, states: np.ndarray, chosen: np.ndarray) -> None:
    places = states[:, :2] * (WIDE, HIGH)
    ax.plot(*places.T, color="0.6", linewidth=1, linestyle=":")
    # The pad lies where the feet of a craft at height 0 stand.
    ax.plot([-2, 2], [-LEG, -LEG], color="C1", linewidth=4, solid_capstyle="butt")
    ax.text(0, -LEG - 0.25, "pad", color="C1", ha="center", va="top", fontsize=9)
    for place, angle, shade in zip(
        places[chosen], states[chosen, 4], np.linspace(0.25, 1, len(chosen)), strict=True
    ):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        ax.add_patch(Polygon(CRAFT @ turn.T + place, color="C0", alpha=shade, linewidth=0))
        for knee, foot in zip(CRAFT[1:3] @ turn.T, FEET @ turn.T, strict=True):
            ax.plot(*np.stack([knee + place, foot + place]).T, color="C0", alpha=shade)
    side = max(7.0, abs(places[:, 0]).max() + 1)
    ax.set(xlim=(-side, side), ylim=(-2.6, 11), xlabel="across", ylabel="height above the pad")


def _acrobot(ax: Axes, states: np.ndarray, chosen: np.ndarray) -> None:
    first = np.arctan2(states[:, 1], states[:, 0])
    second = first + np.arctan2(states[:, 3], states[:, 2])
    elbow = np.stack([np.sin(first), -np.cos(first)], axis=1)
    tip = elbow + np.stack([np.sin(second), -np.cos(second)], axis=1)
    ax.axhline(1, color="C1", linewidth=1)  # an episode ends when the tip is above it
    for moment, shade in zip(chosen, np.linspace(0.25, 1, len(chosen)), strict=True):
        arm = np.stack([(0, 0), elbow[moment], tip[moment]])
        ax.plot(*arm.T, color="C0", alpha=shade, linewidth=3)
    ax.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), xlabel="across", ylabel="up")
