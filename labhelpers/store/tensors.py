"""A hash of a tensor's numbers, fast enough to be asked for at every run."""

import hashlib

import torch
from torch import Tensor

SMALL = 1 << 23  # bytes: up to this size every byte is hashed at every call
BLOCK = 4096  # numbers of 8 bytes that are summed to one
KEPT = 32  # digests of large tensors; the oldest goes first

_kept: dict[tuple, str] = {}  # place, count of changes, shape and block sums → digest


def tensor_digest(tensor: Tensor) -> str:
    """Return a short hash, such as ``"#0f3a…"``, of a tensor's kind, shape and numbers.

    That of a large tensor is kept, and computed again when PyTorch has counted a change in place,
    or when
    sums over blocks of 32 kB differ: NumPy may change the same memory without being counted.
    """
    tensor = tensor.detach().cpu().contiguous()
    content = tensor.flatten().view(torch.uint8)
    if content.numel() <= SMALL:
        return _hash(tensor, content)
    sums = _hash(tensor, _block_sums(content))
    state = (tensor.data_ptr(), tensor._version, sums)
    if state not in _kept:
        while len(_kept) >= KEPT:
            del _kept[next(iter(_kept))]
        _kept[state] = _hash(tensor, content)
    return _kept[state]


def _hash(tensor: Tensor, content: Tensor) -> str:
    hasher = hashlib.blake2b(f"{tensor.dtype} {tuple(tensor.shape)}".encode(), digest_size=8)
    hasher.update(content.numpy().data)
    return f"#{hasher.hexdigest()}"


def _block_sums(content: Tensor) -> Tensor:
    """Sums of the bytes of each block, read as whole numbers; what is left over stays as it is."""
    whole = content.numel() // (8 * BLOCK) * (8 * BLOCK)
    sums = content[:whole].view(torch.int64).view(-1, BLOCK).sum(1)
    return torch.cat([sums.view(torch.uint8), content[whole:]])
