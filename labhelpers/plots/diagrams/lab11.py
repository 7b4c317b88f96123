"""Lab 11: from thirty choices to one number that can be believed."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Five boxes in a row: one network with switches; one switch changed at a time, or all "
    "combinations, with a cross and a square of dots below; the same seeds for all; paired ratios "
    "with a correction for many comparisons; the winner. A last box: new seeds and the test set, "
    "read once."
)
CAPTION = (
    "How this lab turns thirty choices into results: change one switch (settings on a cross) or "
    "all combinations of a few, pair by seed, correct for the number of comparisons, and put the "
    "winner to a test that had no part in choosing it."
)


def draw() -> Axes:
    """Draw the chain."""
    board = Board(9.4, 2.3)
    words = (
        ("one network,\nmany switches", "C0"),
        ("change one, or\nall combinations", "C0"),
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
    step = 0.32  # inches between the dots
    cross, square = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)], [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    for middle, dots, name in ((1.0, cross, "one at a time"), (2.5, square, "all combinations")):
        xs, ys = zip(*[(middle + step * x, 0.62 + step * y) for x, y in dots], strict=True)
        board.ax.plot(xs, ys, "o", color="C0", markersize=6)
        board.text(middle, 0.1, name, size=9, color="0.3")
    return board.ax
