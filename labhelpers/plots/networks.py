"""A network drawn from what it does: the maps that each of its parts makes of one image."""

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor, nn

SHOWN = 4  # maps of a part, one behind the other
GAP = 20  # between parts, in pixels of the image


def plot_network(
    model: nn.Module,
    image: Tensor,
    parts: Mapping[type, Callable[[nn.Module], str]],
    ax: Axes | None = None,
) -> Axes:
    """Draw what each part of a model makes of one image (1, C, H, W), from left to right.

    `parts` says which modules count as parts, by type, and what is written below one: a function of
    the module. The shape of its output and its number of parameters follow. A part with a true
    attribute ``skip`` gets an arc. What is drawn was measured, so it cannot show a network that
    does not exist.

    Example:
        >>> names = {torch.nn.Linear: lambda part: "dense", torch.nn.ReLU: lambda part: "ReLU"}
        >>> ax = lab.plot_network(lab.MLP(64, 16, 10), torch.rand(1, 1, 8, 8), names)
    """
    ax = plt.subplots(figsize=(7, 2.2))[1] if ax is None else ax
    seen = _outputs(model, image, tuple(parts))
    left = _maps(ax, image[0], 0, cmap="gray_r")
    _below(ax, 0, image[0], "image", 0)
    for part, out in seen:
        start = left
        left = _maps(ax, out, start, cmap="viridis")
        count = sum(weight.numel() for weight in part.parameters())
        _below(ax, start, out, parts[type(part)](part), count)
        if getattr(part, "skip", False):
            _arc(ax, start, out)
    ax.set(xlim=(-8, left), ylim=(-29, 50))
    ax.set_axis_off()
    return ax


def _outputs(
    model: nn.Module, image: Tensor, kinds: tuple[type, ...]
) -> list[tuple[nn.Module, Tensor]]:
    """The parts in the order in which they are used, each with what came out."""
    seen: list[tuple[nn.Module, Tensor]] = []
    hooks = [
        part.register_forward_hook(lambda part, _, out: seen.append((part, out[0])))
        for part in model.modules()
        if isinstance(part, kinds)
    ]
    mode = model.training
    try:
        with torch.no_grad():
            model.eval()(image)
    finally:
        model.train(mode)
        for hook in hooks:
            hook.remove()
    return seen


def _pictures(out: Tensor) -> Tensor:
    """Up to four maps (n, H, W); a vector as one column."""
    return out[:SHOWN] if out.ndim == 3 and out.shape[-1] > 1 else out.reshape(1, -1, 1)


def _size(maps: Tensor) -> tuple[int, int]:
    height, width = maps.shape[1:]
    return (height, width) if width > 1 else (min(28, height), 3)


def _maps(ax: Axes, out: Tensor, left: float, cmap: str) -> float:
    """Draw the maps of one part, and return where the next one begins."""
    maps = _pictures(out)
    height, width = _size(maps)
    for i in reversed(range(len(maps))):  # the last map first, the others in front of it
        box = (left + 2 * i, left + 2 * i + width, 2 * i, 2 * i + height)
        ax.imshow(maps[i].numpy(force=True), extent=box, cmap=cmap, zorder=SHOWN + 1 - i)
        frame = Rectangle((box[0], box[2]), width, height, fill=False, edgecolor="0.3")
        frame.set(linewidth=0.6, zorder=SHOWN + 1 - i)
        ax.add_patch(frame)
    return left + width + 2 * len(maps) + GAP


def _below(ax: Axes, left: float, out: Tensor, words: str, count: int) -> None:
    """Write what a part is, the shape of its output, and its parameters."""
    shape = "×".join(map(str, out.squeeze().shape if out.shape[0] > 1 else out.shape[1:]))
    lines = [words, shape, *([f"{count:,}"] if count else [])]
    width = _size(_pictures(out))[1]
    ax.text(left + width / 2, -2, "\n".join(lines), ha="center", va="top", fontsize=7)


def _arc(ax: Axes, left: float, out: Tensor) -> None:
    """A skip connection: from the part before, over this one's maps."""
    height, width = _size(_pictures(out))
    look = {"arrowstyle": "->", "color": "C3", "linewidth": 1.5, "connectionstyle": "arc3,rad=-0.5"}
    ends = ((left + width / 2 + 4, height + 9), (left - GAP, height + 9))
    ax.annotate("", *ends, arrowprops=look)
