"""The failure clinic of lab 12: small networks with a fault that was planted on purpose.

`admit` follows a `Recipe`, which names every choice that a fault can spoil, and makes a `Patient`,
ready to be trained or examined.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from labhelpers.data.batches import Batches, Split
from labhelpers.data.images import ImageData
from labhelpers.models.recipes import Recipe, recipe_of
from labhelpers.seeds import isolated_random_state


@dataclass
class Patient:
    """A network with all that trains it. Each part may be replaced: that is how to plant a fault
    of one's own.
    """

    recipe: Recipe
    model: nn.Sequential
    optimizer: torch.optim.Optimizer
    train: Split
    val: Split
    seed: int

    def batches(self, batch_size: int = 32) -> Batches:
        """Return the training batches, as the network gets them."""
        shuffle, augment = not self.recipe.in_order, flipped if self.recipe.flips else None
        return self.train.batches(batch_size, shuffle, augment, self.seed)

    def loss(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the mean cross-entropy in nats of logits (N, K) for labels y (N,)."""
        if self.recipe.softmax == "over the batch":
            return F.nll_loss(logits.log_softmax(0), y)
        return F.cross_entropy(logits.softmax(1) if self.recipe.softmax == "twice" else logits, y)

    def accuracy(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return the share of right answers, as the patient counts them."""
        answers = logits.argmax(1, keepdim=self.recipe.broadcast)
        return (answers == y).float().mean()

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Train on one batch."""
        x, y = batch
        logits = self.model(x)
        loss = self.loss(logits, y)
        if self.recipe.zero_grad:
            self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return {"loss": loss, "accuracy": self.accuracy(logits, y)}

    @torch.no_grad()
    def logits(self, split: Split) -> Tensor:
        """Return the logits (N, K) of all images, as the patient's validation computes them."""
        self.model.train(not self.recipe.eval)
        return torch.cat([self.model(x) for x, _ in split.batches(self.recipe.eval_batch)])

    def evaluate(self) -> dict[str, Tensor]:
        """Return validation loss and accuracy, as the patient reports them."""
        logits, y = self.logits(self.val), self.val.labels
        return {"val_loss": self.loss(logits, y), "val_accuracy": self.accuracy(logits, y)}


def admit(name: str, data: ImageData, seed: int, images: int = 2_000, **choices: Any) -> Patient:
    """Build the patient `name`: a small network with that fault, its own images, its training step.

    What is drawn at random follows from `seed` alone: `images` of the training images, the initial
    weights, the order of the batches. Validation images are the first ``images // 2``, the same
    for every patient.

    Args:
        name: one of `faults`; two faults at once are joined by ``" + "``.
        data: of any shape and number of classes.
        choices: of the `Recipe`, such as ``network="cnn"`` or ``lr=0.03``.

    Raises ValueError for an unknown name, or two faults that spoil the same choice.

    Example:
        >>> digits = lab.load_data("digits")
        >>> lab.admit("labels shuffled", digits, seed=0, images=500).recipe.shuffled
        True
    """
    recipe = recipe_of(name, choices)
    train, val = _images(recipe, data, seed, images)
    with isolated_random_state(seed):
        model = _network(recipe, data.shape, data.num_classes).to(train.images.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=recipe.lr * recipe.lr_factor)
    return Patient(recipe, model, optimizer, train, val, seed)


def _images(recipe: Recipe, data: ImageData, seed: int, images: int) -> tuple[Split, Split]:
    """The patient's own training images, and the validation images of all."""
    generator = torch.Generator().manual_seed(seed)  # on the CPU: the same on every device
    device = data.train.images.device
    chosen = torch.randperm(len(data.train), generator=generator)[:images]
    train, val = data.train[chosen.to(device)], data.val[: images // 2]
    if recipe.leaked:
        count = min(round(recipe.leaked * len(val)), len(train))
        copies = val.images[:count].roll(recipe.moved, dims=-1)
        train.images[:count] = copies  # a gather has made them this patient's own
        train.labels[:count] = val.labels[:count]
    if recipe.shuffled:
        mixed = torch.randperm(len(train), generator=generator).to(device)
        train = replace(train, labels=train.labels[mixed])
    if recipe.off_by_one:
        train = replace(train, labels=(train.labels + 1) % data.num_classes)
    if recipe.missing:
        train = train[train.labels != data.num_classes - 1]
    if recipe.in_order:
        train = train[train.labels.argsort(stable=True)]
    raw = {"mean": torch.zeros_like(train.mean), "std": torch.ones_like(train.std)}
    train = replace(train, **raw) if recipe.raw else train  # type: ignore[arg-type]
    return train, (
        replace(val, **raw)  # type: ignore[arg-type]
        if recipe.raw or recipe.raw_validation
        else val
    )


def flipped(x: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror half of the images x (N, C, H, W) left to right, and half of them upside down."""
    for dim in (-1, -2):
        turned = torch.rand(len(x), 1, 1, 1, generator=generator, device=x.device) < 0.5
        x = torch.where(turned, x.flip(dim), x)
    return x


class Unregistered(nn.Module):
    """Holds a layer in a Python list, where PyTorch does not look for parameters."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layers = [layer]

    def forward(self, x: Tensor) -> Tensor:
        """Return what the layer makes of x, on whatever device that is."""
        return self.layers[0].to(x.device)(x)


def _network(recipe: Recipe, shape: tuple[int, ...], num_classes: int) -> nn.Sequential:
    """An MLP with two hidden layers, or a CNN with two convolutions and one hidden layer."""
    channels, height, width = shape
    body: list[nn.Linear | nn.Conv2d | nn.Flatten]
    if recipe.network == "cnn":
        flat = 16 * -(-height // 4) * -(-width // 4)
        first, second = nn.Conv2d(channels, 8, 3, 2, 1), nn.Conv2d(8, 16, 3, 2, 1)
        body = [first, second, nn.Flatten(), nn.Linear(flat, recipe.narrow)]
    else:
        flat = channels * height * width
        body = [nn.Flatten(), nn.Linear(flat, 64), nn.Linear(64, recipe.narrow)]
    head = nn.Linear(recipe.narrow, num_classes)

    layers: list[nn.Module] = []
    for layer in body:
        if isinstance(layer, nn.Flatten):
            layers.append(layer)
            continue
        _spoil(layer, recipe.scale[0], recipe.bias)
        layers.append(layer if recipe.registered else Unregistered(layer))
        if recipe.batch_norm:
            layers.append(_norm(layer))
        layers.append(nn.Tanh() if recipe.tanh else nn.ReLU())
    _spoil(head, recipe.scale[1], 0.0)
    return nn.Sequential(*layers, head, *([nn.ReLU()] if recipe.last_relu else []))


@torch.no_grad()
def _spoil(layer: nn.Linear | nn.Conv2d, factor: float, shift: float) -> None:
    for values in layer.parameters():
        values.mul_(factor)
    if layer.bias is not None:
        layer.bias.add_(shift)


def _norm(layer: nn.Linear | nn.Conv2d) -> nn.Module:
    if isinstance(layer, nn.Conv2d):
        return nn.BatchNorm2d(layer.out_channels)
    return nn.BatchNorm1d(layer.out_features)
