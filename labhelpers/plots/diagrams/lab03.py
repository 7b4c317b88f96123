"""Lab 03: the network of the paper, its stages, and one block of it."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Above, a network from left to right: image, first convolution, three stages of blocks whose "
    "maps grow smaller and more numerous, mean over places, head. Below, one block: two "
    "convolutions with normalisation, and a shortcut around them that is added before the last "
    "ReLU."
)
CAPTION = (
    "Three stages of blocks: each halves the maps and doubles the channels. In a residual block "
    "the input runs around both convolutions (orange) and is added; a plain block lacks that way."
)


def draw() -> Axes:
    """Draw the network, and below it one block."""
    board = Board(10.0, 3.6)
    y, x = 2.8, 0.6
    names = ["image", "conv", "stage 1", "stage 2", "stage 3", "mean, head"]
    sides = [1.0, 0.9, 0.9, 0.65, 0.45, 0.5]
    for name, height in zip(names, sides, strict=True):
        width = 1.2 if name[:5] == "stage" or name[0] == "m" else 0.9
        board.box(x, y, name, width=width, height=height, color="C2" if "stage" in name else "0.6")
        if name != names[-1]:
            board.arrow((x + width / 2 + 0.05, y), (x + width / 2 + 0.5, y))
        x += 1.75
    base = 0.9
    board.text(0.7, base, "$x$", size=13)
    board.box(2.4, base, "conv, norm, ReLU", width=1.8)
    board.box(5.0, base, "conv, norm", width=1.4)
    plus = board.circle(6.7, base)
    board.box(8.0, base, "ReLU", width=0.9)
    for left, right in ((0.9, 1.45), (3.35, 4.25), (5.75, 6.5), (6.9, 7.5), (8.5, 9.1)):
        board.arrow((left, base), (right, base))
    board.text(9.3, base, "$y$", size=13)
    board.path(
        [(1.1, base), (1.1, 0.25), (plus[0], 0.25), (plus[0], base - 0.2)], color="C1", width=2
    )
    return board.ax
