"""Lab 06b: two suspects for a silent unit, and the test that tells them apart."""

import numpy as np
from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "From left to right: the weight beta and the start of training, both with an arrow to a silent "
    "unit. Below, the test: train with warm-up, which changes the start only, and compare the "
    "value of the same loss. Lower: the start. As high: the weight."
)
CAPTION = (
    "Two suspects for a silent unit, and the test. Warm-up changes the start alone: if the same "
    "loss ends lower, the start matters; if not, silence may be what the loss asks for."
)


def draw() -> Axes:
    """Draw suspects, silence, and the test."""
    board = Board(9.6, 3.6)
    board.box(1.5, 2.9, "the weight β:\nnot worth its price", width=2.2, height=0.8, color="C0")
    board.box(
        1.5, 1.7, "the start: the decoder\nignores the unit", width=2.2, height=0.8, color="C1"
    )
    board.box(5.0, 2.3, "silent unit:\n$q(z_j|x) = N(0, 1)$", width=2.0, height=0.9, color="0.5")
    board.arrow((2.65, 2.8), (3.95, 2.45))
    board.arrow((2.65, 1.8), (3.95, 2.15))
    _unit(board, 7.9, 2.3)
    board.text(6.6, 2.3, "=", size=14)

    board.text(1.5, 0.5, "the test: warm-up\nchanges the start only", color="C1")
    board.arrow((1.5, 0.8), (1.5, 1.25), color="C1", style="--")
    board.arrow((2.5, 0.5), (3.6, 0.5), color="C1")
    board.text(4.6, 0.5, "the same loss\nat the end")
    board.arrow((5.6, 0.6), (6.7, 0.85))
    board.arrow((5.6, 0.4), (6.7, 0.15))
    board.text(6.85, 0.85, "lower: the start matters", color="C1", ha="left")
    board.text(6.85, 0.15, "as high: the weight explains it", color="C0", ha="left")
    return board.ax


def _unit(board: Board, x: float, y: float) -> None:
    """Draw one distribution for three different images."""
    z = np.linspace(-1, 1, 60)
    bell = 0.45 * np.exp(-0.5 * (3 * z) ** 2)
    for k in range(3):
        left = x - 0.5 + 0.75 * k
        board.ax.plot(left + 0.32 * z, y - 0.2 + bell, color="0.5", linewidth=1.4)
        board.text(left, y - 0.4, f"$x_{k + 1}$")
    board.text(x + 0.25, y + 0.55, "the same for every image")
