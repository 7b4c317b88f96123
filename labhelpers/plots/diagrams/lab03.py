"""Lab 03: the network of the paper, its stages, and one block of it."""

from itertools import pairwise

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Above, a network from left to right: image, first convolution, three stages of blocks, mean "
    "over places, head. Stages 2 and 3 have maps of half the height and twice the channels of the "
    "stage before. Below, one block: two convolutions with normalisation, and a shortcut around "
    "them that is added before the last ReLU."
)
CAPTION = (
    "Three stages of blocks: each after the first halves the side of the maps and doubles the "
    "channels. In a residual block the input runs around both convolutions (orange) and is added; "
    "a plain block lacks that way."
)
PARTS = [  # words, maps below them, width, height
    ("image", "3 colours", 0.9, 1.1),
    ("conv", "$C$ maps", 0.9, 0.9),
    ("stage 1", "$C$ maps", 1.2, 0.9),
    ("stage 2", "$2C$ maps, half the side", 1.2, 0.62),
    ("stage 3", "$4C$ maps, a quarter", 1.2, 0.42),
    ("mean, head", "10 logits", 1.2, 0.42),
]


def draw() -> Axes:
    """Draw the network, and below it one block."""
    board = Board(10.4, 3.9)
    _network(board, 3.15)
    _block(board, 0.95)
    return board.ax


def _network(board: Board, y: float) -> None:
    places = [0.7 + 1.8 * i for i in range(len(PARTS))]
    for x, (words, maps, width, height) in zip(places, PARTS, strict=True):
        board.box(x, y, words, width, height, color="C2" if "stage" in words else "0.6")
        board.text(x, y - 0.78, maps, size=9)
    ends = zip(places, [part[2] for part in PARTS], strict=True)
    for (left, before), (right, after) in pairwise(ends):
        board.arrow((left + before / 2 + 0.04, y), (right - after / 2 - 0.04, y))


def _block(board: Board, y: float) -> None:
    board.text(0.9, y, "$x$", size=13)
    board.box(2.6, y, "conv, norm, ReLU", width=1.8)
    board.box(5.2, y, "conv, norm", width=1.4)
    plus = board.circle(6.9, y)
    board.box(8.2, y, "ReLU", width=0.9)
    for left, right in ((1.1, 1.66), (3.54, 4.46), (5.94, 6.7), (7.1, 7.71), (8.69, 9.3)):
        board.arrow((left, y), (right, y))
    board.text(9.5, y, "$y$", size=13)
    around = [(1.3, y), (1.3, y - 0.6), (plus[0], y - 0.6), (plus[0], y - 0.18)]
    board.path(around, color="C1", width=2)
