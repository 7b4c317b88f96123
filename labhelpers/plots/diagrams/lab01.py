"""Lab 01: forward through the network to the loss, and back with the chain rule."""

from matplotlib.axes import Axes

from labhelpers.plots.board import Board

ALT = (
    "A row of boxes: the image x, the hidden layer W1 and ReLU, the output layer W2, softmax, and "
    "the loss, with the label y entering from above. Blue arrows lead forward from x to the loss. "
    "Orange arrows lead back: p minus one-hot y at the logits, times W2 transposed, masked where "
    "ReLU was off. Below each layer stands the gradient of its weights."
)
CAPTION = (
    "Forward (blue) to the loss, and backward (orange): at the logits the gradient is what was "
    "answered minus what is right. Each layer hands it on by its weights, and ReLU masks it where "
    "it was off. The gradient of a layer's weights needs what arrives from behind and what came in."
)
BOXES = [  # place, words, width
    (0.75, "$x$", 0.6),
    (2.35, "$a = W_1 x + b_1$", 1.5),
    (4.2, "$h =$ ReLU$(a)$", 1.3),
    (6.0, "$z = W_2 h + b_2$", 1.5),
    (7.75, "softmax", 1.0),
    (9.2, "loss", 0.8),
]
BACK = [  # from, to, the gradient that arrives there, that of the layer's weights
    (9.2, 6.0, r"$\delta_z = p - e_y$", r"$\delta_{W_2} = \delta_z\, h^\top$"),
    (6.0, 4.2, r"$\delta_h = W_2^\top \delta_z$", ""),
    (4.2, 2.35, r"$\delta_a = \delta_h \odot [a > 0]$", r"$\delta_{W_1} = \delta_a\, x^\top$"),
]


def draw() -> Axes:
    """Draw the forward row, and the gradients below it."""
    board = Board(9.9, 2.7)
    y = 1.8
    for i, (x, words, width) in enumerate(BOXES):
        board.box(x, y, words, width, 0.55, "C3" if words == "loss" else "C0")
        if i:
            before, _, half = BOXES[i - 1]
            board.arrow((before + half / 2, y), (x - width / 2, y), color="C0")
    board.text(9.2, y + 0.75, "label $y$")
    board.arrow((9.2, y + 0.63), (9.2, y + 0.28))
    board.text(8.47, y + 0.22, "$p$")
    for start, end, gradient, of_weights in BACK:
        board.arrow((start - 0.06, y - 0.6), (end + 0.06, y - 0.6), color="C1", width=2.4)
        board.text(end, y - 0.98, gradient, color="C1")
        board.text(end, y - 1.4, of_weights, color="C1")
    return board.ax
