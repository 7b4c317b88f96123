"""Lab 09: a gate, where each place decides for itself, and attention, where it asks all others."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Two panels. Left, a gate: a place and its near neighbours make one number that multiplies the "
    "place itself. Right, attention: a place sends a query to all places, their keys answer with "
    "weights, and the weighted mean of their values is added to the place."
)
CAPTION = (
    "A gate (left) sees its neighbourhood and decides how loud a place is. Attention (right) lets "
    "a place hear any other: weights from query and keys, and a weighted mean of values."
)
PLACES = [(0.0, 0.0), (0.7, 0.0), (1.4, 0.0), (0.0, 0.7), (0.7, 0.7), (1.4, 0.7), (0.0, 1.4)]
PLACES += [(0.7, 1.4), (1.4, 1.4)]


def draw() -> Axes:
    """Draw the gate and the attention of one place."""
    board = Board(9.6, 3.2)
    for left, asking in ((0.5, (0.7, 0.7)), (5.0, (1.4, 0.0))):
        for x, y in PLACES:
            color = "C1" if (x, y) == asking else "0.75"
            board.box(left + x, 0.75 + y, "", width=0.5, height=0.5, color=color)
    board.arrow((1.5, 1.45), (2.3, 1.45), color="C1")
    board.text(3.1, 1.45, "$g\\,h_i$,  $0 < g < 1$", size=11)
    board.text(1.2, 2.85, "gate: from near by", size=11, color="0.3", ha="center")
    board.text(5.7, 2.85, "attention: from anywhere", size=11, color="0.3", ha="center")
    for x, y in ((0.0, 1.4), (0.7, 0.7), (0.0, 0.0)):
        strong = (x, y) == (0.0, 1.4)
        start, width = (5.0 + x + 0.2, 0.75 + y - 0.1), 2.4 if strong else 1.0
        board.arrow(start, (6.25, 0.9), color="C0", width=width)
    board.arrow((6.7, 0.75), (7.2, 0.75), color="C1")
    board.text(8.4, 0.75, "$h_i + \\sum_j w_{ij}\\,v_j$", size=11)
    board.text(8.4, 1.75, "$w_{ij} \\propto e^{q_i \\cdot k_j / \\sqrt{d}}$", size=11, color="C0")
    return board.ax
