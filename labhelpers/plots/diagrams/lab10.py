"""Lab 10: a convolution as one product of matrices."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labhelpers.plots.board import Board

ALT = (
    "An image of four by four cells with a window of two by two. What the window sees becomes "
    "one column of a matrix, each kernel is one row, and where row and column cross stands the "
    "answer of that kernel at that place."
)
CAPTION = (
    "A convolution is one product of matrices: what the window sees at a place is a column, one "
    "kernel is a row; where they cross stands the answer. Here a 2 × 2 window, three kernels."
)
CELL = 0.3  # inches


def draw() -> Axes:
    """Draw an image, its unfolded columns, the kernels and the result."""
    board = Board(9.6, 3.3)
    _grid(board, 0.5, 1.1, rows=4, columns=4, colour="0.75")
    _grid(board, 0.5 + CELL, 1.1 + 2 * CELL, rows=2, columns=2, colour="C1")
    board.text(1.1, 2.62, "image $x$", size=11)
    board.arrow((1.9, 1.7), (2.7, 1.7))
    board.text(2.3, 1.95, "unfold", size=10)
    _grid(board, 5.2, 1.7, rows=4, columns=9, colour="0.75")
    _grid(board, 5.2 + CELL, 1.7, rows=4, columns=1, colour="C1")
    board.text(6.55, 3.12, "columns $U$: a place each", size=11)
    _grid(board, 3.6, 0.45, rows=3, columns=4, colour="0.75")
    _grid(board, 3.6, 0.45 + CELL, rows=1, columns=4, colour="C0")
    board.text(4.2, 1.58, "kernels $W$: a row each", size=11)
    _grid(board, 5.2, 0.45, rows=3, columns=9, colour="0.75")
    _grid(board, 5.2 + CELL, 0.45 + CELL, rows=1, columns=1, colour="C2")
    board.text(6.55, 0.2, "$Y = W\\,U$", size=11)
    board.text(8.7, 0.9, "one map\nfor each\nkernel", size=10)
    return board.ax


def _grid(board: Board, left: float, low: float, rows: int, columns: int, colour: str) -> None:
    """Cells in rows and columns; a colour of the cycle fills them."""
    filled = {"facecolor": colour, "alpha": 0.45} if colour.startswith("C") else {"fill": False}
    for row in range(rows):
        for column in range(columns):
            corner = (left + column * CELL, low + row * CELL)
            edge = "0.3" if colour.startswith("C") else colour
            board.ax.add_patch(Rectangle(corner, CELL, CELL, edgecolor=edge, linewidth=1, **filled))
