"""Lab 08b: how a comparison of optimizers has to be made."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Three boxes in a row: a list of rates that is the same for all, run on seeds that choose; the "
    "rate chosen for each optimizer; fresh seeds that judge, with the same weights and batches for "
    "all. A grey shortcut, marked as wrong, leads from the choosing seeds to the verdict."
)
CAPTION = (
    "A fair comparison: the same list for everyone, a rate of its own for each, and other seeds "
    "for the verdict than for the choice."
)


def draw() -> Axes:
    """Draw the way from a list of rates to a verdict."""
    board = Board(9.4, 2.6)
    board.box(1.3, 1.6, "the same list\nof rates", width=1.9, height=0.9, color="C0")
    board.box(4.2, 1.6, "seeds that\nchoose", width=1.6, height=0.9, color="C1")
    board.box(7.0, 1.6, "fresh seeds\nthat judge", width=1.7, height=0.9, color="C2")
    board.arrow((2.28, 1.6), (3.37, 1.6))
    board.arrow((5.03, 1.6), (6.12, 1.6))
    board.text(5.57, 1.82, "own rate", size=9)
    board.arrow((7.88, 1.6), (8.5, 1.6))
    board.text(8.93, 1.6, "verdict", size=11)
    board.path([(4.2, 1.12), (4.2, 0.6), (8.93, 0.6), (8.93, 1.4)], color="0.6")
    board.text(6.5, 0.38, "not this way: the best of many is partly luck", size=9, color="0.45")
    board.text(7.0, 2.35, "same weights, same batches", size=9, color="C2")
    return board.ax
