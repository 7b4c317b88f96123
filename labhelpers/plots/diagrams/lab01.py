"""Lab 01: forward through the network to the loss, and back with the chain rule."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "A row of boxes: the image x, the hidden layer W1 and ReLU, the output layer W2, softmax, and "
    "the "
    "loss, with the label y entering from above. Blue arrows lead forward from x to the loss. "
    "Orange "
    "arrows lead back: p minus one-hot y at the logits, times W2 transposed, masked where ReLU was "
    "off."
)
CAPTION = (
    "Forward (blue) to the loss, and backward (orange): at the logits the gradient is what was "
    "answered minus what is right; each layer hands it on by its weights, and masks it where its "
    "ReLU "
    "was off."
)
BOXES = [  # place, words, width
    (0.75, "x", 0.6),
    (2.35, "$a = W_1 x + b_1$", 1.5),
    (4.2, "$h =$ ReLU$(a)$", 1.3),
    (6.0, "$z = W_2 h + b_2$", 1.5),
    (7.75, "softmax", 1.0),
    (9.2, "loss", 0.8),
]
BACK = [
    "",
    r"$\delta_a = \delta_h \odot [a > 0]$",
    r"$\delta_h = W_2^\top \delta_z$",
    r"$\delta_z = p - e_y$",
]


def draw() -> Axes:
    """Draw the forward row, and the gradients below it."""
    board = Board(9.9, 2.4)
    y = 1.5
    for i, (x, words, width) in enumerate(BOXES):
        board.box(x, y, words, width, 0.55, "C3" if words == "loss" else "C0")
        if i:
            before, _, half = BOXES[i - 1]
            board.arrow((before + half / 2, y), (x - width / 2, y), color="C0")
    board.text(9.2, 2.25, "label $y$")
    board.arrow((9.2, 2.13), (9.2, y + 0.28))
    board.text(8.47, y + 0.22, "$p$")
    for i in (1, 2, 3):
        x, _, _ = BOXES[i]
        board.text(x, 0.42, BACK[i], color="C1")
        board.arrow((x + 0.85, 0.85), (x - 0.85, 0.85), color="C1", width=2.4)
    board.arrow((9.2, 0.85), (7.0, 0.85), color="C1", width=2.4)
    return board.ax
