"""Lab 09: a gate, where each place decides for itself, and attention, where it asks all others."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labhelpers.plots.board import Board

ALT = (
    "Two panels. Left, a gate: the neighbourhood of a place makes one number, which multiplies the "
    "place. Right, attention: a place compares its query with the keys of all places; the mean of "
    "their values, weighted by the answers, is added to the place."
)
CAPTION = (
    "A gate (left) makes one number of a place's neighbourhood and decides how loud the place is. "
    "Attention (right) lets a place hear any other: its query meets their keys, and the weights "
    "(the thickness of the arrows) make a mean of their values."
)
STEP = 0.75  # inches from place to place
ROWS = [(column * STEP, row * STEP) for row in range(3) for column in range(3)]


def draw() -> Axes:
    """Draw the gate and the attention of one place."""
    board = Board(9.6, 3.2)
    _gate(board, left=0.55, low=0.65)
    _attention(board, left=5.2, low=0.65)
    return board.ax


def _gate(board: Board, left: float, low: float) -> None:
    middle = (left + STEP, low + STEP)
    for x, y in ROWS:
        here = (left + x, low + y) == middle
        text = "$h_i$" if here else ""
        color = "C1" if here else "0.75"
        board.box(left + x, low + y, text, width=0.5, height=0.5, color=color)
    frame = Rectangle((left - 0.4, low - 0.4), 2.3, 2.3, fill=False, edgecolor="0.4", ls="--")
    board.ax.add_patch(frame)
    board.text(middle[0], 2.85, "a gate hears its neighbours", size=11, color="0.3")
    sigma, times = (3.0, middle[1]), (3.75, middle[1])
    board.arrow((left + 1.9, middle[1]), sigma, gap=0.18)
    board.circle(*sigma, "$\\sigma$", radius=0.2)
    board.arrow(sigma, times, gap=0.2)
    board.text(3.37, middle[1] + 0.18, "$g$", size=11)
    board.circle(*times, "$\\times$", radius=0.17)
    board.box(times[0], low - 0.05, "$h_i$", width=0.5, height=0.5, color="C1")
    board.arrow((times[0], low + 0.2), (times[0], middle[1] - 0.17), color="C1")
    board.arrow((times[0], middle[1] + 0.17), (times[0], middle[1] + 0.62), color="C1")
    board.text(times[0], middle[1] + 0.82, "$g\\,h_i$", size=11)


def _attention(board: Board, left: float, low: float) -> None:
    asking = (left + 2 * STEP, low)
    for x, y in ROWS:
        here = (left + x, low + y) == asking
        text, color = ("$q_i$", "C1") if here else ("$k_j, v_j$", "0.75")
        board.box(left + x, low + y, text, width=0.55, height=0.5, color=color)
    board.text(left + STEP, 2.85, "attention asks all places", size=11, color="0.3")
    top, side = low + 2 * STEP, asking[0] - 0.28  # the left edge of the place that asks
    board.arrow((left + 0.34, top - 0.12), (side, low + 0.2), color="C0", width=3.2, bend=0.45)
    board.arrow((left + 0.28, low - 0.1), (side, low - 0.1), color="C0", width=1.2, bend=0.35)
    board.arrow((left + STEP + 0.28, low + STEP - 0.2), (side + 0.08, low + 0.26), color="C0")
    board.arrow((asking[0], low + STEP - 0.25), (asking[0], low + 0.25), color="C0", width=0.8)
    board.text(8.5, 2.0, "$w_{ij} \\propto e^{q_i \\cdot k_j / \\sqrt{d}}$", size=12, color="C0")
    board.arrow((asking[0] + 0.28, low), (7.55, low), color="C1")
    board.text(8.5, low, "$h_i + \\sum_j w_{ij}\\,v_j$", size=12)
