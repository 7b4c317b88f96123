"""What can be spoiled in a training, and the faults that spoil it: for lab 12, the clinic."""

import difflib
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """Every choice that a fault can spoil; the values here are healthy."""

    # The network.
    network: str = "mlp"  # or "cnn"
    tanh: bool = False  # in place of ReLU
    batch_norm: bool = False
    narrow: int = 64  # units of the last hidden layer
    scale: tuple[float, float] = (1, 1)  # initial weights of hidden layers and head times this
    bias: float = 0.0  # added to the initial biases of the hidden layers
    registered: bool = True  # hidden layers are modules, not entries of a Python list
    last_relu: bool = False  # a ReLU behind the head

    # The data.
    raw: bool = False  # pixels from 0 to 255 …
    raw_validation: bool = False  # … or in the validation set alone
    shuffled: bool = False  # labels drawn anew among the training images
    off_by_one: bool = False  # training labels count from 1, and class K is 0
    leaked: float = 0.0  # validation images that replace training images, as a share
    moved: int = 0  # pixels by which the leaked images are moved to the right
    in_order: bool = False  # training images sorted by class and never shuffled
    missing: bool = False  # the last class has no training images
    flips: bool = False  # training images mirrored at random, both ways

    # Loss, step and report.
    softmax: str = "once"  # "twice", or "over the batch"
    lr: float = 0.1  # this network's own good learning rate …
    lr_factor: float = 1.0  # … times this
    zero_grad: bool = True
    eval: bool = True  # eval() before validation
    eval_batch: int = 1_000  # validation images at a time
    broadcast: bool = False  # answers (N, 1) are compared with labels (N,)


FAULTS: dict[str, dict[str, Any]] = {
    "input not normalised": {"raw": True},
    "labels shuffled": {"shuffled": True},
    "validation images leaked": {"leaked": 0.8},
    "softmax before the loss": {"softmax": "twice"},
    "zero_grad missing": {"zero_grad": False},
    "all weights zero": {"scale": (0, 0)},
    "ReLUs dead": {"bias": -5.0},
    "tanh saturated": {"tanh": True, "scale": (30, 1)},
    "bottleneck too narrow": {"narrow": 2},
    "learning rate too high": {"lr_factor": 10.0},
    "learning rate too low": {"lr_factor": 0.001},
    "eval() forgotten": {"batch_norm": True, "eval_batch": 4, "eval": False},
}
UNLISTED: dict[str, dict[str, Any]] = {
    "softmax over the batch": {"softmax": "over the batch"},
    "hidden layers not registered": {"registered": False},
    "labels off by one": {"off_by_one": True},
    "(N, 1) compared with (N,)": {"broadcast": True},
    "digits flipped": {"flips": True},
    "near-duplicates leaked": {"leaked": 0.8, "moved": 1},
    "batches sorted by class": {"in_order": True},
    "ReLU behind the last layer": {"last_relu": True},
    "validation not normalised": {"raw_validation": True},
    "a class missing": {"missing": True},
}
HEALTHY: dict[str, dict[str, Any]] = {
    "healthy": {},
    "healthy, tanh": {"tanh": True},
    "healthy, batch norm": {"batch_norm": True, "eval_batch": 4},
}
KINDS = {"listed": FAULTS, "unlisted": UNLISTED, "healthy": HEALTHY}


def faults(kind: str = "listed") -> list[str]:
    """Return the names that `admit` knows: faults that are ``"listed"`` for the lab's rules,
    ``"unlisted"`` ones, or the ``"healthy"`` networks.

    Raises ValueError for another kind.

    Example:
        >>> lab.faults()[:2]
        ['input not normalised', 'labels shuffled']
    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} is not allowed: choose from {', '.join(KINDS)}")
    return list(KINDS[kind])


def recipe_of(name: str, choices: dict[str, Any]) -> Recipe:
    """Return the recipe of a fault, or of several joined by " + ", with some choices changed."""
    known = FAULTS | UNLISTED | HEALTHY
    changes: dict[str, Any] = {}
    for part in name.split(" + "):
        if part not in known:
            near = difflib.get_close_matches(part, known, n=1)
            meant = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(known)}"
            raise ValueError(f"unknown fault {part!r}: {meant}")
        twice = sorted(changes.keys() & known[part].keys())
        if twice:
            raise ValueError(f"{name!r}: both faults change {twice[0]!r}, choose another pair")
        changes |= known[part]
    return replace(Recipe(), **(changes | choices))
