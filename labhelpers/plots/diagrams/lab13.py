"""Lab 13: letters go up through the layers, and attention reads from the left only."""

import itertools

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Five columns, one for each of the letters l, i, v, u, x. Each letter becomes a vector, passes "
    "two layers, and ends in a guess at the next letter. Within each layer arrows lead from every "
    "column to those on its right, never to the left."
)
CAPTION = (
    "Each column makes a guess at the next letter. Attention (orange) lets it read from the "
    "columns on its left; two linear layers then work on each column alone. Nothing flows left."
)
LETTERS = ["l", "i", "v", "u", "x"]
GUESSES = ["i", "v", "u", "x", "␣"]
LEFT, APART, ROWS = 1.6, 1.55, (0.45, 1.35, 2.55, 3.75, 4.65)  # inches


def draw() -> Axes:
    """Draw the columns, and the arrows between them."""
    board = Board(9.0, 5.0)
    names = ["letter", "vector", "layer 1", "layer 2", "guess"]
    for y, name in zip(ROWS, names, strict=True):
        board.text(0.1, y, name, ha="left", size=11)
    for i, (letter, guess) in enumerate(zip(LETTERS, GUESSES, strict=True)):
        x = LEFT + APART * i
        board.text(x, ROWS[0], letter, size=14)
        board.box(x, ROWS[1], f"$h_{i}$", width=0.7, height=0.4)
        for y in ROWS[2:4]:
            board.box(x, y, "MLP", width=0.8, height=0.4, color="C2")
        board.text(x, ROWS[4], guess, size=14)
        for low, high in itertools.pairwise(ROWS):
            board.arrow((x, low + 0.22), (x, high - 0.22), color="C0")
        for low, high in ((ROWS[1], ROWS[2]), (ROWS[2], ROWS[3])):
            for j in range(i):
                start = (LEFT + APART * j + 0.1, low + 0.24)
                board.arrow(start, (x - 0.1, high - 0.24), color="C1", width=0.9)
    return board.ax
