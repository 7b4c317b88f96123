"""Stand-in data for machines without network or files: real small digits, and drawn shapes with
masks.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from labhelpers.data.checks import Arrays


def digits(train: int = 1200, seed: int = 0) -> Arrays:
    """Return `train` handwritten digits for training, and 300 and 297 real ones for validation and
    test.

    All are scikit-learn's 1,797 real digits, enlarged from 8 × 8 to 20 × 20 pixels and framed like
    MNIST's. Each training image is one of the first 1,200, *redrawn*: turned, sheared, scaled and
    shifted a little, its strokes made thicker or thinner. The others are not redrawn, and, since
    the original file keeps writers together, written by other people. Images are (N, 28, 28) uint8,
    labels (N,); the same `seed` draws the same ones, and a larger `train` begins with those of a
    smaller.
    """
    from sklearn.datasets import load_digits

    small = load_digits()
    pixels = torch.from_numpy(small.images)[:, None].float() / 16  # (1797, 1, 8, 8) in 0…1
    large = F.interpolate(pixels, size=(20, 20), mode="bicubic", align_corners=False).clamp(0, 1)
    framed = F.pad(large, (4, 4, 4, 4))  # (1797, 1, 28, 28)
    real = (framed[:, 0] * 255).round().byte().numpy()
    labels = small.target
    chosen = np.arange(train) % WRITTEN
    rounds = np.split(chosen, _cuts(train))
    redrawn = torch.cat([_redraw(framed[part], i, seed) for i, part in enumerate(rounds)])
    return {
        "train_images": (redrawn[:, 0] * 255).round().byte().numpy(),
        "train_labels": labels[chosen],
        "val_images": real[WRITTEN : WRITTEN + 300],
        "val_labels": labels[WRITTEN : WRITTEN + 300],
        "test_images": real[WRITTEN + 300 :],
        "test_labels": labels[WRITTEN + 300 :],
        "classes": np.array([str(digit) for digit in range(10)]),
    }


WRITTEN = 1200  # real digits that training images are redrawn from


def _cuts(count: int) -> list[int]:
    """Each real digit is redrawn once before any is redrawn again."""
    return list(range(WRITTEN, count, WRITTEN))


def _redraw(images: Tensor, number: int, seed: int) -> Tensor:
    """Turn, shear, scale, shift, thicken or thin images (N, 1, 28, 28) in 0…1, at random."""
    generator = torch.Generator().manual_seed(1000 * seed + number)
    # As many draws for every count, so that more images change none.
    draws = torch.rand(WRITTEN, 6, generator=generator)[: len(images)]
    turn, shear, scale, right, down, stroke = (2 * draws - 1).unbind(1)  # -1…1

    angle = 0.21 * turn  # radians: at most 12°
    size = 1 + 0.12 * scale
    slant = angle.sin() + 0.15 * shear
    across = torch.stack([angle.cos(), slant, 3 / 28 * right], 1) / size[:, None]
    along = torch.stack([-angle.sin(), angle.cos(), 3 / 28 * down], 1) / size[:, None]
    moved = torch.stack([across, along], 1)  # (N, 2, 3), where each pixel is taken from
    grid = F.affine_grid(moved, list(images.shape), align_corners=False)
    drawn = F.grid_sample(images, grid, align_corners=False)

    thick = F.max_pool2d(drawn, 3, stride=1, padding=1)
    thin = -F.max_pool2d(-drawn, 3, stride=1, padding=1)
    share = 0.35 * stroke[:, None, None, None]
    mixed = torch.where(share > 0, drawn.lerp(thick, share.abs()), drawn.lerp(thin, share.abs()))
    return mixed.clamp(0, 1)


def shapes(train: int = 4000, val: int = 400, test: int = 1000, seed: int = 0) -> Arrays:
    """Draw `train`, `val` and `test` images of ten classes of shapes, the same for a `seed`.

    Position, size, tilt, colours, outline and background vary at random, so that neither colour nor
    place gives the class away. Images are (N, 32, 32, 3) uint8, labels (N,), masks of the objects
    (N, 32, 32) bool. A larger part begins with the images of a smaller one.
    """
    arrays: Arrays = {"classes": np.array(SHAPES)}
    for place, (part, count) in enumerate({"train": train, "val": val, "test": test}.items()):
        blocks = []
        for block in range(-(-count // BLOCK)):  # each drawn by itself, so that more change none
            rng = np.random.default_rng([seed, place, block])
            # Each ten images hold each shape once, so that any first part is balanced.
            labels = np.concatenate(
                [rng.permutation(len(SHAPES)) for _ in range(BLOCK // len(SHAPES))]
            )
            blocks.append((*_draw(labels, rng), labels))
        images, masks, labels = (
            np.concatenate(column)[:count] for column in zip(*blocks, strict=True)
        )
        arrays |= {f"{part}_images": images, f"{part}_labels": labels, f"{part}_masks": masks}
    return arrays


BLOCK = 1000  # shapes that are drawn at once


def _draw(
    labels: np.ndarray, rng: np.random.Generator, size: int = 32
) -> tuple[np.ndarray, np.ndarray]:
    def uniform(low: float, high: float, channels: int = 1) -> np.ndarray:
        """One value per image, as (N, 1, 1, C)."""
        return rng.uniform(low, high, (len(labels), 1, 1, channels)).astype(np.float32)

    # Each pixel's place seen from its shape, in units of the radius.
    across = np.arange(size, dtype=np.float32)[:, None]  # (W, 1)
    down = across[:, None]  # (H, 1, 1)
    radius = uniform(6, 10)
    dx, dy = (axis - radius - uniform(0, 1) * (size - 2 * radius) for axis in (across, down))
    tilt = uniform(-0.26, 0.26)  # radians: at most 15°, so that a square is no diamond
    x = (np.cos(tilt) * dx + np.sin(tilt) * dy) / radius
    y = (np.cos(tilt) * dy - np.sin(tilt) * dx) / radius
    # In pixels, positive inside the shape.
    depth = np.empty((len(labels), size, size, 1), np.float32)
    for label, shape_depth in enumerate(_DEPTH.values()):
        rows = labels == label
        depth[rows] = shape_depth(x[rows], y[rows]) * radius[rows]

    # The fill differs from the background by at least 0.35 in each channel: never an invisible
    # object.
    colour = uniform(0, 1, 3)
    fill = (colour + np.where(colour > 0.5, -1, 1) * uniform(0.35, 0.6, 3)).clip(0, 1)
    background = colour + 0.3 * (
        uniform(-1, 1) * (across / size - 0.5) + uniform(-1, 1) * (down / size - 0.5)
    )
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
