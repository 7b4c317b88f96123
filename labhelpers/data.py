"""`load_data`: where a data set comes from, and its three parts."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from labhelpers import datafiles, session, standins
from labhelpers.batches import Split
from labhelpers.datafiles import Arrays, DownloadError, check_arrays, read_npz


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
    _reload: tuple | None = field(default=None, repr=False)

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
        if self._reload is None:
            return super().__reduce__()
        return _cached_load, self._reload  # workers read the files again: a name travels, not 47 MB of pixels


def load_data(name: str, train_size: int | None = None) -> ImageData:
    """Load a data set onto the session's device, or a stand-in when it cannot be had.

    Looked for in this order: a file of yours; ``<data>/<name>.npz``; torchvision's files under the data
    folder, checked by MD5; a download; a stand-in, announced. The smoke budget goes straight to the stand-in.

    Args:
        name: ``"mnist"``, ``"cifar10"``, ``"shapes"``, ``"digits"``, or the path of an ``.npz`` with the keys
            `train_images`, `train_labels`, `test_images`, `test_labels` (optionally `val_*`, `classes`, `source`),
            images (N, H, W) or (N, H, W, C) uint8, labels (N,) or (N, 1).
        train_size: keep only that many training images, the same ones every time.

    Raises:
        ValueError: the name is unknown or `train_size` is out of range.
        FileNotFoundError: there is no such file.
        DataError: a file is damaged, or an array in it is missing or of the wrong kind.
    """
    current = session.current()
    is_file = name.endswith(".npz")
    if not is_file and name not in (*_SETS, *_STAND_INS):
        known = ", ".join(sorted((*_SETS, *_STAND_INS)))
        raise ValueError(f"unknown data set {name!r}: choose from {known}, or give the path of an .npz file")
    place = Path(name).expanduser().resolve() if is_file else current.data
    data = _load(name, place, current.budget == "smoke", train_size, str(current.device))
    if not data.original:
        SOURCES[data.name] = f"{data.name}, {data.source}"
    if data.source.startswith("stand-in") and not current.quiet:
        reason = "the smoke budget uses no files" if current.budget == "smoke" else "there are no files and no network"
        print(f"{name}: {data.source}, because {reason}")
    return data


def _load(name: str, place: Path, stand_in: bool, train_size: int | None, device: str) -> ImageData:
    """Load what the arguments say; the one place that knows the order of the sources."""
    own = place if name.endswith(".npz") else place / f"{name}.npz"
    if name in _STAND_INS:
        draw, source = _STAND_INS[name]
        arrays, original, stand_in = draw(), True, False
    elif own == place or (own.exists() and not stand_in):
        arrays, stand_in = read_npz(own), False
        source, original = str(arrays.get("source", own.name)), "source" not in arrays
    else:
        arrays, source, original = None if stand_in else _find(name, place), "original files", True
    if arrays is None:
        draw, what = _STAND_INS[_SETS[name][2]]
        arrays, source, original, stand_in = draw(), f"stand-in: {what}", False, True
    return _image_data(arrays, name, source, original, train_size, device, (name, place, stand_in, train_size, device))


def _find(name: str, folder: Path) -> Arrays | None:
    """The original files, downloaded if need be; None when there is no way to get them."""
    read, download, _ = _SETS[name]
    arrays = read(folder)
    if arrays is None:
        try:
            download(folder)
        except (DownloadError, PermissionError) as error:
            print(error)
            return None
        arrays = read(folder)
    return arrays


def _image_data(
    arrays: Arrays, name: str, source: str, original: bool, train_size: int | None, device: str, reload: tuple
) -> ImageData:
    check_arrays(arrays, source)
    classes = tuple(str(c) for c in arrays.get("classes", range(int(arrays["train_labels"].max()) + 1)))
    if "val_images" not in arrays:
        n = len(arrays["train_labels"])
        order = torch.randperm(n, generator=torch.Generator().manual_seed(0)).numpy()
        for key in [key for key in arrays if key.startswith("train_")]:
            part = key.removeprefix("train")
            held_out = min(n // 10, 5000)
            arrays["val" + part], arrays[key] = arrays[key][order[:held_out]], arrays[key][order[held_out:]]
    n = len(arrays["train_labels"])
    if train_size is not None and not 1 <= train_size <= n:
        raise ValueError(f"train_size={train_size} is not allowed: {name} has {n} training images")

    def split(part: str, keep: int | None = None) -> Split:
        images = torch.from_numpy(arrays[f"{part}_images"][:keep])
        images = images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()
        labels = torch.from_numpy(arrays[f"{part}_labels"][:keep].reshape(-1).astype(np.int64))
        masks = arrays.get(f"{part}_masks")
        masks = None if masks is None else torch.from_numpy(masks[:keep]).to(device)
        return Split(images.to(device), labels.to(device), mean, std, masks)

    mean = std = torch.zeros(())
    mean, std = _moments(split("train", train_size).images)
    splits = [split("train", train_size), split("val"), split("test")]
    return ImageData(name, *splits, classes, source, original, reload)


def _moments(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel, (C, 1, 1) each, from exact counts of the 256 values."""
    values = torch.arange(256, dtype=torch.float64)
    channels = images.cpu().transpose(0, 1).flatten(1)
    counts = torch.stack([torch.bincount(channel, minlength=256) for channel in channels]).double()
    share = counts / counts.sum(1, keepdim=True)
    mean = share @ values
    std = (share @ values**2 - mean**2).sqrt().clamp(min=1.0)
    return tuple(m.float()[:, None, None].to(images.device) for m in (mean, std))


@functools.lru_cache(maxsize=4)  # a worker of a study reads each set once
def _cached_load(*args) -> ImageData:
    return _load(*args)


_STAND_INS = {  # name: draw it, what it is
    "digits": (standins.digits, "scikit-learn's digits, enlarged"),
    "shapes": (standins.shapes, "drawn shapes"),
}
_SETS = {  # name: read its files, download them, its stand-in
    "mnist": (datafiles.mnist, datafiles.download_mnist, "digits"),
    "cifar10": (datafiles.cifar10, datafiles.download_cifar10, "shapes"),
}
SOURCES: dict[str, str] = {}  # data in use that is not the original, by name; captions and claims say so
