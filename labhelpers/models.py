"""Reference models, each short enough to read in class."""

from __future__ import annotations

import itertools

import torch.nn.functional as F
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
    """`depth` hidden layers of equal width after a first one, plain or residual, with the same parameters either way.

    A plain layer computes ``W relu(h) + b``, a residual one ``h + W relu(h) + b``: the pre-activation order of
    He et al. 2016, *Identity mappings in deep residual networks*, arXiv:1603.05027, figure 4 (e).

    Args:
        depth: number of hidden layers after the first.
        width: units of each.
        residual: add each layer's input to its output.
        norm: batch normalisation before each ReLU; it draws no random numbers.
        inputs: values per image.
        num_classes: number of logits.
    """

    def __init__(
        self,
        depth: int,
        width: int = 64,
        residual: bool = False,
        norm: bool = False,
        inputs: int = 784,
        num_classes: int = 10,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.stem = nn.Linear(inputs, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) if norm else nn.Identity() for _ in range(depth + 1))
        self.head = nn.Linear(width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K) for images x (N, C, H, W)."""
        h = self.stem(x.flatten(1))  # (N, width)
        for layer, norm in zip(self.hidden, self.norms, strict=False):
            branch = layer(norm(h).relu())
            h = h + branch if self.residual else branch
        return self.head(self.norms[-1](h).relu())


def shortcut(x: Tensor, channels: int, stride: int = 1) -> Tensor:
    """Carry x (N, C, H, W) to `channels` channels at every `stride`-th pixel, without a single parameter.

    Option A of He et al. 2016, section 3.3: the other pixels are dropped, the new channels are zero.
    """
    if stride == 1 and channels == x.shape[1]:
        return x
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, channels - x.shape[1]))


class SimpleCNN(nn.Module):
    """`depth` 3×3 convolutions, plain or residual, with the same parameters either way; then two linear layers.

    A plain layer computes ``relu(conv(h))``, a residual one ``h + relu(conv(h))``. After the second,
    fourth and sixth layer 2×2 max pooling halves the map, down to 4×4, and the next layer doubles the channels.

    Args:
        depth: number of convolutions.
        width: channels of the first two; later ones have 2, 4 and 8 times as many.
        residual: add each layer's input to its output, through `shortcut` where channels are added.
        batch_norm: normalise after each convolution, before the ReLU.
        dropout: share of the 128 hidden units of the head dropped in training.
        channels: of the images.
        num_classes: number of logits K.
    """

    def __init__(
        self, depth: int, width: int = 16, residual: bool = False, batch_norm: bool = False, dropout: float = 0.5,
        channels: int = 3, num_classes: int = 10,
    ) -> None:  # fmt: skip
        super().__init__()
        self.residual = residual
        widths = [channels, *(width * 2 ** min(i // 2, 3) for i in range(depth))]
        self.convs = nn.ModuleList(
            _conv(inputs, outputs, 1, batch_norm) for inputs, outputs in itertools.pairwise(widths)
        )
        self.norms = nn.ModuleList(_norm(outputs, batch_norm) for outputs in widths[1:])
        hidden = [nn.Flatten(), nn.Linear(widths[-1] * 16, 128), nn.ReLU(), nn.Dropout(dropout)]
        self.head = nn.Sequential(nn.AdaptiveMaxPool2d(4), *hidden, nn.Linear(128, num_classes))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K) for images x (N, C, H, W)."""
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            h = norm(conv(x)).relu()
            x = shortcut(x, h.shape[1]) + h if self.residual else h
            x = F.max_pool2d(x, 2) if i in (1, 3, 5) and x.shape[-1] > 4 else x
        return self.head(x)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a `shortcut` around them, ``relu(x + f(x))`` (He et al. 2016, figure 2), or plain.

    Args:
        inputs: channels that come in.
        outputs: channels that go out.
        stride: of the first convolution and of the shortcut.
        residual: whether there is a shortcut; it has no parameters.
        batch_norm: normalise after each convolution; without it the convolutions have biases.
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int = 1, residual: bool = True, batch_norm: bool = True
    ) -> None:
        super().__init__()
        self.stride, self.residual = stride, residual
        self.conv1, self.bn1 = _conv(inputs, outputs, stride, batch_norm), _norm(outputs, batch_norm)
        self.conv2, self.bn2 = _conv(outputs, outputs, 1, batch_norm), _norm(outputs, batch_norm)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, outputs, H / stride, W / stride) for x (N, inputs, H, W)."""
        h = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (h + shortcut(x, h.shape[1], self.stride)).relu() if self.residual else h.relu()


class ResNet(nn.Module):
    """The ResNet for CIFAR-10 of He et al. 2016, section 4.2, with ``2 * blocks + 2`` layers, or its plain twin.

    The blocks stand in three stages of equal length; each stage after the first halves the map and doubles the
    channels. ``ResNet(9)`` is the paper's ResNet-20, ``ResNet(27)`` its ResNet-56. ``features`` gives the maps
    (N, 4 * width, H / 4, W / 4) that are averaged over space and read by ``head``, one linear layer.

    Args:
        blocks: number of `BasicBlock`; unless it is a multiple of three, earlier stages have one more.
        width: channels of the first stage.
        residual: whether the blocks have shortcuts.
        batch_norm: normalise after each convolution.
        stride: of the first convolution; 2 makes everything after it four times cheaper.
        channels: of the images.
        num_classes: number of logits K.
    """

    def __init__(
        self, blocks: int, width: int = 16, residual: bool = True, batch_norm: bool = True, stride: int = 1,
        channels: int = 3, num_classes: int = 10,
    ) -> None:  # fmt: skip
        super().__init__()
        layers: list[nn.Module] = [_conv(channels, width, stride, batch_norm), _norm(width, batch_norm), nn.ReLU()]
        widths = [width, *(width * 2 ** (3 * i // blocks) for i in range(blocks))]
        for inputs, outputs in itertools.pairwise(widths):
            layers.append(BasicBlock(inputs, outputs, outputs // inputs, residual, batch_norm))
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K) for images x (N, C, H, W)."""
        return self.head(self.features(x).mean((2, 3)))


def _conv(inputs: int, outputs: int, stride: int, batch_norm: bool) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=not batch_norm)


def _norm(channels: int, batch_norm: bool) -> nn.Module:
    return nn.BatchNorm2d(channels) if batch_norm else nn.Identity()
