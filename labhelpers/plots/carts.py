"""Carts and poles, drawn as a film strip."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.patches import Rectangle


def plot_film(observations: torch.Tensor, frames: int = 12) -> np.ndarray:
    """Draw moments of one cart's episode, spread evenly from the first to the last step.

    Args:
        observations: of one `CartPole`, (T, 4), in the order of time.
        frames: pictures, at most; fewer if there are fewer steps.

    Returns the axes, in two rows. Raises ValueError for observations of another shape.

    Example:
        >>> lab.plot_film(torch.zeros(3, 4)).shape
        (2, 2)
    """
    if observations.ndim != 2 or observations.shape[1] != 4 or not len(observations):
        shape = tuple(observations.shape)
        raise ValueError(f"observations of shape {shape} are no cart's: give (T, 4)")
    states = observations.detach().cpu().numpy()
    moments = np.unique(np.linspace(0, len(states) - 1, frames).round().astype(int))
    columns = -(-len(moments) // 2)
    _, axes = plt.subplots(2, columns, figsize=(1.7 * columns, 2.6), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, moment in zip(axes.flat, moments, strict=False):
        x, _, angle, _ = states[moment]
        ax.axhline(-0.12, color="0.6", linewidth=1)
        ax.add_patch(Rectangle((x - 0.3, -0.1), 0.6, 0.2, color="C0"))
        ax.plot([x, x + np.sin(angle)], [0.1, 0.1 + np.cos(angle)], color="C1", linewidth=3)
        ax.set(xlim=(-2.7, 2.7), ylim=(-0.3, 1.3), aspect="equal")
        ax.set_title(f"step {moment + 1}", fontsize=8)
    return axes
