"""Train the network for lab 05's photographs, and write its weights where the package carries them.

It takes about ten minutes of a core, too long for a lesson: so lab 05 loads what this script wrote
once. Run it as ``python tools/photo_weights.py``; a run that is cut off is resumed.
"""

from __future__ import annotations

import torch
import weights

import labhelpers as lab

TARGET = weights.PUBLISHED / "05-photos.pt"
SEED, WIDTH, IMAGES, EPOCHS = 0, 16, 10_000, 14


def photo_net() -> torch.nn.Module:
    """Return the ResNet of lab 05, whose last block keeps its maps at 16 × 16, untrained."""
    lab.seed_everything(SEED)
    model = lab.ResNet(3, WIDTH)
    model.features[5] = lab.BasicBlock(2 * WIDTH, 4 * WIDTH, stride=1)
    return model


def main() -> None:
    """Train on some of CIFAR-10 and write the weights in half precision, 150 kB."""
    lab.setup(seed=SEED)
    photos = lab.load_data("cifar10", train_size=IMAGES)
    run = lab.fit(
        photo_net(),
        photos,
        epochs=EPOCHS,
        lr=3e-3,
        batch_size=64,
        schedule=lambda progress: 1 - progress,
        augment=lab.random_crop_flip,
        seed=SEED,
        run="05/photos",
    )
    weights.write(run.model, TARGET)
    print(f"{TARGET}: validation accuracy {run.history[-1]['val_accuracy']:.1%}")


if __name__ == "__main__":
    main()
