"""Lab 05: the same weights make the logit and the map."""

import numpy as np
from matplotlib.axes import Axes

from labhelpers.plots.board import INK, Board

ALT = (
    "From left to right: an image, convolutions, two feature maps as grids, one bright at the top "
    "left, one at the bottom right. Above, the mean of each map goes through the weights of class "
    "k to the logit. Below, the maps themselves go through the same weights to the class "
    "activation map, red at the top left and blue at the bottom right, whose mean is the logit."
)
CAPTION = (
    "The logit of class k is a weighted sum of the feature maps' means. The same sum of the maps "
    "themselves is the class activation map: its mean is the logit, up to the bias. Here the first "
    "map has a positive weight (red) and the second a negative one (blue)."
)


def draw() -> Axes:
    """Draw the two ways from the feature maps."""
    board = Board(9.8, 3.7)
    image = board.box(0.7, 1.85, "image", width=1.0)
    network = board.box(2.3, 1.85, "convolutions", width=1.4)
    board.arrow((image[0] + 0.51, 1.85), (network[0] - 0.71, 1.85))

    ear, bone = _spot(1.0, 0.8), _spot(2.2, 2.4)
    for values, y, name in ((ear, 2.45, "$f_1$"), (bone, 1.25, "$f_D$")):
        board.arrow((network[0] + 0.71, 1.85), (3.75, y))
        _grid(board, 4.3, y, values, "Greys", (0, 1.3))
        board.text(4.3, y - 0.58, name)
    for y, words, color in (
        (3.0, "mean over\npositions", "C0"),
        (0.65, "position by\nposition", "C1"),
    ):
        board.arrow((4.85, 2.2 if y > 1.5 else 1.5), (5.65, y), color=color)
        board.box(6.25, y, words, width=1.15, height=0.62, color=color)
        board.arrow((6.85, y), (7.75, y), color=color, label="$w_{k1} … w_{kD}$")

    board.text(8.4, 3.0, "logit of\nclass $k$", color="C0")
    _grid(board, 8.4, 0.65, ear - bone, "RdBu_r", (-1.1, 1.1))
    board.text(8.98, 0.65, "map $M_k$", color="C1", ha="left")
    board.arrow((8.4, 1.2), (8.4, 2.65), style="--")
    board.text(8.5, 1.9, "mean, plus bias", ha="left")
    return board.ax


def _spot(row: float, column: float) -> np.ndarray:
    """Return a 4 × 4 map that is high around one position."""
    rows, columns = np.mgrid[0:4, 0:4]
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 0.9)


def _grid(
    board: Board, x: float, y: float, values: np.ndarray, cmap: str, limits: tuple[float, float]
) -> None:
    """Draw a map as squares of colour, 0.9 inches wide, with its centre at (x, y)."""
    edges = np.linspace(-0.45, 0.45, 5)
    low, high = limits
    board.ax.pcolormesh(
        x + edges, y - edges, values, cmap=cmap, vmin=low, vmax=high, edgecolors=INK, linewidth=0.5
    )
