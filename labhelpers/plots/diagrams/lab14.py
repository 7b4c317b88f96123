"""Lab 14: a frozen pretrained model, read out by a probe, and adapted by a low-rank addition."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Left: a text passes three frozen blocks; an arrow leads from one of them to a mean of tokens "
    "and on to a probe. Right: inside a block the input passes the frozen matrix W, and beside it "
    "the thin matrices A and B; both results are added."
)
CAPTION = (
    "Two cheap uses of a frozen model (blue): read its states with a probe, or add a product "
    "of two thin matrices (orange) to its weights. Only what is orange is trained."
)


def draw() -> Axes:
    """Draw the probe on the left, the addition on the right."""
    board = Board(9.0, 4.6)
    board.text(2.2, 4.3, "frozen features", size=12)
    board.text(1.2, 0.35, "text", size=12)
    for i, y in enumerate((1.15, 2.15, 3.15)):
        board.box(1.2, y, f"block {i + 1}", width=1.3, height=0.5)
        board.arrow((1.2, y - 0.58), (1.2, y - 0.28), color="C0")
    board.box(3.2, 2.15, "mean", width=1.0, height=0.5)
    board.box(3.2, 3.15, "probe", width=1.0, height=0.5, color="C1")
    board.arrow((1.9, 2.15), (2.65, 2.15), color="C0")
    board.arrow((3.2, 2.43), (3.2, 2.87), color="C1")

    board.text(6.9, 4.3, "LoRA", size=12)
    board.text(6.9, 0.35, "x", size=12)
    board.box(6.0, 2.1, "W", width=1.2, height=1.2)
    board.box(7.8, 1.6, "A", width=0.9, height=0.4, color="C1")
    board.box(7.8, 2.6, "B", width=0.9, height=0.4, color="C1")
    board.box(6.9, 3.65, "+", width=0.5, height=0.4)
    board.arrow((6.8, 0.55), (6.1, 1.45), color="C0")
    board.arrow((7.0, 0.55), (7.7, 1.36), color="C1")
    board.arrow((7.8, 1.84), (7.8, 2.36), color="C1")
    board.arrow((6.1, 2.74), (6.75, 3.42), color="C0")
    board.arrow((7.7, 2.84), (7.05, 3.42), color="C1")
    return board.ax
