"""Reference models, each short enough to read in class."""

import itertools

import torch.nn.functional as F
from torch import Tensor, nn


class MLP(nn.Module):
    """A multilayer perceptron: linear layers with ReLU (and dropout) between them.

    `widths` are inputs, hidden units of each layer and outputs: ``MLP(784, 10)`` is a linear
    classifier, ``MLP(784, 256, 128, 10)`` the baseline of lab 01. `dropout` is the share of hidden
    units dropped in training.

    Example:
        >>> lab.MLP(784, 256, 128, 10)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
    """

    def __init__(self, *widths: int, dropout: float = 0.0) -> None:
        super().__init__()
        if len(widths) < 2:
            raise ValueError(
                f"MLP{widths} needs at least two widths, inputs and outputs, such as MLP(784, 10)"
            )
        layers: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise(widths[:-1]):
            layers += [
                nn.Linear(inputs, outputs),
                nn.ReLU(),
                *([nn.Dropout(dropout)] if dropout else []),
            ]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K) for images x (N, C, H, W), or any shape with N first."""
        return self.layers(x.flatten(1))


class DeepMLP(nn.Module):
    """`depth` hidden layers of equal width after a first one, plain or residual, with the same
    parameters either way.

    A plain layer computes ``W relu(h) + b``, a residual one ``h + W relu(h) + b``: the
    pre-activation order of He et al. 2016, *Identity mappings in deep residual networks*,
    arXiv:1603.05027, figure 4 (e).

    Args:
        depth, width: number of hidden layers after the first, and units of each.
        residual: add each layer's input to its output.
        norm: batch normalisation before each ReLU; it draws no random numbers.
        inputs, num_classes: values per image, and number of logits.

    Example:
        >>> lab.DeepMLP(40, residual=True)(torch.zeros(2, 1, 28, 28)).shape
        torch.Size([2, 10])
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
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(width) if norm else nn.Identity() for _ in range(depth + 1)
        )
        self.head = nn.Linear(width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K) for images x (N, C, H, W)."""
        h = self.stem(x.flatten(1))  # (N, width)
        for layer, norm in zip(self.hidden, self.norms, strict=False):
            branch = layer(norm(h).relu())
            h = h + branch if self.residual else branch
        return self.head(self.norms[-1](h).relu())


class LeNet5(nn.Module):
    """LeNet-5 (LeCun et al. 1998, section II.B) in today's form: ReLU, max pooling, all maps
    connected, softmax loss.

    ``LeNet5()`` has 61,706 parameters. `channels` and `size` are those of the images, (N, channels,
    size, size).

    Example:
        >>> sum(weights.numel() for weights in lab.LeNet5().parameters())
        61706
    """

    def __init__(self, channels: int = 1, num_classes: int = 10, size: int = 28) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, 6, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.head = MLP(16 * ((size // 2 - 4) // 2) ** 2, 120, 84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K) for images x (N, C, H, W)."""
        return self.head(self.features(x))


def shortcut(x: Tensor, channels: int, stride: int = 1) -> Tensor:
    """Carry x (N, C, H, W) to `channels` channels at every `stride`-th pixel, without a single
    parameter.

    Option A of He et al. 2016, section 3.3: the other pixels are dropped, the new channels are
    zero.

    Example:
        >>> lab.shortcut(torch.ones(1, 1, 4, 4), channels=2, stride=2).sum()
        tensor(4.)
    """
    if stride == 1 and channels == x.shape[1]:
        return x
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, channels - x.shape[1]))


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a `shortcut` around them, ``relu(x + f(x))`` (He et al. 2016, figure
    2), or plain.

    `inputs` and `outputs` are channels, `stride` is that of the first convolution and of the
    shortcut, which has no parameters. `batch_norm` normalises after each convolution; without it
    the convolutions have biases.

    Example:
        >>> lab.BasicBlock(4, 8, stride=2)(torch.zeros(1, 4, 6, 6)).shape
        torch.Size([1, 8, 3, 3])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        stride: int = 1,
        residual: bool = True,
        batch_norm: bool = True,
    ) -> None:
        super().__init__()
        self.stride, self.residual = stride, residual
        self.conv1, self.bn1 = (
            _conv(inputs, outputs, stride, batch_norm),
            _norm(outputs, batch_norm),
        )
        self.conv2, self.bn2 = _conv(outputs, outputs, 1, batch_norm), _norm(outputs, batch_norm)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, outputs, H / stride, W / stride) for x (N, inputs, H, W)."""
        h = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (h + shortcut(x, h.shape[1], self.stride)).relu() if self.residual else h.relu()


class ResNet(nn.Module):
    """The ResNet for CIFAR-10 of He et al. 2016, section 4.2, with ``2 * blocks + 2`` layers, or
    its plain twin.

    The blocks stand in three stages of equal length; each stage after the first halves the map and
    doubles the channels. ``ResNet(9)`` is the paper's ResNet-20, ``ResNet(27)`` its ResNet-56.
    ``features`` gives the maps (N, 4 * width, H / 4, W / 4) that are averaged over space and read
    by ``head``, one linear layer.

    Args:
        blocks: number of `BasicBlock`; unless it is a multiple of three, earlier stages have one
            more.
        width: channels of the first stage.
        residual: whether the blocks have shortcuts.
        batch_norm: normalise after each convolution.
        stride: of the first convolution; 2 makes everything after it four times cheaper.
        channels, num_classes: of the images, and number of logits K.

    Example:
        >>> lab.ResNet(3, width=4)(torch.zeros(2, 3, 16, 16)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        blocks: int,
        width: int = 16,
        residual: bool = True,
        batch_norm: bool = True,
        stride: int = 1,
        channels: int = 3,
        num_classes: int = 10,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            _conv(channels, width, stride, batch_norm),
            _norm(width, batch_norm),
            nn.ReLU(),
        ]
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
