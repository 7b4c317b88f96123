"""Images held as uint8 tensors on the device, gathered, normalised and augmented batch by batch."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from labhelpers import session
from labhelpers.store.door import whole_number
from labhelpers.store.fingerprint import describe, digest

# A batch (N, C, H, W) float32, and the generator to draw from → the same shape.
Augment = Callable[[Tensor, torch.Generator], Tensor]


@dataclass(frozen=True)
class Split:
    """One part of a data set: images (N, C, H, W) uint8, labels (N,) int64, masks (N, H, W) bool or
    None.

    `mean` and `std` are the training set's, one per channel, in units of 0…255; `origin` is the
    name of the data set.

    Example:
        >>> len(lab.load_data("digits").train[:100])
        100
    """

    images: Tensor
    labels: Tensor
    mean: Tensor
    std: Tensor
    masks: Tensor | None = None
    origin: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index) -> "Split":
        """Return the images that a slice, a mask or a tensor of positions selects."""
        masks = None if self.masks is None else self.masks[index]
        return replace(self, images=self.images[index], labels=self.labels[index], masks=masks)

    def normalise(self, images: Tensor) -> Tensor:
        """Return uint8 `images` (N, C, H, W) as float32, with the training set's mean 0, deviation
        1.
        """
        return images.to(torch.float32, copy=True).sub_(self.mean).div_(self.std)

    def batches(
        self,
        batch_size: int,
        shuffle: bool = False,
        augment: Augment | None = None,
        seed: int | None = None,
    ) -> "Batches":
        """Return an iterable of ``(x, y)``: x (N, C, H, W) float32 normalised, y (N,) int64.

        The last batch may be smaller. When shuffled, for training, a single image that would be
        left over
        joins the batch before it: batch normalisation cannot use a batch of one.

        Args:
            shuffle: draw a new order each epoch.
            augment: changes each x, such as `random_crop_flip`.
            seed: of order and augmentation, the session's by default.

        Raises ValueError unless `batch_size` is a whole number from 1.
        """
        batch_size = whole_number("batch_size", batch_size, example="128")
        seed = session.current().seed if seed is None else whole_number("seed", seed, least=0)
        return Batches(self, batch_size, shuffle, augment, seed)

    @property
    def fingerprint(self) -> str:
        """A hash of every pixel, label and mask, and of mean and std; new after a change."""
        return digest(describe([self.images, self.labels, self.mean, self.std, self.masks]))


@dataclass
class Batches:
    """Iterable over a `Split`. What epoch `e` yields depends on ``(seed, e)`` alone."""

    split: Split
    batch_size: int
    shuffle: bool
    augment: Augment | None
    seed: int
    epoch: int = field(default=0, repr=False)

    def __len__(self) -> int:
        return len(self._sizes())

    def set_epoch(self, epoch: int) -> None:
        """Make the next pass the one of `epoch`, counted from 0; passes count on from there."""
        self.epoch = epoch

    def _sizes(self) -> list[int]:
        """The number of images in each batch."""
        full, left = divmod(len(self.split), self.batch_size)
        sizes = [self.batch_size] * full + ([left] if left else [])
        if self.shuffle and left == 1 and full:
            sizes[-2:] = [self.batch_size + 1]
        return sizes

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        split, device = self.split, self.split.images.device
        seed = (self.seed << 24) + self.epoch
        self.epoch += 1
        order = torch.arange(len(split))
        if self.shuffle:  # drawn on the CPU, so that every device sees the same order
            order = torch.randperm(len(split), generator=torch.Generator().manual_seed(seed))
        generator = torch.Generator(device).manual_seed(seed)
        for index in order.to(device).split(self._sizes()):
            # index_select is ten times as fast as images[index].
            x = split.normalise(split.images.index_select(0, index))
            y = split.labels.index_select(0, index)
            yield (self.augment(x, generator) if self.augment else x), y


def random_crop_flip(x: Tensor, generator: torch.Generator, padding: int = 4) -> Tensor:
    """Shift each image by up to `padding` pixels and mirror half of them (He et al. 2016, section
    4.2).

    x is (N, C, H, W) and normalised, so that the zeros moved in are the mean colour; the generator,
    on x's device, draws shifts and flips.

    Example:
        >>> lab.random_crop_flip(torch.ones(2, 3, 8, 8), torch.Generator()).shape
        torch.Size([2, 3, 8, 8])
    """
    n, _, height, width = x.shape
    draw = functools.partial(torch.randint, size=(n, 1), generator=generator, device=x.device)
    # Where each pixel is taken from in the padded image: (N, H) and (N, W).
    rows = draw(2 * padding + 1) + torch.arange(height, device=x.device)
    columns = draw(2 * padding + 1) + torch.arange(width, device=x.device)
    columns = torch.where(draw(2) == 1, columns.flip(1), columns)
    image = torch.arange(n, device=x.device)[:, None, None]
    pixels = F.pad(x, (padding,) * 4).permute(0, 2, 3, 1)  # (N, H + 2 padding, W + 2 padding, C)
    return pixels[image, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
