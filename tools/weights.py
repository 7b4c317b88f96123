"""Weights that travel with the package: what `photo_weights` and `horse_weights` write."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

PUBLISHED = Path(__file__).resolve().parents[1] / "labhelpers" / "published"


def write(model: nn.Module, target: Path) -> None:
    """Write a model's weights in half precision; what is counted in whole numbers stays so."""
    weights = {name: value.cpu() for name, value in model.state_dict().items()}
    halves = {
        name: value.half() if value.is_floating_point() else value
        for name, value in weights.items()
    }
    torch.save(halves, target)
