"""Lab 12, exercise `copied_share`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def copied_share(train, val):
    """Look each validation image up among the training images, as bytes."""
    kept = {image.numpy().tobytes() for image in train}
    return sum(image.numpy().tobytes() in kept for image in val) / len(val)


def _splits():
    generator = torch.Generator().manual_seed(122)
    inputs = []
    for n, m, places in ((9, 5, [2, 7]), (4, 8, [3, 0, 1]), (6, 3, [])):
        train, val = (
            torch.randint(256, (k, 1, 4, 4), generator=generator, dtype=torch.uint8) for k in (n, m)
        )
        if places:
            val[-len(places) :] = train[places]
        inputs.append((train, val))
    train, val = inputs[0]
    twice, turned = val.clone(), val.clone()
    twice[0] = twice[-1]  # a copy that stands in the validation set twice
    turned[0] = train[0].flip(-1)  # the same mean, another image
    doubled, aligned, nearly = torch.cat([train, train[2:3]]), val.clone(), val.clone()
    aligned[1] = train[1]  # a copy at the same place
    nearly[0] = train[0] ^ (torch.arange(16) == 15).reshape(1, 4, 4)  # one step in the last pixel
    more = [(doubled, val), (train, aligned), (train, nearly)]
    return [*inputs, (train, twice), (train, turned), *more]


exercise = Exercise(
    copied_share,
    _splits,
    hints=[
        "Two images are the same if all their pixels are.",
        (
            "image.numpy().tobytes() turns an image into something that a set can hold and "
            "find again at once."
        ),
        (
            "Make a set of the training images, count the validation images that are in it, "
            "divide by their number."
        ),
    ],
)


@exercise.mistake(
    "this is the share of the training images. The validation accuracy is inflated by the "
    "copies among the validation images."
)
def _share_of_training(train, val):
    kept = {image.numpy().tobytes() for image in val}
    return sum(image.numpy().tobytes() in kept for image in train) / len(train)


@exercise.mistake("this is a number of images: divide by len(val).")
def _copies_counted(train, val):
    return float(round(copied_share(train, val) * len(val)))


@exercise.mistake(
    "this compares the first image with the first, the second with the second: a copy may "
    "stand anywhere."
)
def _in_order(train, val):
    n = min(len(train), len(val))
    return (train[:n] == val[:n]).flatten(1).all(dim=1).sum().item() / len(val)


@exercise.mistake("this takes two images for the same if a single pixel agrees: all of them must.")
def _any_pixel(train, val):
    return (train[:, None] == val[None]).flatten(2).any(dim=2).any(dim=0).float().mean().item()


@exercise.mistake("two different images may have the same mean: compare the pixels.")
def _by_mean(train, val):
    means = {round(image.float().mean().item(), 4) for image in train}
    return sum(round(image.float().mean().item(), 4) in means for image in val) / len(val)


@exercise.mistake(
    "an image that stands in the validation set twice is evaluated twice: count it twice."
)
def _different_copies(train, val):
    kept, images = ({image.numpy().tobytes() for image in split} for split in (train, val))
    return len(images & kept) / len(val)


@exercise.mistake(
    "every pair counts here: an image that stands in the training set twice is still one "
    "validation image."
)
def _pairs_counted(train, val):
    return (train[:, None] == val[None]).flatten(2).all(dim=2).sum().item() / len(val)


@exercise.mistake(
    "nothing is ever found: `tensor in a_set` asks for the same object, not for the same pixels."
)
def _never_found(train, val):
    kept = set(train)
    return sum(image in kept for image in val) / len(val)
