"""Lab 02: a plain layer multiplies, a residual layer adds."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Two stacks of three layers. Above, plain: the signal passes through every layer, and on its "
    "way back the gradient, a thinner arrow after each layer, is multiplied by each. Below, "
    "residual: a shortcut runs around every layer, the layer's output is added to it, and the "
    "gradient's arrow keeps its width."
)
CAPTION = (
    "Forward from left to right, the gradient (orange) from right to left. A plain layer "
    "multiplies it; a shortcut hands it on, and the layer only adds to it."
)
LAYERS = 3


def draw() -> Axes:
    """Draw both stacks."""
    board = Board(9.0, 3.6)
    _stack(board, 2.7, "plain", shortcut=False)
    _stack(board, 0.85, "residual", shortcut=True)
    return board.ax


def _stack(board: Board, y: float, name: str, shortcut: bool) -> None:
    board.text(0.15, y + 0.75, name, size=12, ha="left", color="C2" if shortcut else "C0")
    left = 0.75
    board.text(left, y, "$h_0$", size=12)
    for layer in range(LAYERS):
        start = left + 0.2 + 2.4 * layer
        end = start + 2.2
        _layer(board, start, end, y, layer, shortcut)
        board.text(end, y, f"$h_{layer + 1}$", size=12)
        # Each plain layer divides the gradient by √6; a shortcut leaves it about as wide as it was.
        width = 4.0 if shortcut else 4.0 / 2.45 ** (LAYERS - 1 - layer)
        board.arrow((end, y - 0.5), (start - 0.05, y - 0.5), color="C1", width=width)
    board.text(8.85, y - 0.5, "gradient", color="C1", ha="right")


def _layer(board: Board, start: float, end: float, y: float, layer: int, shortcut: bool) -> None:
    color = "C2" if shortcut else "C0"
    middle = start + 0.85
    board.arrow((start, y), (middle - 0.5, y))
    board.box(middle, y, f"$W_{layer}$ ReLU", width=1.0, height=0.46, color=color)
    if not shortcut:
        board.arrow((middle + 0.5, y), (end - 0.2, y))
        return
    plus = board.circle(end - 0.5, y)
    board.arrow((middle + 0.5, y), (plus[0] - 0.16, y))
    board.arrow((plus[0] + 0.16, y), (end - 0.2, y))
    fork = start + 0.1
    over = y + 0.5
    board.path([(fork, y), (fork, over), (plus[0], over), (plus[0], y + 0.16)], color="C2", width=2)
