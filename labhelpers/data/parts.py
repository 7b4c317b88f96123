"""A data set's parts: validation, samples of the training images, tensors."""

import numpy as np
import torch
from torch import Tensor

from labhelpers.data.checks import Arrays
from labhelpers.data.sources import Recipe, too_many

KINDS = ("images", "labels", "masks")
PARTS = ("train", "val", "test")


def with_validation(arrays: Arrays) -> Arrays:
    """Split validation images off the training ones, the same every time, unless they are there."""
    if "val_images" in arrays:
        return arrays
    n = len(arrays["train_labels"])
    order = np.random.RandomState(0).permutation(n)  # NumPy promises never to change this generator
    train, val = np.split(order, [n - max(1, min(n // 10, 5000))])
    parts: Arrays = {}
    for kind in KINDS:
        whole = arrays.get(f"train_{kind}")
        if whole is not None:
            parts |= {f"train_{kind}": whole[train], f"val_{kind}": whole[val]}
    return arrays | parts


def sampled(arrays: Arrays, recipe: Recipe) -> Arrays:
    """Keep `train_size` training images, with every class's share as in all of them."""
    n = len(arrays["train_labels"])
    if recipe.train_size is None or recipe.train_size == n:
        return arrays
    if recipe.train_size > n:
        raise ValueError(too_many(recipe, n))
    labels = arrays["train_labels"].reshape(-1)
    order = np.random.RandomState(1).permutation(n)
    # The i-th of a class's m images gets the place (i + 1/2) / m: any first part has all the
    # shares.
    place = np.empty(n)
    for label in np.unique(labels):
        members = order[labels[order] == label]
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    chosen = np.sort(np.lexsort((order, place))[: recipe.train_size])
    kept = {
        key: arrays[key][chosen] for key in (f"train_{kind}" for kind in KINDS) if key in arrays
    }
    return arrays | kept


def tensors(arrays: Arrays, part: str, device: str) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return images (N, C, H, W) uint8, labels (N,) int64 and masks of a part, on a device."""
    images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
    masks = arrays.get(f"{part}_masks")
    images = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    pixels = torch.from_numpy(np.ascontiguousarray(images)).to(device)
    truth = torch.from_numpy(labels.reshape(-1).astype(np.int64)).to(device)
    return pixels, truth, None if masks is None else torch.from_numpy(masks).to(device)


def moments(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return each channel's mean and deviation, (C, 1, 1); sums of whole numbers are exact."""
    # In parts of 1,000 images: all at once takes 8 bytes a pixel.
    total = sum(part.sum((0, 2, 3)).cpu() for part in images.split(1000))
    squares = sum(part.int().square().sum((0, 2, 3)).cpu() for part in images.split(1000))
    count = images[:, 0].numel()
    mean = total.double() / count
    std = (squares.double() / count - mean**2).sqrt().clamp(min=1.0)
    mean, std = (moment.float()[:, None, None].to(images.device) for moment in (mean, std))
    return mean, std
