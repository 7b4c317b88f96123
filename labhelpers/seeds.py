"""Random numbers: seeded, kept, put back."""

import contextlib
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and PyTorch's global generators (all devices), and have cuDNN repeat
    itself exactly.

    Example:
        >>> lab.seed_everything(0)
        >>> torch.randn(1)
        tensor([1.5410])
    """
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True
    random.seed(seed)
    np.random.seed(seed % 2**32)
    if torch.accelerator.is_available():
        torch.manual_seed(seed)
    else:  # it would write down who called, for devices that might come: 1.5 ms
        torch.default_generator.manual_seed(seed)


def random_state(own: Sequence[torch.Generator] = ()) -> dict[str, Any]:
    """Return the state of every global generator and of `own`, in types that `torch.load` takes
    unpickled.
    """
    drawn: Any = np.random.get_state(legacy=True)
    name, keys, *rest = drawn
    state = {
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }
    return state | {
        # Without a GPU each question would look for its driver again.
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "own": [generator.get_state() for generator in own],
    }


def set_random_state(state: dict[str, Any], own: Sequence[torch.Generator] = ()) -> None:
    """Put every global generator, and `own`, back into a state that `random_state` returned."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    if state["cuda"] and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
    for generator, saved in zip(own, state["own"], strict=True):
        generator.set_state(saved)


@contextlib.contextmanager
def isolated_random_state(seed: int) -> Iterator[None]:
    """Seed the global generators for the block and put them back afterwards.

    The cells after a run therefore draw the same numbers whether it was trained, resumed or loaded.
    """
    before = random_state()
    seed_everything(seed)
    try:
        yield
    finally:
        set_random_state(before)
