"""A board to draw diagrams on: boxes, arrows and words, in the colours of the theme."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

INK = "0.25"  # words and plain arrows
Point = tuple[float, float]


class Board:
    """Blank axes of `width` × `height` inches, in whose coordinates everything is placed.

    Example:
        >>> board = Board(4, 1)
        >>> board.arrow(board.box(1, 0.5, "x"), board.box(3, 0.5, "f(x)"))
    """

    def __init__(self, width: float, height: float) -> None:
        figure = plt.figure(figsize=(width, height))
        self.ax: Axes = figure.add_axes((0, 0, 1, 1))
        self.ax.set(xlim=(0, width), ylim=(0, height))
        self.ax.set_axis_off()

    def box(
        self,
        x: float,
        y: float,
        text: str,
        width: float = 1.1,
        height: float = 0.5,
        color: str = "C0",
    ) -> Point:
        """Draw a box with its centre at (x, y) and return that centre."""
        corner = (x - width / 2, y - height / 2)
        patch = FancyBboxPatch(
            corner,
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor=color,
            alpha=0.18,
            edgecolor="none",
        )
        outline = FancyBboxPatch(
            corner,
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor="none",
            edgecolor=color,
            linewidth=1.4,
        )
        self.ax.add_patch(patch)
        self.ax.add_patch(outline)
        self.text(x, y, text)
        return x, y

    def circle(self, x: float, y: float, text: str = "+", radius: float = 0.16) -> Point:
        """Draw a small circle, as for an addition, and return its centre."""
        self.ax.add_patch(
            plt.Circle((x, y), radius, facecolor="white", edgecolor=INK, linewidth=1.2)
        )
        self.text(x, y, text, size=12)
        return x, y

    def text(
        self, x: float, y: float, text: str, size: float = 10, color: str = INK, **more
    ) -> None:
        """Write `text`, centred at (x, y)."""
        placed = {"ha": "center", "va": "center"} | more
        self.ax.text(x, y, text, fontsize=size, color=color, **placed)

    def arrow(
        self,
        start: Point,
        end: Point,
        color: str = INK,
        bend: float = 0.0,
        gap: float = 0.0,
        width: float = 1.4,
        style: str = "-",
        label: str = "",
    ) -> None:
        """Draw an arrow from `start` to `end`; `bend` curves it, `gap` keeps its ends away
        (inches).
        """
        patch = FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=10,
            color=color,
            linewidth=width,
            linestyle=style,
            shrinkA=72 * gap,
            shrinkB=72 * gap,
            connectionstyle=f"arc3,rad={bend}",
        )
        self.ax.add_patch(patch)
        if label:
            middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + 0.16)
            self.text(*middle, label, size=9, color=color)

    def path(self, points: Sequence[Point], color: str = INK, width: float = 1.4) -> None:
        """Draw straight pieces through `points`, with an arrow's head at the last."""
        xs, ys = zip(*points[:-1], strict=True)
        self.ax.plot(xs, ys, color=color, linewidth=width, solid_capstyle="round")
        self.arrow(points[-2], points[-1], color=color, width=width)
