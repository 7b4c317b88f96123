"""Lab 15: what an agent does and learns from, with its memory and its two networks."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "The environment shows the network Q an observation, and Q sends back an action. "
    "Transitions go into a replay memory. Batches drawn from it train Q towards goals that a "
    "target network computes, which is a copy of Q, refreshed now and then."
)
CAPTION = (
    "Left: acting. Right: learning from what was stored. The goal comes from a copy of the "
    "network that stands still between refreshes."
)


def draw() -> Axes:
    """Draw acting on the left, learning on the right."""
    board = Board(9.0, 3.7)
    board.box(1.2, 2.9, "environment", width=1.7)
    board.box(1.2, 0.8, "network $Q$", width=1.7, color="C2")
    board.box(4.5, 2.9, "replay memory", width=1.9, color="C1")
    board.box(4.5, 0.8, "TD error", width=1.9, color="C3")
    board.box(7.7, 1.85, "target network $Q^-$", width=2.1, color="C2")

    # Acting: a loop between the world and the network.
    board.arrow((0.8, 2.62), (0.8, 1.08))
    board.text(0.15, 1.85, "observation", rotation=90, size=9)
    board.arrow((1.6, 1.08), (1.6, 2.62))
    board.text(1.85, 1.85, "action, ε-greedy", rotation=90, size=9)

    # Learning: what happened is stored, drawn at random, and compared with the goal.
    board.arrow((2.08, 2.9), (3.52, 2.9), color="C1")
    board.text(2.8, 3.3, "observation, action,\nreward, next, terminated", size=8)
    board.arrow((4.5, 2.62), (4.5, 1.08), color="C1")
    board.text(5.2, 1.85, "random batch", size=9)
    board.arrow((7.2, 1.58), (5.5, 0.95), color="C2")
    board.text(7.2, 1.05, r"goal: $r + \gamma\,\max Q^-$", size=9)
    board.arrow((3.52, 0.8), (2.08, 0.8), color="C3")
    board.text(2.8, 1.0, "gradient", size=9)

    # The refresh runs below everything else.
    board.path([(1.2, 0.52), (1.2, 0.25), (8.4, 0.25), (8.4, 1.58)], color="C2")
    board.text(4.8, 0.4, "copied every 100 steps", size=9)
    return board.ax
