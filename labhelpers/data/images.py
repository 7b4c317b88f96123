"""`load_data`: where a data set comes from, and its three parts."""

import copy
import difflib
import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from labhelpers import session
from labhelpers.data import parts, sources
from labhelpers.data.batches import Split
from labhelpers.data.checks import DataError, class_names
from labhelpers.data.sources import Found, Recipe
from labhelpers.store.door import is_whole
from labhelpers.store.fingerprint import digest


@dataclass(frozen=True)
class ImageData:
    """A data set in three parts; the validation part is fixed and never taken from the test set.

    `source` says in words where the pixels come from, `original` whether they are the data set's
    own, `stand_in` whether they stand in for one that could not be had.

    Example:
        >>> lab.load_data("digits").num_classes
        10
    """

    name: str
    train: Split
    val: Split
    test: Split
    classes: tuple[str, ...]
    source: str
    original: bool
    stand_in: bool = False
    recipe: Recipe | None = field(default=None, repr=False, compare=False)

    @property
    def origin(self) -> str:
        """The name of the data set, as for each of its parts."""
        return self.name

    @property
    def num_classes(self) -> int:
        """The number of classes K; labels run from 0 to K - 1."""
        return len(self.classes)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape (C, H, W) of one image."""
        return tuple(self.train.images.shape[1:])

    @property
    def fingerprint(self) -> str:
        """A hash of every pixel and label of the training and validation images."""
        return self.train.fingerprint + self.val.fingerprint

    @property
    def content(self) -> str:
        """A hash of all three parts, as they are now."""
        return digest([self.fingerprint, self.test.fingerprint, list(self.classes)])

    def __repr__(self) -> str:
        train, val, test = (f"{len(part):,}" for part in (self.train, self.val, self.test))
        sizes = f"{train} train · {val} validation · {test} test"
        kinds = f"{self.num_classes} classes"
        return f"{self.name}: {sizes} · images {self.shape} · {kinds} · source: {self.source}"

    def __copy__(self) -> "ImageData":
        return replace(self)

    def __deepcopy__(self, memo: dict) -> "ImageData":
        """A copy with pixels of its own, which may be changed without changing these."""
        copied = {part: copy.deepcopy(getattr(self, part), memo) for part in parts.PARTS}
        return replace(self, **copied)

    def __reduce__(self) -> Any:
        """To a worker its name travels, not 47 MB of pixels; what was changed in memory does."""
        if self.recipe and self.recipe.content == self.content:
            return _load_again, (self.recipe, self.name, self.source)
        plain = {name: value for name, value in vars(self).items() if name != "recipe"}
        return _rebuilt, (plain,)


def load_data(
    name: str | Path, train_size: int | None = None, size: int | None = None
) -> ImageData:
    """Load a data set onto the session's device, or a stand-in when it cannot be had.

    Looked for in this order: a file or a folder of yours; ``<data>/<name>.npz``; the original files
    under the data folder, checked by MD5 (their archives will do); a download; a stand-in,
    announced. The smoke budget goes straight to the stand-in.

    Args:
        name: ``"mnist"``, ``"cifar10"``, ``"shapes"``, ``"digits"``; the path of an ``.npz`` with
            the keys `train_images`, `train_labels`, `test_images`, `test_labels` (optionally
            `val_*`, `*_masks`, `classes`, `source`), images (N, H, W) or (N, H, W, C) uint8, labels
            (N,) or (N, 1); or a folder with a folder of pictures for each class, perhaps inside
            ``train/`` and ``test/``.
        train_size: keep only that many training images: a sample with the classes' shares, the same
            one every time, and part of every larger one. A stand-in is drawn to that size.
        size: for a folder of pictures, cut and scale each to this many pixels, square.

    Raises ValueError for an unknown name or a `train_size` out of range, FileNotFoundError without
    the file, and DataError when it is damaged or an array in it is missing or of the wrong kind.

    Example:
        >>> lab.load_data("digits", train_size=500)
        digits: 500 train · 300 validation · 297 test · images (1, 28, 28) · 10 classes · source:
            ...
    """
    current, name = session.current(), str(name)
    place = _place(name, current.data)
    if train_size is not None and not (is_whole(train_size) and train_size >= 1):
        raise ValueError(f"train_size={train_size!r} is not allowed: use a whole number from 1")
    if size is not None and not (is_whole(size) and size >= 1):
        raise ValueError(f"size={size!r} is not allowed: use a whole number of pixels, such as 64")
    if size is not None and (place == current.data or not place.is_dir()):
        raise ValueError(f"size={size} is for a folder of pictures, which {name!r} is not")
    wanted = None if train_size is None else int(train_size)
    smoke = current.budget == "smoke"
    recipe = Recipe(name, place, smoke, wanted, size, str(current.device))
    found = sources.find(recipe)
    data = _in_parts(found, recipe)

    sources.note(data.name, data.source, data.original)
    if data.stand_in and not current.quiet:
        if found.why:
            print(found.why)
        reason = "the smoke budget uses no files" if smoke else "the original cannot be had"
        print(f"{name}: {data.source}, because {reason}")
    return data


def _place(name: str, folder: Path) -> Path:
    """The file or folder that is the user's own, or the folder of data sets."""
    if name in sources.KNOWN:
        return folder
    path = Path(name).expanduser().resolve()
    if name and (name.endswith(".npz") or path.is_dir()):
        return path
    if "/" in name or "\\" in name:
        fix = "give the path of an .npz file, or of a folder with a folder for each class"
        raise FileNotFoundError(f"{path} is neither a folder nor an .npz file: {fix}")
    near = difflib.get_close_matches(name.lower(), sources.KNOWN, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    paths = "or give the path of an .npz file, or of a folder with a folder for each class"
    raise ValueError(
        f"unknown data set {name!r}: {meant}choose from {', '.join(sorted(sources.KNOWN))}, {paths}"
    )


def _in_parts(found: Found, recipe: Recipe) -> ImageData:
    arrays = parts.sampled(parts.with_validation(found.arrays), recipe)
    tensors = {part: parts.tensors(arrays, part, recipe.device) for part in parts.PARTS}
    moments = parts.moments(tensors["train"][0])
    name = recipe.name if recipe.name in sources.KNOWN else recipe.place.name
    train, val, test = (
        Split(images, labels, *moments, masks, name) for images, labels, masks in tensors.values()
    )
    data = ImageData(
        name,
        train,
        val,
        test,
        class_names(found.arrays),  # of all images: a small sample may lack a class
        found.source,
        found.original,
        found.stand_in,
    )
    again = replace(recipe, content=data.content, stand_in=found.stand_in)
    return replace(data, recipe=again)


def _load_again(recipe: Recipe, name: str, source: str) -> ImageData:
    """In a worker of a study, which meets the same data set in call after call."""
    data = _load_once(recipe)
    if data.content != recipe.content:  # an earlier call has changed it in place
        _load_once.cache_clear()
        data = _load_once(recipe)
    if (data.name, data.source) == (name, source):
        return data
    return replace(data, name=name, source=source)


@functools.lru_cache(maxsize=4)
def _load_once(recipe: Recipe) -> ImageData:
    data = _in_parts(sources.find(recipe), recipe)
    if data.content != recipe.content:
        here = f"{recipe.name} in {recipe.place} on this machine"
        raise DataError(
            f"{here} is not what the notebook loaded: copy the files or share the folder"
        )
    return data


def _rebuilt(values: dict[str, Any]) -> ImageData:
    return ImageData(**values)
