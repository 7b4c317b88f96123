"""Reference models, each short enough to read in class."""

from __future__ import annotations

import itertools

from torch import Tensor, nn


class MLP(nn.Module):
    """A multilayer perceptron: linear layers with ReLU (and dropout) between them.

    ``MLP(784, 10)`` is a linear classifier, ``MLP(784, 256, 128, 10)`` the baseline of lab 01.

    Args:
        widths: inputs, hidden units of each layer, outputs.
        dropout: share of the hidden units dropped in training.
    """

    def __init__(self, *widths: int, dropout: float = 0.0) -> None:
        super().__init__()
        if len(widths) < 2:
            raise ValueError(f"MLP{widths} needs at least two widths, inputs and outputs, such as MLP(784, 10)")
        layers: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise(widths[:-1]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU(), *([nn.Dropout(dropout)] if dropout else [])]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K) for images x (N, C, H, W), or any shape with N first."""
        return self.layers(x.flatten(1))


class DeepMLP(nn.Module):
    """`depth` hidden layers of equal width, plain or residual, with the same parameters either way.

    A plain layer computes ``relu(W h + b)``, a residual one ``h + relu(W h + b)`` (after He et al. 2016, eq. 1).

    Args:
        depth: number of hidden layers after the first.
        width: units of each.
        residual: add each layer's input to its output.
        inputs: values per image.
        num_classes: number of logits.
    """

    def __init__(
        self, depth: int, width: int = 64, residual: bool = False, inputs: int = 784, num_classes: int = 10
    ) -> None:
        super().__init__()
        self.residual = residual
        self.stem = nn.Linear(inputs, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.head = nn.Linear(width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K) for images x (N, C, H, W)."""
        h = self.stem(x.flatten(1)).relu()  # (N, width)
        for layer in self.hidden:
            h = h + layer(h).relu() if self.residual else layer(h).relu()
        return self.head(h)
