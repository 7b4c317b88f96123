"""What arrays have to be like to be a data set, and the sentences for those that are not."""

from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]  # the keys of MedMNIST: train_images, train_labels, test_images, …


class DataError(ValueError):
    """A data set that must not be trained on; the message names the file and says what to do.

    Example:
        >>> issubclass(lab.DataError, ValueError)
        True
    """


def num_classes(arrays: Arrays) -> int:
    """Return the number of classes: of the names, else of the labels of all parts."""
    if "classes" in arrays:
        return len(arrays["classes"])
    return 1 + max(int(arrays[key].max()) for key in arrays if key.endswith("_labels"))


def class_names(arrays: Arrays) -> tuple[str, ...]:
    """Return the names of the classes; their numbers, if they have none."""
    names = arrays.get("classes", np.arange(num_classes(arrays)))
    return tuple(
        name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in names
    )


def check_arrays(arrays: Arrays, where: str) -> None:
    """Raise a DataError, naming `where`, if an array is missing, of the wrong kind or of wrong
    length.
    """
    given = {key.partition("_")[0] for key in arrays if key.startswith("val_")}
    parts = ["train", *given, "test"]
    wanted = [f"{part}_{kind}" for part in parts for kind in ("images", "labels")]
    missing = [key for key in wanted if key not in arrays]
    if missing:
        have = f"it has {', '.join(arrays) or 'none'}"
        raise _error(
            where, f"{', '.join(missing)} is missing; needed are {', '.join(wanted)}; {have}"
        )
    for part in parts:
        _check_images(arrays, part, where)
        _check_labels(arrays, part, where)
        _check_masks(arrays, part, where)
    _check_classes(arrays, parts, where)
    _check_source(arrays, where)


def _check_images(arrays: Arrays, part: str, where: str) -> None:
    images = arrays[f"{part}_images"]
    shape = images.shape
    is_image = images.ndim == 3 or (images.ndim == 4 and shape[3] in (1, 2, 3, 4))
    if images.dtype != np.uint8 or not is_image or shape[0] < 2 or 0 in shape:
        raise _error(
            where,
            f"{part}_images is {images.dtype} {shape}; needed is uint8 (N, H, W) or (N, H, W, C) "
            f"with two images or more. {_mend_images(images)}".rstrip(),
        )
    if shape[1:] != arrays["train_images"].shape[1:]:
        raise _error(where, f"{part}_images and train_images differ in their shapes")


def _mend_images(images: np.ndarray) -> str:
    if images.ndim == 4 and images.shape[1] in (1, 3):
        return "Channels go last: images.transpose(0, 2, 3, 1)"
    if images.dtype.kind == "f":
        return "For numbers from 0 to 1: (images * 255).round().astype('uint8')"
    if images.dtype == np.uint8:
        return ""
    return "For whole numbers from 0 to 255: images.astype('uint8')"


def _check_labels(arrays: Arrays, part: str, where: str) -> None:
    key = f"{part}_labels"
    labels, n = arrays[key], len(arrays[f"{part}_images"])
    if labels.ndim == 2 and labels.shape[0] == n and labels.shape[1] > 1:
        raise _error(where, f"{key} is {labels.shape}, one-hot it seems: use {key}.argmax(1)")
    if labels.size != n:
        raise _error(where, f"there are {n} {part}_images but {labels.size} {key}")
    if labels.shape[:1] != (n,):
        raise _error(where, f"{key} is {labels.shape}; needed is ({n},): {key}.reshape(-1)")
    if labels.dtype.kind not in "iu":
        fix = f"np.searchsorted(np.unique(train_labels), {key})"
        if labels.dtype.kind in "fb":
            fix = f"{key}.astype('int64')"
        raise _error(where, f"{key} is {labels.dtype}; needed are whole numbers from 0: {fix}")


def _check_masks(arrays: Arrays, part: str, where: str) -> None:
    masks = arrays.get(f"{part}_masks")
    if masks is None:
        return
    wanted = arrays[f"{part}_images"].shape[:3]
    if masks.dtype != bool or masks.shape != wanted:
        given = f"{masks.dtype} {masks.shape}"
        fix = "masks > 0"
        if masks.shape == (*wanted, 1):
            fix = "masks[..., 0] > 0"
        elif masks.shape != wanted:
            fix = "one for each image, of its height and width"
        raise _error(where, f"{part}_masks is {given}; needed is bool {wanted}: {fix}")


def _check_source(arrays: Arrays, where: str) -> None:
    source = arrays.get("source")
    if source is not None and (source.size != 1 or source.dtype.kind != "U" or not source.item()):
        given = f"{source.dtype} {source.shape}"
        raise _error(where, f"source is {given}; needed is one sentence: source='drawn by hand'")


def _check_classes(arrays: Arrays, parts: list[str], where: str) -> None:
    names: Any = arrays.get("classes")
    if names is not None:
        _check_names(names, where)
    count = num_classes(arrays)
    last = count - 1 if names is None else count  # what the last label is, counted from 1
    labels = [arrays[f"{part}_labels"] for part in parts]
    lowest, highest = min(int(x.min()) for x in labels), max(int(x.max()) for x in labels)
    if lowest == 1 and highest == last:
        raise _error(where, f"labels run from 1 to {highest}: number them from 0, labels - 1")
    for part, own in zip(parts, labels, strict=True):
        low, high = int(own.min()), int(own.max())
        if low < 0 or high >= count:
            allowed = f"with {count} classes they have to lie from 0 to {count - 1}"
            raise _error(where, f"{part}_labels run from {low} to {high}; {allowed}")
    if names is None:
        _check_gaps(labels, count, where)


def _check_names(names: np.ndarray, where: str) -> None:
    if names.ndim != 1 or names.dtype.kind not in "UiuS" or len(names) < 2:
        raise _error(where, f"classes is {names.dtype} {names.shape}; needed are two names or more")
    once, counts = np.unique(names, return_counts=True)
    if len(once) < len(names):
        twice = once[counts > 1][0]
        raise _error(where, f"classes has {twice!s} {counts.max()} times: each name stands once")


def _check_gaps(labels: list[np.ndarray], count: int, where: str) -> None:
    """Labels such as years or file numbers would make a network of thousands of outputs."""
    different = np.unique(np.concatenate([own.reshape(-1) for own in labels]))
    if count > 10 * len(different):
        said = f"there are {len(different)} different labels, but they run to {count - 1}"
        fix = "np.searchsorted(np.unique(train_labels), train_labels), and the same for each part"
        raise _error(where, f"{said}: number them from 0, {fix}")


def _error(where: str, sentence: str) -> DataError:
    return DataError(f"{where}: {sentence}")
