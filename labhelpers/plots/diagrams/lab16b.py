"""Lab 16b: two worlds for one agent, and what stands between a gradient and a step."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labhelpers.plots.board import Board

ALT = (
    "Above: the actor's small gradient and the critic's large one are cut to one common length, "
    "then Adam divides by the size and adds epsilon, which is small or large beside what the cut "
    "has left. Below: one screen of coloured pixels, and the same pixels in another, fixed order; "
    "either goes to a network whose window of 3 by 3 is drawn into both."
)
CAPTION = (
    "Above: why a reward's unit may matter. The critic's error fills the common cut, and ε decides "
    "whether Adam can undo it. Below: bricks, a ball with its grey trail and a paddle, in two "
    "orders of the pixels. A window of 3 × 3 (red) sees neighbours in one of them only."
)
COLORS = {1: "C0", 2: "C1", 3: "0.75", 4: "C2"}  # paddle, ball, trail, bricks
SIDE, BOTTOM = 0.17, 0.4  # of a pixel, of a screen


def draw() -> Axes:
    """Draw the way of a gradient, and two orders of one screen."""
    board = Board(9.6, 4.4)
    _gradients(board)
    screen = np.zeros((10, 10), dtype=int)
    screen[1:4] = 4
    screen[9, 5], screen[6, 3], screen[5, 2] = 1, 2, 3
    mixed = np.random.default_rng(4).permutation(screen.ravel()).reshape(10, 10)
    _pixels(board, screen, 0.5)
    _pixels(board, mixed, 4.0)
    middle = BOTTOM + 5 * SIDE
    board.arrow((2.3, middle), (3.9, middle))
    board.text(3.1, middle + 0.2, "shuffled", size=9)
    board.text(1.35, 2.32, "neighbours together", size=9)
    board.text(4.85, 2.32, "neighbours apart", size=9)
    board.box(8.2, middle, "actor and critic\nfor pixels", width=1.9, height=0.9, color="C0")
    board.arrow((5.8, middle), (7.15, middle))
    board.path([(1.35, BOTTOM), (1.35, 0.12), (8.2, 0.12), (8.2, middle - 0.5)])
    board.text(6.5, 0.3, "or", size=9)
    return board.ax


def _gradients(board: Board) -> None:
    board.box(1.2, 3.85, "actor's gradient", width=1.7, color="C0")
    board.box(1.2, 2.85, "critic's gradient\n∝ reward's unit", width=1.7, height=0.65, color="C3")
    board.box(4.3, 3.35, "cut together\nto length 0.5", width=1.7, height=0.7, color="C1")
    board.box(
        7.4, 3.35, r"Adam: $\dfrac{c\,a}{|c\,a|\,+\,\epsilon}$", width=2.0, height=0.9, color="C2"
    )
    board.arrow((2.1, 3.75), (3.4, 3.5), color="C0", width=1.0)
    board.arrow((2.1, 2.95), (3.4, 3.2), color="C3", width=4.0)
    board.arrow((5.2, 3.35), (6.35, 3.35))
    board.text(5.78, 3.55, r"$c\,a$", size=10)
    board.arrow((8.45, 3.35), (9.3, 3.35))
    board.text(8.85, 3.55, "step", size=9)


def _pixels(board: Board, screen: np.ndarray, left: float) -> None:
    for (row, column), kind in np.ndenumerate(screen):
        corner = (left + SIDE * column, BOTTOM + SIDE * (9 - row))
        color = COLORS.get(kind, "none")
        board.ax.add_patch(Rectangle(corner, SIDE, SIDE, facecolor=color, alpha=0.8, linewidth=0))
    corner = (left, BOTTOM)
    board.ax.add_patch(
        Rectangle(corner, 10 * SIDE, 10 * SIDE, fill=False, edgecolor="0.4", linewidth=1)
    )
    window = (left + 2 * SIDE, BOTTOM + 2 * SIDE)
    board.ax.add_patch(
        Rectangle(window, 3 * SIDE, 3 * SIDE, fill=False, edgecolor="C3", linewidth=1.6)
    )
