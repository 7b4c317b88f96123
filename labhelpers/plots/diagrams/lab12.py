"""Lab 12: the chain in which a fault can sit, and what measures each link."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Six links from left to right: data, network, loss, gradient, step, report. Under each stands "
    "what is measured there: copies and labels, signal and dead units, the loss at the start, "
    "first against last gradient, share of the weights moved, accuracy in eval mode."
)
CAPTION = (
    "A fault sits somewhere between the pixels and the report. Curves show only the end of the "
    "chain; the examination (orange) measures every link, in this order."
)
LINKS = (
    ("data", "copies,\nlabels, pixels"),
    ("network", "signal,\ndead units"),
    ("loss", "its value\nat the start"),
    ("gradient", "first layer\nagainst last"),
    ("step", "share of the\nweights moved"),
    ("report", "accuracy in\neval() mode"),
)


def draw() -> Axes:
    """Draw the chain and the examination."""
    board = Board(9.6, 2.2)
    for i, (name, measured) in enumerate(LINKS):
        x = 0.9 + 1.56 * i
        board.box(x, 1.6, name, width=1.15)
        if i:
            board.arrow((x - 0.98, 1.6), (x - 0.59, 1.6))
        board.text(x, 0.45, measured, size=9, color="C1")
        board.arrow((x, 0.8), (x, 1.32), color="C1")
    return board.ax
