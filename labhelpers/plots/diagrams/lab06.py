"""Lab 06: a variational autoencoder, and where its two losses come from."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "From left to right: an image x, the encoder, mean and deviation of a Gaussian, a code z drawn "
    "from it with noise epsilon, the decoder, pixel probabilities. Above the Gaussian stands the "
    "KL divergence to the prior, above the decoder's output the reconstruction term."
)
CAPTION = (
    "The encoder names a Gaussian, one draw of it is the code, the decoder answers with pixel "
    "probabilities. Gradients (orange) pass through the draw, since the noise ε comes from outside."
)


def draw() -> Axes:
    """Draw the way of an image, and of the gradient."""
    board = Board(9.0, 2.8)
    y = 1.3
    board.text(0.4, y, "$x$", size=13)
    board.box(1.6, y, "encoder")
    board.box(3.3, y, "$\\mu,\\ \\sigma$", color="C2")
    board.text(5.0, y, "$z = \\mu + \\sigma\\varepsilon$", size=13)
    board.box(6.8, y, "decoder")
    board.text(8.3, y, "$p(x|z)$", size=13)
    for left, right in ((0.6, 1.05), (2.15, 2.75), (3.85, 4.3), (5.7, 6.25), (7.35, 7.85)):
        board.arrow((left, y), (right, y))
        board.arrow((right, y - 0.42), (left, y - 0.42), color="C1", width=2)
    board.text(5.0, 0.3, "$\\varepsilon \\sim N(0, 1)$")
    board.arrow((5.0, 0.45), (5.0, y - 0.2), style="--")
    board.text(3.3, 2.45, "KL to the prior", color="C3")
    board.arrow((3.3, 2.25), (3.3, y + 0.28), color="C3")
    board.text(8.3, 2.45, "reconstruction", color="C3")
    board.arrow((8.3, 2.25), (8.3, y + 0.22), color="C3")
    return board.ax
