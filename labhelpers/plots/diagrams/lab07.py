"""Lab 07: two networks in one game."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "Noise z goes through the generator G to a generated image; real images stand above it. Both "
    "go into the discriminator D, which answers with the probability of being real. An orange "
    "arrow leads the gradient from D back to G."
)
CAPTION = (
    "D learns to tell real from generated images; G learns from D's gradient (orange) alone. It "
    "never sees a real image."
)


def draw() -> Axes:
    """Draw the game."""
    board = Board(9.0, 2.6)
    board.text(0.6, 0.9, "noise $z$", size=12)
    board.box(2.3, 0.9, "generator G", width=1.4, color="C0")
    board.box(4.6, 0.9, "generated", width=1.2, color="C0")
    board.box(4.6, 2.0, "real", width=1.2, color="C2")
    board.box(6.6, 1.45, "discriminator D", width=1.5, color="C4")
    board.text(8.4, 1.45, "real?", size=12)
    board.arrow((1.1, 0.9), (1.58, 0.9))
    board.arrow((3.02, 0.9), (3.98, 0.9))
    board.arrow((5.22, 0.95), (5.83, 1.3))
    board.arrow((5.22, 1.95), (5.83, 1.6))
    board.arrow((7.37, 1.45), (8.0, 1.45))
    board.path([(6.6, 1.18), (6.6, 0.3), (2.3, 0.3), (2.3, 0.62)], color="C1", width=2.4)
    board.text(4.6, 0.14, "gradient: what would look more real?", size=9, color="C1")
    return board.ax
