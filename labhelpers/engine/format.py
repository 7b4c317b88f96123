"""The checkpoint's file: one line with a checksum, then what `torch.save` writes."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import torch

from labhelpers.store.files import checksum, put_aside

CHECKPOINT, PREVIOUS = "checkpoint.pt", "checkpoint.previous.pt"
HEADER = b"labhelpers checkpoint 2 "  # and the checksum of all that follows, and a line's end
_NUMBERS = [type(np.dtype(kind)) for kind in (np.bool_, np.int32, np.int64, np.float32, np.float64)]
# So that a learning rate out of a table, as in lr=table.lr, can be read back.
_SCALAR: Any = np.float64().__reduce__()[0]
torch.serialization.add_safe_globals([_SCALAR, np.dtype, *_NUMBERS])


def encoded(payload: dict[str, Any]) -> bytes:
    """Return a checkpoint's bytes: a line with the checksum, then what `torch.save` writes."""
    buffer = io.BytesIO()
    torch.save(payload, buffer)
    content = buffer.getvalue()
    return HEADER + checksum(content).encode() + b"\n" + content


def decoded(content: bytes) -> dict[str, Any]:
    """Return what `encoded` was given; raise a ValueError that says what is wrong with the bytes.

    Nothing is unpickled but tensors and plain containers (``weights_only=True``). The checksum
    covers
    the whole file: `torch.load` does not notice every flipped bit.
    """
    if not content:
        raise ValueError("it is empty")
    head, _, body = content.partition(b"\n")
    if not head.startswith(HEADER):
        other = content.startswith(b"PK") or head.startswith(b"labhelpers checkpoint")
        raise ValueError("another version wrote it" if other else "it is no checkpoint")
    if checksum(body) != head[len(HEADER) :].decode("ascii", "replace"):
        raise ValueError("its checksum does not fit: a part is missing or altered")
    return torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)


def read_checkpoint(folder: Path) -> tuple[dict[str, Any] | None, str]:
    """Return the newest sound checkpoint in `folder`, or None, and what was damaged, or "".

    A file that cannot be used is put aside as ``<name>.damaged``, so that it never takes the place
    of a sound one.
    """
    troubles: list[str] = []
    for path in (folder / CHECKPOINT, folder / PREVIOUS):
        if not path.exists():
            continue
        try:
            return decoded(path.read_bytes()), " and ".join(troubles)
        except Exception as error:  # torch and pickle raise what they like on a foreign file
            put_aside(path)
            reason = (str(error) or repr(error)).splitlines()[0][:80]
            troubles.append(f"{path.name} is damaged ({reason})")
    return None, " and ".join(troubles)
