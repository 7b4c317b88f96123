"""Lab 06b: two suspects for a silent unit, and the test that tells them apart."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Two boxes on the left, the weight of the KL and the start of training, each with an arrow to "
    "a box in the middle: a unit falls silent. From the start's arrow hangs warm-up, which changes "
    "it. On the right the question: is the same loss lower at the end?"
)
CAPTION = (
    "Two suspects for a silent unit. Warm-up changes the start alone: if the same loss ends "
    "lower, the start was to blame."
)


def draw() -> Axes:
    """Draw suspects, silence, and the test."""
    board = Board(9.6, 3.0)
    board.box(1.4, 2.2, "the weight β:\nnot worth its price", width=2.2, height=0.8, color="C0")
    board.box(1.4, 0.8, "the start:\nnobody listens yet", width=2.2, height=0.8, color="C1")
    board.box(4.9, 1.5, "a unit falls\nsilent", width=1.7, height=0.9, color="0.5")
    board.arrow((2.55, 2.1), (4.0, 1.7))
    board.arrow((2.55, 0.9), (4.0, 1.3))
    board.text(3.9, 0.45, "warm-up changes this", size=10, color="C1")
    board.arrow((3.3, 0.6), (3.3, 1.0), color="C1", style="--")
    board.arrow((5.8, 1.5), (6.6, 1.5))
    board.text(8.1, 1.5, "is the same loss\nlower at the end?", size=11)
    return board.ax
