"""Lab 11: from thirty choices to one number that can be believed."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Five boxes in a row: one network with switches; one switch changed at a time; the same seeds "
    "for all; paired ratios with a correction for many comparisons; the winner. A last box below: "
    "new seeds and the test set, read once."
)
CAPTION = (
    "How this lab turns thirty choices into results: change one switch, pair by seed, correct for "
    "the number of comparisons, and put the winner to a test that had no part in choosing it."
)


def draw() -> Axes:
    """Draw the chain."""
    board = Board(9.4, 2.3)
    words = (
        ("one network,\nmany switches", "C0"),
        ("change one\nat a time", "C0"),
        ("same seeds\nfor all", "C2"),
        ("paired ratios,\ncorrected", "C2"),
        ("a winner", "C1"),
    )
    places = [0.95 + 1.87 * i for i in range(len(words))]
    for x, (text, color) in zip(places, words, strict=True):
        board.box(x, 1.65, text, width=1.5, height=0.75, color=color)
    for x in places[:-1]:
        board.arrow((x + 0.77, 1.65), (x + 1.08, 1.65))
    board.box(places[-2], 0.5, "new seeds,\ntest set, once", width=1.6, height=0.7, color="C4")
    board.path([(places[-1], 1.25), (places[-1], 0.5), (places[-2] + 0.82, 0.5)], color="C1")
    board.text(4.5, 0.5, "is it still ahead?", size=10, ha="right", color="C4")
    board.arrow((places[-2] - 0.82, 0.5), (4.6, 0.5), color="C4")
    return board.ax
