"""Carts and poles, drawn as a film strip."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

WIDE, HIGH = 5.4, 2.6  # of one picture, in metres of the cart's track


def plot_film(observations: torch.Tensor, frames: int = 12) -> Axes:
    """Draw moments of one cart's episode, spread evenly from the first to the last step.

    Args:
        observations: of one `CartPole`, (T, 4), in the order of time.
        frames: pictures, at most; fewer if there are fewer steps.

    Returns the axes, with the moments in two rows. Raises ValueError for observations of another
    shape.

    Example:
        >>> len(lab.plot_film(torch.zeros(3, 4)).patches)
        3
    """
    if observations.ndim != 2 or observations.shape[1] != 4 or not len(observations):
        shape = tuple(observations.shape)
        raise ValueError(f"observations of shape {shape} are no cart's: give (T, 4)")
    states = observations.detach().cpu().numpy()
    moments = np.unique(np.linspace(0, len(states) - 1, frames).round().astype(int))
    columns = -(-len(moments) // 2)
    ax = plt.subplots(figsize=(1.7 * columns, 2.4), layout="constrained")[1]
    for place, moment in enumerate(moments):
        left, floor = WIDE * (place % columns), -HIGH * (place // columns)
        x, _, angle, _ = states[moment]
        ax.plot([left - 2.4, left + 2.4], [floor - 0.1, floor - 0.1], color="0.6", linewidth=1)
        ax.add_patch(Rectangle((left + x - 0.3, floor - 0.1), 0.6, 0.2, color="C0"))
        tip = (left + x + np.sin(angle), floor + 0.1 + np.cos(angle))
        ax.plot([left + x, tip[0]], [floor + 0.1, tip[1]], color="C1", linewidth=3)
        ax.text(left, floor + 1.35, f"step {moment + 1}", ha="center", fontsize=8)
    ax.set_axis_off()
    ax.set_aspect("equal")
    return ax
