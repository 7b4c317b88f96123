"""Lab 16: collect, judge, improve; then the data are thrown away."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "A loop: the policy acts in the environment and collects steps; a critic turns them into "
    "advantages; several passes move the policy as long as its ratio to the old one stays near 1. "
    "Then the data are thrown away and the loop begins again."
)
CAPTION = (
    "What was better than the critic expected becomes likelier. The data come from the policy "
    "itself, so they are used up once it has moved."
)


def draw() -> Axes:
    """Draw the loop of collecting, judging and improving."""
    board = Board(9.0, 3.2)
    board.box(1.4, 2.3, "environment", width=1.8)
    board.box(1.4, 0.8, r"policy $\pi_\theta$", width=1.8, color="C2")
    board.box(4.6, 2.3, "steps of one policy", width=2.2, color="C1")
    board.box(7.7, 2.3, "critic: advantages", width=2.2, color="C4")
    board.box(4.6, 0.8, "several passes, clipped", width=2.4, color="C3")

    # Acting: actions are drawn, not chosen.
    board.arrow((1.0, 2.02), (1.0, 1.08))
    board.text(0.3, 1.55, "observation", rotation=90, size=9)
    board.arrow((1.8, 1.08), (1.8, 2.02))
    board.text(2.05, 1.55, "drawn action", rotation=90, size=9)

    # Learning: judged by the critic, used a few times, then gone.
    board.arrow((2.33, 2.3), (3.47, 2.3), color="C1")
    board.text(2.9, 2.5, "collect", size=9)
    board.arrow((5.73, 2.3), (6.57, 2.3), color="C4")
    board.text(6.15, 2.5, "judge", size=9)
    board.path([(7.7, 2.02), (7.7, 0.8), (5.83, 0.8)], color="C3")
    board.text(6.75, 1.0, r"$A_t$: better than expected?", size=9)
    board.arrow((3.37, 0.8), (2.33, 0.8), color="C3")
    board.text(2.85, 1.0, "gradient", size=9)
    limits = r"while $\pi_\theta \,/\, \pi_{old}$ stays within 1 ± ε; then collect anew"
    board.text(4.6, 0.32, limits, size=9)
    return board.ax
