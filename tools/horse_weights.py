"""Train the generator of lab 07's horses, and write its weights where the package carries them.

It took 14 minutes of a core, too long for a lesson: so lab 07 loads what this script wrote
once. Run it as ``python tools/horse_weights.py``; a run that is cut off is resumed. What is trained
are the functions of the notebook itself, so that the lab shows what it ships.
"""

from __future__ import annotations

import copy
import sys
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
import weights
from torch import nn

import labhelpers as lab

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))  # notebook_code: what a notebook defines
TARGET = weights.PUBLISHED / "07-horses.pt"
PICTURE = ROOT / "runs" / "07-horses.png"
EPOCHS = 22  # of 141 steps
NAMES = {"start", "follow", "draw_noise", "move", "make_step", "up", "down"}
NAMES |= {"horse_generator", "horse_discriminator", "horses_of", "train_horses"}


def functions(scope: dict[str, Any]) -> dict[str, Any]:
    """Return `scope` with the functions of `NAMES` added, compiled from the cells of the lab."""
    from notebook_code import compiled

    return compiled("07-dcgan.ipynb", NAMES, scope)


@torch.no_grad()
def draw(generator: nn.Module, real: torch.Tensor) -> None:
    """Save a picture of twenty real horses and forty drawn ones."""
    noise = torch.randn(64, 64, 1, 1, generator=torch.Generator().manual_seed(2_000))
    drawn = generator.cpu().train()(noise)[:40]  # batch norm by the samples' own statistics
    shown = torch.cat([real[:20].cpu().float() / 255, (drawn + 1) / 2])
    PICTURE.parent.mkdir(exist_ok=True)
    lab.plot_images(shown)[0, 0].figure.savefig(PICTURE, dpi=100)


def main() -> None:
    """Train on the horses of CIFAR-10 and write the averaged weights in half precision, 0.6 MB."""
    session = lab.setup(seed=0)
    scope = functions({"lab": lab, "torch": torch, "nn": nn, "F": F, "copy": copy})
    scope["session"] = session
    photos = lab.load_data("cifar10")
    horses, began = scope["horses_of"](photos), time.process_time()
    average = scope["train_horses"](horses, EPOCHS).state["average"]
    minutes = (time.process_time() - began) / 60
    weights.write(average, TARGET)
    draw(average, horses.images)
    print(f"{TARGET}: {photos.source}, {len(horses)} images, {minutes:.0f} min of a core")


if __name__ == "__main__":
    main()
