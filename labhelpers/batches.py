"""Images held as uint8 tensors on the device, gathered, normalised and augmented batch by batch."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from labhelpers import session
from labhelpers.fingerprint import describe, digest

Augment = Callable[[Tensor, torch.Generator], Tensor]  # a batch (N, C, H, W) float32 → the same shape


@dataclass(frozen=True)
class Split:
    """One part of a data set: images (N, C, H, W) uint8, labels (N,) int64, masks (N, H, W) bool or None.

    `mean` and `std` are the training set's, one per channel, in units of 0…255.
    """

    images: Tensor
    labels: Tensor
    mean: Tensor
    std: Tensor
    masks: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index) -> "Split":
        """Return the images that a slice, a mask or a tensor of positions selects."""
        masks = None if self.masks is None else self.masks[index]
        return Split(self.images[index], self.labels[index], self.mean, self.std, masks)

    def normalise(self, images: Tensor) -> Tensor:
        """Return uint8 `images` (N, C, H, W) as float32 with the training set's mean 0 and deviation 1."""
        return images.to(torch.float32, copy=True).sub_(self.mean).div_(self.std)

    def batches(
        self, batch_size: int, shuffle: bool = False, augment: Augment | None = None, seed: int | None = None
    ) -> "Batches":
        """Return an iterable of ``(x, y)``: x (N, C, H, W) float32 normalised, y (N,) int64; the last may be smaller.

        `shuffle` draws a new order each epoch, `augment` changes each x, such as `random_crop_flip`, and `seed`,
        the session's by default, fixes both. Raises ValueError unless `batch_size` is a whole number from 1.
        """
        if not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError(f"batch_size={batch_size!r} is not allowed: use a whole number from 1, such as 128")
        return Batches(self, batch_size, shuffle, augment, session.current().seed if seed is None else seed)

    @functools.cached_property
    def fingerprint(self) -> str:
        """A hash of every pixel and label."""
        return digest(describe([self.images, self.labels]))


@dataclass
class Batches:
    """Iterable over a `Split`. What epoch `e` yields depends on ``(seed, e)`` alone, so it can be repeated."""

    split: Split
    batch_size: int
    shuffle: bool
    augment: Augment | None
    seed: int
    epoch: int = field(default=0, repr=False)

    def __len__(self) -> int:
        return -(-len(self.split) // self.batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Make the next pass the one of `epoch`, counted from 0; passes count on from there."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        split, device = self.split, self.split.images.device
        seed = (self.seed << 24) + self.epoch
        self.epoch += 1
        order = torch.arange(len(split))
        if self.shuffle:  # drawn on the CPU, so that every device sees the same order
            order = torch.randperm(len(split), generator=torch.Generator().manual_seed(seed))
        generator = torch.Generator(device).manual_seed(seed)
        for index in order.to(device).split(self.batch_size):
            x = split.normalise(split.images.index_select(0, index))  # ten times as fast as images[index]
            yield (self.augment(x, generator) if self.augment else x), split.labels.index_select(0, index)


def random_crop_flip(x: Tensor, generator: torch.Generator, padding: int = 4) -> Tensor:
    """Shift each image by up to `padding` pixels and mirror half of them (He et al. 2016, section 4.2).

    x is (N, C, H, W) and normalised, so that the zeros moved in are the mean colour; the generator, on
    x's device, draws shifts and flips.
    """
    n, _, height, width = x.shape
    draw = functools.partial(torch.randint, size=(n, 1), generator=generator, device=x.device)
    rows = draw(2 * padding + 1) + torch.arange(height, device=x.device)  # (N, H), places in the padded image
    columns = draw(2 * padding + 1) + torch.arange(width, device=x.device)  # (N, W)
    columns = torch.where(draw(2) == 1, columns.flip(1), columns)
    image = torch.arange(n, device=x.device)[:, None, None]
    pixels = F.pad(x, (padding,) * 4).permute(0, 2, 3, 1)  # (N, H + 2 padding, W + 2 padding, C)
    return pixels[image, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
