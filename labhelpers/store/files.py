"""Files that a reader finds whole at every instant, and that two writers share without a loss."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

WAITS = (1.0, 3.0, 9.0)  # seconds before a failed write is tried again: a mounted drive drops out
LOCK_SECONDS = 20.0  # to wait for another notebook that writes the same file


def write_atomically(path: Path, content: bytes, keep: Path | None = None) -> None:
    """Write `content` so that `path`, or `keep` that gets what it held before, is whole at all
    times.

    A folder that has gone is made again. A write that fails is tried again, after each of `WAITS`,
    before its OSError is raised.
    """
    for wait in (*WAITS, None):
        try:
            _write_once(path, content, keep)
            return
        except OSError:
            if wait is None:
                raise
            time.sleep(wait)


def _write_once(path: Path, content: bytes, keep: Path | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own for each process, so that two writers never share a half-written file.
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if keep and path.exists():
            path.replace(keep)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    write_atomically(path, _as_text(value).encode("utf-8"))


def read_json(path: Path, default: Any) -> Any:
    """Return what a JSON file holds, or `default` when there is none.

    A file that is no JSON is put aside as ``<name>.damaged``, said so, and counts as none.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return default
    except ValueError as error:
        aside = put_aside(path)
        print(f"{path} is damaged ({error}): it is kept as {aside.name}, and begun anew")
        return default


def update_json(path: Path, change: Callable[[Any], None], default: Any = None) -> None:
    """Read a JSON file, let `change` alter the value in place, and write it, under a lock.

    Two notebooks that do so at once lose nothing of each other's. Where no lock can be had, on some
    network drives, the change is made without one. `default`, an empty dict unless given, stands
    for a missing file. Raises OSError when the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{path}.lock", timeout=LOCK_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        print(
            f"{path} has been locked for {LOCK_SECONDS:.0f} s by another notebook: writing anyway"
        )
    except (OSError, NotImplementedError) as error:
        print(f"{path} cannot be locked ({error}): writing without a lock")
    try:
        value = read_json(path, {} if default is None else default)
        change(value)
        write_json(path, value)
    finally:
        lock.release()


def write_checked_json(path: Path, value: Any) -> None:
    """Write `value` as JSON with a checksum, so that `read_checked_json` notices a changed byte."""
    text = json.dumps(value, ensure_ascii=False)
    write_atomically(
        path, f'{{"checksum": "{checksum(text.encode())}", "value": {text}}}\n'.encode()
    )


def read_checked_json(path: Path) -> Any:
    """Return what `write_checked_json` wrote; raise ValueError if the file was altered."""
    content = path.read_bytes()
    try:
        found = json.loads(content.decode("utf-8"))
        expected, value = found["checksum"], found["value"]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path.name} is damaged or of another kind ({error!r:.80})") from error
    # The text between the keys, byte for byte: NaN or 1e5 may read differently once parsed.
    text = content[content.index(b'"value": ') + len(b'"value": ') : content.rindex(b"}")]
    if checksum(text) != expected:
        raise ValueError(f"{path.name} is damaged (its checksum is not {expected})")
    return value


def checksum(content: bytes) -> str:
    """Return a hash of `content` that one flipped bit changes."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def put_aside(path: Path) -> Path:
    """Rename a damaged file to ``<name>.damaged``, so that it never takes a sound one's place."""
    aside = path.with_name(path.name + ".damaged")
    path.replace(aside)
    return aside


def reported(write: Callable[..., None], *what: Any, where: Path) -> bool:
    """Call ``write(*what)``; when `where` cannot be written, say so and return False instead of
    raising.

    A drive that drops out, or a disk that is full, must not end the work that the file tells of.
    """
    try:
        write(*what)
    except OSError as error:
        print(f"NOT saved: {where} cannot be written ({error.strerror or error})")
        return False
    return True


def _as_text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
