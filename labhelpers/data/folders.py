"""A folder with a folder of pictures for each class, read as a data set."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from labhelpers.data.checks import Arrays, DataError, check_arrays

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
TEST_SHARE = 5  # one picture in five is for the test, where no folder says which
SPELLINGS = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}
Labelled = list[tuple[Path, int]]  # pictures, each with the number of its class


def read(folder: Path, size: int | None) -> Arrays:
    """Return the pictures in `folder` as arrays, uint8 (N, H, W) if all are grey, else (N, H, W,
    3).

    The classes are the names of the folders, sorted. Where there is ``train/``, with perhaps
    ``val/`` and ``test/``, these are the parts. Without a ``test/`` one training picture in five of
    every class is for the test, the same ones every time.

    Args:
        size: cut each picture to a square around its centre and scale it to this many pixels.

    Raises DataError, naming the folder or file, for no classes, an empty class, a class that is
    only in the test, a file that is no picture, or pictures of several sizes without `size`.
    """
    homes = _homes(folder)
    classes = _classes(homes["train"])
    parts = {part: _labelled(home, classes, part) for part, home in homes.items()}
    pictures = _pictures([path for part in parts.values() for path, _ in part], folder, size)
    arrays: Arrays = {"classes": np.array(classes)}
    start = 0
    for part, found in parts.items():
        arrays[f"{part}_images"] = pictures[start : start + len(found)]
        arrays[f"{part}_labels"] = np.array([label for _, label in found], np.int64)
        start += len(found)
    if "test" not in parts:
        arrays |= _split(arrays["train_images"], arrays["train_labels"], homes["train"], classes)
    check_arrays(arrays, str(folder))
    return arrays


def _homes(folder: Path) -> dict[str, Path]:
    """The folder of each part; all is for training where no name says otherwise."""
    homes: dict[str, Path] = {}
    for path in _folders(folder):
        for part, spellings in SPELLINGS.items():
            if path.name.lower() in spellings:
                if part in homes:
                    both = f"{homes[part].name}/ and {path.name}/"
                    raise DataError(f"{folder} has {both}, which are the same part: keep one")
                homes[part] = path
    if homes and "train" not in homes:
        have = ", ".join(f"{home.name}/" for home in homes.values())
        raise DataError(f"{folder} has {have} but no train/: put the training pictures there")
    return homes or {"train": folder}


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder, sorted, without those of a system: .git, __MACOSX, …"""
    found = [path for path in folder.iterdir() if path.is_dir()]
    return sorted(
        (path for path in found if not path.name.startswith((".", "__"))),
        key=lambda path: path.name,
    )


def _classes(folder: Path) -> list[str]:
    names = [path.name for path in _folders(folder)]
    if len(names) < 2:
        raise DataError(
            f"{folder} has {len(names)} folders in it: it needs one for each class, two or more"
        )
    return names


def _labelled(home: Path, classes: list[str], part: str) -> Labelled:
    unknown = [path.name for path in _folders(home) if path.name not in classes]
    if unknown:
        known = f"train/ has only {', '.join(classes)}"
        raise DataError(f"{home / unknown[0]} is a class that is not in the training: {known}")
    found: Labelled = []
    for label, name in enumerate(classes):
        # Sorted by what every system spells alike, so that the split is the same everywhere.
        paths = sorted((home / name).rglob("*"), key=lambda path: path.relative_to(home).as_posix())
        files = [path for path in paths if _is_picture(path)]
        if part == "train" and not files:
            raise DataError(f"{home / name} holds no pictures ({', '.join(ENDINGS)})")
        found += [(path, label) for path in files]
    return found


def _is_picture(path: Path) -> bool:
    """Judged by its name; macOS leaves hidden files such as ._1.jpg, which are none."""
    return path.suffix.lower() in ENDINGS and path.name[0] != "."


def _split(images: np.ndarray, labels: np.ndarray, home: Path, classes: list[str]) -> Arrays:
    """Training and test pictures; the test gets a share of every class."""
    order = np.random.RandomState(0).permutation(len(labels))
    is_test = np.zeros(len(labels), bool)
    for label, name in enumerate(classes):
        members = order[labels[order] == label]
        if len(members) < 2:
            raise DataError(f"{home / name} holds one picture: it needs two or more, one to test")
        is_test[members[: max(1, len(members) // TEST_SHARE)]] = True
    return {
        "train_images": images[~is_test],
        "train_labels": labels[~is_test],
        "test_images": images[is_test],
        "test_labels": labels[is_test],
    }


def _pictures(paths: Sequence[Path], folder: Path, size: int | None) -> np.ndarray:
    pictures: list[np.ndarray] = []
    sizes: Counter[tuple[int, ...]] = Counter()
    for path in paths:
        picture = _picture(path, size)
        sizes[picture.shape[:2]] += 1
        if len(sizes) == 1:  # else they are only counted, for the sentence
            pictures.append(picture)
    if len(sizes) > 1:
        (height, width), _ = sizes.most_common(1)[0]
        said = (
            f"{folder} holds pictures of {len(sizes)} sizes, most of them {height} × {width} pixels"
        )
        raise DataError(f"{said}: give one, as in load_data(…, size=64)")
    if any(picture.ndim == 3 for picture in pictures):
        pictures = [np.stack([p] * 3, -1) if p.ndim == 2 else p for p in pictures]
    return np.stack(pictures)


def _picture(path: Path, size: int | None) -> np.ndarray:
    """Read a picture upright, as uint8 (H, W) if it is grey, else (H, W, 3)."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as opened:
            # A camera that was held on its side notes so beside the pixels.
            picture = _in_eight_bits(ImageOps.exif_transpose(opened))
    except Exception as error:  # each format of pictures has its own
        raise DataError(
            f"{path} is no picture that can be read ({error}): mend or remove it"
        ) from error
    return np.asarray(ImageOps.fit(picture, (size, size)) if size else picture)


def _in_eight_bits(picture: Any) -> Any:
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits; Pillow's own convert makes most of them white
        values = np.asarray(picture).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError("its values lie outside 0 to 65535; save it with 8 bits")
        return Image.fromarray((values >> 8).astype(np.uint8))
    if picture.mode == "F":
        raise ValueError("its values are fractions; save it with 8 bits")
    return picture.convert("L" if picture.mode in ("1", "L", "LA") else "RGB")
