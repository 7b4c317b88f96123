"""Lab 08: what becomes of a gradient on its way to a step."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "A gradient g goes two ways: into a running mean m and into a running mean of squares v. The "
    "step is the learning rate times m divided by the root of v. SGD uses neither, momentum only "
    "m, RMSprop only v, Adam both."
)
CAPTION = (
    "What an optimizer remembers of past gradients: a mean (momentum: a sum), which adds up what "
    "they agree on, and a mean of squares, which sets the length of each weight's step."
)


def draw() -> Axes:
    """Draw the two memories and who uses them."""
    board = Board(9.0, 2.8)
    board.box(1.0, 1.5, "gradient $g$", width=1.3)
    board.box(3.7, 2.25, "$m$: mean of $g$", width=1.7, color="C2")
    board.box(3.7, 0.75, "$v$: mean of $g^2$", width=1.7, color="C1")
    board.box(6.4, 1.5, "$\\eta\\; m\\, /\\, \\sqrt{v}$", width=1.6, height=0.6, color="C4")
    board.text(8.3, 1.5, "step", size=12)
    board.arrow((1.66, 1.65), (2.83, 2.15), color="C2")
    board.arrow((1.66, 1.35), (2.83, 0.85), color="C1")
    board.arrow((4.57, 2.15), (5.58, 1.66), color="C2")
    board.arrow((4.57, 0.85), (5.58, 1.34), color="C1")
    board.arrow((7.22, 1.5), (7.95, 1.5))
    board.text(3.7, 2.66, "momentum", size=9, color="C2")
    board.text(3.7, 0.3, "RMSprop", size=9, color="C1")
    board.text(6.4, 2.05, "Adam: both", size=9, color="C4")
    board.text(3.7, 1.5, "SGD: neither", size=9, color="0.45")
    board.arrow((1.66, 1.5), (2.95, 1.5), color="0.6", style="--")
    board.arrow((4.45, 1.5), (5.58, 1.5), color="0.6", style="--")
    return board.ax
