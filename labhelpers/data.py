"""`load_data`: where a data set comes from, and its three parts."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from labhelpers import datafiles, session, standins
from labhelpers.batches import Split
from labhelpers.datafiles import Arrays


@dataclass(frozen=True)
class ImageData:
    """A data set in three parts; the validation part is fixed and never taken from the test set.

    `source` says in words where the pixels come from, `original` whether they are the data set's own.
    """

    name: str
    train: Split
    val: Split
    test: Split
    classes: tuple[str, ...]
    source: str
    original: bool
    _recipe: ClassVar[tuple | None] = None  # the arguments of `_load`; not a field, so that a changed copy has none

    @property
    def num_classes(self) -> int:
        """The number of classes K; labels run from 0 to K - 1."""
        return len(self.classes)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape (C, H, W) of one image."""
        return tuple(self.train.images.shape[1:])

    @property
    def fingerprint(self) -> str:
        """A hash of every pixel and label of the training and validation images."""
        return self.train.fingerprint + self.val.fingerprint

    def __repr__(self) -> str:
        sizes = f"{len(self.train):,} train · {len(self.val):,} validation · {len(self.test):,} test"
        return f"{self.name}: {sizes} · images {self.shape} · {self.num_classes} classes · source: {self.source}"

    def __reduce__(self):
        return (_load_once, self._recipe) if self._recipe else super().__reduce__()  # a name travels, not 47 MB


def load_data(name: str, train_size: int | None = None) -> ImageData:
    """Load a data set onto the session's device, or a stand-in when it cannot be had.

    Looked for in this order: a file of yours; ``<data>/<name>.npz``; torchvision's files under the data
    folder, checked by MD5; a download; a stand-in, announced. The smoke budget goes straight to the stand-in.

    Args:
        name: ``"mnist"``, ``"cifar10"``, ``"shapes"``, ``"digits"``, or the path of an ``.npz`` with the keys
            `train_images`, `train_labels`, `test_images`, `test_labels` (optionally `val_*`, `classes`, `source`),
            images (N, H, W) or (N, H, W, C) uint8, labels (N,) or (N, 1).
        train_size: keep only that many training images, the same ones every time.

    Raises ValueError for an unknown name or a `train_size` out of range, FileNotFoundError without the file, and
    DataError when it is damaged or an array in it is missing or of the wrong kind.
    """
    current, name = session.current(), str(name)
    is_file = name.endswith(".npz")
    if not is_file and name not in (*_SETS, *_STAND_INS):
        known = ", ".join(sorted((*_SETS, *_STAND_INS)))
        raise ValueError(f"unknown data set {name!r}: choose from {known}, or give the path of an .npz file")
    place = Path(name).expanduser().resolve() if is_file else current.data
    data = _load(name, place, current.budget == "smoke", train_size, str(current.device))
    SOURCES.pop(name, None)
    if not data.original:
        SOURCES[name] = f"{name}, {data.source}"
    if data.source.startswith("stand-in") and not current.quiet:
        reason = "the smoke budget uses no files" if current.budget == "smoke" else "the original cannot be had"
        print(f"{name}: {data.source}, because {reason}")
    return data


def _load(name: str, place: Path, stand_in: bool, train_size: int | None, device: str) -> ImageData:
    arrays, source, original = _find(name, place, stand_in)
    kinds = ("images", "labels", "masks")
    if "val_images" not in arrays:
        n = len(arrays["train_labels"])
        order = np.random.RandomState(0).permutation(n)  # the generator that NumPy promises never to change
        train, val = np.split(order, [n - max(1, min(n // 10, 5000))])
        for kind in kinds:
            if (whole := arrays.get(f"train_{kind}")) is not None:
                arrays |= {f"train_{kind}": whole[train], f"val_{kind}": whole[val]}
    n = len(arrays["train_labels"])
    if train_size is not None and not (isinstance(train_size, int) and 1 <= train_size <= n):
        raise ValueError(f"train_size={train_size!r} is not allowed: {name} has {n} training images, so use 1 to {n}")

    def tensors(part: str, size: int | None = None) -> list[Tensor | None]:
        images, labels, masks = (arrays.get(f"{part}_{kind}") for kind in kinds)
        images = images[:size, None] if images.ndim == 3 else images[:size].transpose(0, 3, 1, 2)
        columns = np.ascontiguousarray(images), labels[:size].reshape(-1).astype(np.int64), masks
        return [None if column is None else torch.from_numpy(column[:size]).to(device) for column in columns]

    parts = [tensors("train", train_size), tensors("val"), tensors("test")]
    moments = _moments(parts[0][0])
    splits = [Split(images, labels, *moments, masks) for images, labels, masks in parts]
    classes = arrays.get("classes", np.arange(arrays["train_labels"].max() + 1))
    data = ImageData(name, *splits, tuple(map(str, classes)), source, original)
    object.__setattr__(data, "_recipe", (name, place, source.startswith("stand-in"), train_size, device))
    return data


@functools.lru_cache(maxsize=4)
def _load_once(*recipe) -> ImageData:  # in a worker of a study, which meets the same data set in call after call
    if (data := _load(*recipe)).source.startswith("stand-in") and not recipe[2]:
        raise datafiles.DataError(f"{recipe[0]} is not in {recipe[1]} on this machine: copy it or share the folder")
    return data


def _find(name: str, place: Path, stand_in: bool) -> tuple[Arrays, str, bool]:
    """The arrays, where they come from, and whether they are the original; this sets the order of the sources."""
    own = place if name.endswith(".npz") else place / f"{name}.npz"
    if name in _STAND_INS:
        draw, source = _STAND_INS[name]
        return draw(), source, True
    if own == place or (own.exists() and not stand_in):
        arrays = datafiles.read_npz(own)
        return arrays, str(arrays.get("source", own.name)), "source" not in arrays
    if not stand_in:
        try:
            if (arrays := datafiles.read(name, place)) is None:
                datafiles.download(name, place)
                arrays = datafiles.read(name, place)
            return arrays, "original files", True
        except OSError as error:  # no mirror, no space or no permission
            print(error)
    draw, what = _STAND_INS[_SETS[name]]
    return draw(), f"stand-in: {what}", False


def _moments(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel, (C, 1, 1) each; sums of whole numbers are exact everywhere."""
    total = sum(part.sum((0, 2, 3)) for part in images.split(1000)).cpu().double()  # all at once takes 8 bytes a pixel
    squares = sum(part.int().square().sum((0, 2, 3)) for part in images.split(1000)).cpu().double()
    mean = total / images[:, 0].numel()
    std = (squares / images[:, 0].numel() - mean**2).sqrt().clamp(min=1.0)
    return tuple(moment.float()[:, None, None].to(images.device) for moment in (mean, std))


_STAND_INS = {  # name: draw it, what it is
    "digits": (standins.digits, "scikit-learn's digits, enlarged"),
    "shapes": (standins.shapes, "drawn shapes"),
}
_SETS = {"mnist": "digits", "cifar10": "shapes"}  # name: its stand-in
SOURCES: dict[str, str] = {}  # data in use that is not the original, by name; captions and claims say so
