"""Stand-in data for machines without network or files: real small digits, and drawn shapes with masks."""

import numpy as np
import torch
import torch.nn.functional as F

from labhelpers.datafiles import Arrays


def digits() -> Arrays:
    """Return scikit-learn's 1,797 real handwritten digits, enlarged from 8×8 to 20×20 and framed like MNIST.

    Images are (N, 28, 28) uint8, labels (N,). The last 297 are the test set: the original file keeps
    writers apart, so they were written by others than the first.
    """
    from sklearn.datasets import load_digits

    small = load_digits()
    pixels = torch.from_numpy(small.images)[:, None].float() / 16  # (1797, 1, 8, 8) in 0…1
    large = F.interpolate(pixels, size=(20, 20), mode="bicubic", align_corners=False).clamp(0, 1)
    images = (F.pad(large, (4, 4, 4, 4))[:, 0] * 255).round().byte().numpy()
    train = {"train_images": images[:1500], "train_labels": small.target[:1500]}
    test = {"test_images": images[1500:], "test_labels": small.target[1500:]}
    return train | test | {"classes": np.array([str(digit) for digit in range(10)])}


def shapes(train: int = 4000, test: int = 1000, seed: int = 0) -> Arrays:
    """Draw `train` and `test` images of ten classes of shapes; the same `seed` draws the same ones.

    Position, size, tilt, colours, outline and background vary at random, so that neither colour nor place
    gives the class away. Images are (N, 32, 32, 3) uint8, labels (N,), masks of the objects (N, 32, 32) bool.
    """
    rng = np.random.default_rng(seed)
    arrays: Arrays = {"classes": np.array(SHAPES)}
    for split, count in (("train", train), ("test", test)):
        labels = rng.permutation(np.arange(count) % len(SHAPES))
        images, masks = _draw(labels, rng)
        arrays |= {f"{split}_images": images, f"{split}_labels": labels, f"{split}_masks": masks}
    return arrays


def _draw(labels: np.ndarray, rng: np.random.Generator, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    def uniform(low: float, high: float, channels: int = 1) -> np.ndarray:  # one value per image, as (N, 1, 1, C)
        return rng.uniform(low, high, (len(labels), 1, 1, channels)).astype(np.float32)

    # Each pixel's place seen from its shape, in units of the radius.
    across = np.arange(size, dtype=np.float32)[:, None]  # (W, 1)
    down = across[:, None]  # (H, 1, 1)
    radius = uniform(6, 10)
    dx, dy = (axis - radius - uniform(0, 1) * (size - 2 * radius) for axis in (across, down))
    tilt = uniform(-0.26, 0.26)  # radians: at most 15°, so that a square is no diamond
    x = (np.cos(tilt) * dx + np.sin(tilt) * dy) / radius
    y = (np.cos(tilt) * dy - np.sin(tilt) * dx) / radius
    depth = np.empty((len(labels), size, size, 1), np.float32)  # in pixels, positive inside the shape
    for label, shape_depth in enumerate(_DEPTH.values()):
        rows = labels == label
        depth[rows] = shape_depth(x[rows], y[rows]) * radius[rows]

    # The fill differs from the background by at least 0.35 in each channel: never an invisible object.
    colour = uniform(0, 1, 3)
    fill = (colour + np.where(colour > 0.5, -1, 1) * uniform(0.35, 0.6, 3)).clip(0, 1)
    background = colour + 0.3 * (uniform(-1, 1) * (across / size - 0.5) + uniform(-1, 1) * (down / size - 0.5))
    outlined = (uniform(0, 1) < 0.5) & (depth < 1.2)
    image = np.where(outlined, uniform(0, 1, 3), fill)
    image = background + (depth + 0.5).clip(0, 1) * (image - background)  # edge pixels mix both
    image += rng.standard_normal(image.shape, np.float32) * 0.04
    return (image.clip(0, 1) * 255).astype(np.uint8), depth[..., 0] > 0


def _star(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    angle = (np.arctan2(x, -y) + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5
    return 0.4 + 0.6 * (1 - np.abs(angle) / (np.pi / 5)) ** 1.5 - np.hypot(x, y)


def _plus(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = np.abs(x), np.abs(y)
    return np.minimum(0.3 - np.minimum(x, y), 0.95 - np.maximum(x, y))


_DEPTH = {  # in units of the radius
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
SHAPES = tuple(_DEPTH)
