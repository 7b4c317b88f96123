"""Stand-in data for machines without network or files: real small digits, and drawn shapes with masks."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from labhelpers.datafiles import Arrays

SHAPES = ("circle", "ring", "square", "diamond", "triangle", "star", "plus", "cross", "crescent", "bar")


def digits() -> Arrays:
    """Return scikit-learn's 1,797 real handwritten digits, enlarged from 8×8 to 20×20 and framed like MNIST.

    Returns:
        images (N, 28, 28) uint8 and labels (N,); the last 297 are the test set, written by others
        than the first (the original file keeps writers apart).
    """
    from sklearn.datasets import load_digits

    small = load_digits()
    pixels = torch.from_numpy(small.images)[:, None].float() / 16  # (1797, 1, 8, 8) in 0…1
    large = F.interpolate(pixels, size=(20, 20), mode="bicubic", align_corners=False).clamp(0, 1)
    images = (F.pad(large, (4, 4, 4, 4))[:, 0] * 255).round().byte().numpy()
    return {
        "train_images": images[:1500],
        "train_labels": small.target[:1500],
        "test_images": images[1500:],
        "test_labels": small.target[1500:],
        "classes": np.array([str(digit) for digit in range(10)]),
    }


def shapes(train: int = 4000, test: int = 1000, seed: int = 0) -> Arrays:
    """Draw ten classes of shapes, 32×32 in colour, each with the mask of its object.

    Position, size, tilt, colours, outline and background vary at random, so that neither colour
    nor place gives the class away.

    Args:
        train: number of training images.
        test: number of test images.
        seed: the same seed draws the same images.

    Returns:
        images (N, 32, 32, 3) uint8, labels (N,), masks (N, 32, 32) bool and the class names.
    """
    rng = np.random.default_rng(seed)
    arrays: Arrays = {"classes": np.array(SHAPES)}
    for split, count in (("train", train), ("test", test)):
        labels = rng.permutation(np.arange(count) % len(SHAPES))
        images, masks = _draw(labels, rng)
        arrays |= {f"{split}_images": images, f"{split}_labels": labels, f"{split}_masks": masks}
    return arrays


def _draw(labels: np.ndarray, rng: np.random.Generator, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    n = len(labels)

    def uniform(low: float, high: float, *shape: int) -> np.ndarray:
        return rng.uniform(low, high, (n, *shape)).astype(np.float32)

    def column(values: np.ndarray) -> np.ndarray:  # (N,) or (N, C) → broadcasts over the picture
        return values[:, None, None]

    axis = np.arange(size, dtype=np.float32)
    radius = uniform(6, 10)
    centre = uniform(0, 1, 2) * (size - 2 * radius[:, None]) + radius[:, None]
    tilt = uniform(-0.26, 0.26)  # radians: at most 15°, so that a square is no diamond
    dx = axis[None, None, :] - column(centre[:, 0])
    dy = axis[None, :, None] - column(centre[:, 1])
    x = (column(np.cos(tilt)) * dx + column(np.sin(tilt)) * dy) / column(radius)
    y = (column(np.cos(tilt)) * dy - column(np.sin(tilt)) * dx) / column(radius)

    depth = np.empty((n, size, size), np.float32)  # positive inside the shape, in units of its radius
    for label, name in enumerate(SHAPES):
        rows = labels == label
        depth[rows] = _DEPTH[name](x[rows], y[rows])
    masks = depth > 0

    slope = uniform(-1, 1, 2)
    ramp = column(slope[:, 0]) * (axis[None, None, :] / size - 0.5) + column(slope[:, 1]) * (axis[:, None] / size - 0.5)
    background = column(uniform(0, 1, 3)) + 0.3 * ramp[..., None]
    # The fill differs from the background by at least 0.35 in one channel: never an invisible object.
    shift = np.where(background.mean((1, 2)) > 0.5, -1, 1) * uniform(0.35, 0.6, 3)
    fill, edge = column(background.mean((1, 2)) + shift), column(uniform(0, 1, 3))
    outlined = column(rng.random(n) < 0.5) & masks & (depth < 1.5 / column(radius))
    image = np.where(masks[..., None], np.where(outlined[..., None], edge, fill), background)
    image = image + rng.normal(0, 0.04, image.shape)
    return (image.clip(0, 1) * 255).astype(np.uint8), masks


def _star(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    angle = (np.arctan2(x, -y) + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5
    return 0.45 + 0.55 * (1 - np.abs(angle) / (np.pi / 5)) ** 1.5 - np.hypot(x, y)


def _plus(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = np.abs(x), np.abs(y)
    return np.minimum(0.3 - np.minimum(x, y), 0.95 - np.maximum(x, y))


_DEPTH = {
    "circle": lambda x, y: 0.95 - np.hypot(x, y),
    "ring": lambda x, y: 0.22 - np.abs(np.hypot(x, y) - 0.75),
    "square": lambda x, y: 0.8 - np.maximum(np.abs(x), np.abs(y)),
    "diamond": lambda x, y: (1.0 - np.abs(x) - np.abs(y)) / np.sqrt(2),
    "triangle": lambda x, y: np.minimum(0.75 - y, (0.95 + y - 1.9 * np.abs(x)) / np.hypot(1, 1.9)),
    "star": _star,
    "plus": _plus,
    "cross": lambda x, y: _plus((x + y) / np.sqrt(2), (x - y) / np.sqrt(2)),
    "crescent": lambda x, y: np.minimum(0.95 - np.hypot(x, y), np.hypot(x - 0.45, y) - 0.7),
    "bar": lambda x, y: np.minimum(0.95 - np.abs(x), 0.32 - np.abs(y)),
}
