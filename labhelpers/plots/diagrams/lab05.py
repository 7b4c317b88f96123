"""Lab 05: the same weights make the logit and the map."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "From left to right: an image, a convolutional network, its last feature maps. Above, the mean "
    "of each map goes through the weights of class k to the logit. Below, the maps themselves go "
    "through the same weights to the class activation map, whose mean is the logit."
)
CAPTION = (
    "The logit of class k is a weighted sum of the feature maps' means. The same sum of the maps "
    "themselves is the class activation map: its mean is the logit, up to the bias."
)


def draw() -> Axes:
    """Draw the two ways from the feature maps."""
    board = Board(9.0, 3.0)
    image = board.box(0.8, 1.5, "image")
    network = board.box(2.5, 1.5, "convolutions", width=1.4)
    maps = board.box(4.4, 1.5, "feature maps\n$f_1 … f_D$", width=1.4, height=0.7)
    board.arrow((image[0] + 0.56, 1.5), (network[0] - 0.71, 1.5))
    board.arrow((network[0] + 0.71, 1.5), (maps[0] - 0.71, 1.5))
    for y, first, last, color in (
        (2.35, "mean over\nplaces", "logit of class $k$", "C0"),
        (0.65, "place by\nplace", "activation map $M_k$", "C1"),
    ):
        board.arrow((maps[0] + 0.3, 1.5 + (0.36 if y > 1.5 else -0.36)), (5.4, y), color=color)
        board.box(6.0, y, first, width=1.1, height=0.62, color=color)
        board.arrow((6.56, y), (7.2, y), color=color, label="$w_k$")
        board.text(8.1, y, last, color=color)
    board.arrow((8.1, 0.9), (8.1, 2.1), style="--")
    board.text(8.5, 1.5, "mean")
    return board.ax
