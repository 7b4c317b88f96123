"""Unpacking what was downloaded, or what lies in the data folder, without trusting it."""

import gzip
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from labhelpers.data.checks import DataError

DAMAGED = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError)


def unpack(archive: Path, folder: Path, target: Path, wanted: Mapping[str, str]) -> None:
    """Unpack a ``.tar.gz`` or ``.gz``, or copy a plain file, and move the `wanted` files, given
    with their MD5, into `target`.

    Nothing is written outside a folder below `folder` that is removed afterwards: `tarfile` refuses
    names that lead out of it. Raises DataError, naming the archive, if it is damaged or if one of
    the files in it is not the wanted one; `target` is then as it was.
    """
    from torchvision.datasets.utils import check_md5

    with tempfile.TemporaryDirectory(dir=folder) as place:
        try:
            _unpack(archive, Path(place))
        except DAMAGED as error:
            fix = "delete it, and get it from a good source"
            raise DataError(f"{archive} cannot be unpacked ({error}): {fix}") from error
        found = [path for path in Path(place).rglob("*") if path.name in wanted and path.is_file()]
        for path in found:
            md5 = wanted[path.name]
            if not check_md5(path, md5):
                fix = "delete it, or move it out of the data folder"
                said = f"{archive} holds another {path.name} than the original (MD5 {md5})"
                raise DataError(f"{said}: {fix}")
        target.mkdir(parents=True, exist_ok=True)
        for path in found:
            path.replace(target / path.name)


def _unpack(archive: Path, place: Path) -> None:
    if archive.name.endswith((".tar.gz", ".tgz", ".tar")):
        with tarfile.open(archive) as opened:
            opened.extractall(place, filter="data")
        return
    name = archive.name.removesuffix(".gz").replace(".idx", "-idx")
    if archive.suffix == ".gz":
        with gzip.open(archive) as packed, open(place / name, "wb") as file:
            shutil.copyfileobj(packed, file)
    else:
        shutil.copyfile(archive, place / name)
