"""Grids of pictures."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from torch import Tensor


def plot_images(
    images: Tensor,
    titles: Sequence[str] | None = None,
    columns: int = 10,
    axes: np.ndarray | None = None,
) -> np.ndarray:
    """Draw images (N, C, H, W), uint8 or float 0…1, in a grid with a title above each; return the
    axes.

    Example:
        >>> axes = lab.plot_images(torch.rand(3, 1, 8, 8), ["a", "b", "c"])
    """
    names = [str(title) for title in titles] if titles is not None else [""] * len(images)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    if axes is None:
        lines = max((title.count("\n") + 1 for title in names if title), default=0)
        size = (1.1 * columns, (1.1 + 0.17 * lines) * rows)
        axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")[1]
    pictures = images.detach().cpu().permute(0, 2, 3, 1).numpy()
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, picture, title in zip(axes.flat, pictures, names, strict=False):
        picture = picture.squeeze(-1) if picture.shape[-1] == 1 else picture
        top = 255 if picture.dtype == np.uint8 else 1  # not each image's own extremes
        ax.imshow(picture, cmap="gray_r", interpolation="nearest", vmin=0, vmax=top)
        ax.set_title(title, fontsize=9, parse_math=False)
    return axes
