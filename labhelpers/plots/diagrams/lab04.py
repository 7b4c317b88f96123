"""Lab 04: one path through a plain network, many through a residual one."""

from itertools import pairwise

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Two rows of three blocks between an input and a loss. Above, plain: a single line passes "
    "through all three blocks. Below, residual: at each block the line splits into one through the "
    "block and one around it, so that eight paths lead from the loss back to the input."
)
CAPTION = (
    "How the gradient gets back from the loss. In a plain network there is one path, through every "
    "block; each block of a residual network doubles the number of paths, and one of them meets no "
    "block at all."
)
BLOCKS = 3


def draw() -> Axes:
    """Draw both networks."""
    board = Board(9.0, 3.2)
    _row(board, 2.35, "plain: 1 path", shortcut=False)
    _row(board, 0.95, f"residual: {2**BLOCKS} paths", shortcut=True)
    return board.ax


def _row(board: Board, y: float, name: str, shortcut: bool) -> None:
    color = "C2" if shortcut else "C0"
    board.text(0.2, y + 0.55, name, size=12, ha="left", color=color)
    board.text(0.5, y, "input")
    board.text(8.5, y, "loss")
    places = [1.9 + 2.4 * block for block in range(BLOCKS)]
    stops = [0.95, *(x + 1.15 for x in places[:-1]), 8.15]
    for (left, right), x in zip(pairwise(stops), places, strict=True):
        board.box(x, y, "block", width=1.0, color=color)
        board.arrow((right, y), (x + 0.52, y), color="C1", width=2)
        board.arrow((x - 0.52, y), (left, y), color="C1", width=2)
        if shortcut:
            start, end = right - 0.12, left + 0.12
            around = [(start, y), (start, y - 0.55), (end, y - 0.55), (end, y)]
            board.path(around, color="C1", width=2)
