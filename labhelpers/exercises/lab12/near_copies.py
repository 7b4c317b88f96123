"""Lab 12, exercise `near_copies`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def near_copies(train, val):
    """Look each validation image up among the training images, moved by -1, 0 and 1 pixels."""
    kept = {image.numpy().tobytes() for move in (-1, 0, 1) for image in train.roll(move, dims=-1)}
    return sum(image.numpy().tobytes() in kept for image in val) / len(val)


def _splits():
    generator = torch.Generator().manual_seed(122)
    inputs = []
    for n, m in ((9, 12), (5, 7), (6, 3)):
        train, val = (
            torch.randint(256, (k, 1, 4, 5), generator=generator, dtype=torch.uint8) for k in (n, m)
        )
        inputs.append((train, val))
    (train, val), (few, more), _ = inputs
    val[1], val[2] = train[7], train[0]
    val[4] = train[3].roll(1, dims=-1)
    val[5] = train[3].roll(-1, dims=-1)
    val[6] = val[5]  # a copy that stands in the validation set twice
    val[8] = train[1].roll(-1, dims=-1)
    val[[0, 3, 7, 9, 10]] = train[[2, 4, 5, 6, 8]].roll(1, dims=-2)  # moved down: other images
    more[0], more[2] = few[1].roll(1, dims=-1), few[1].roll(-1, dims=-1)
    more[4:] = few[[2, 3, 0]]
    more[3] = few[4].roll(2, dims=-1)  # two pixels are too many
    more[6] = few[0].flip(-1)  # the same pixels in another order
    doubled = torch.cat([train, train[7:8]])  # a training image that stands there twice
    framed = torch.zeros(4, 1, 4, 5, dtype=torch.uint8)  # as MNIST: nothing at the edges
    framed[..., 1:-1] = torch.randint(1, 256, (4, 1, 4, 3), generator=generator, dtype=torch.uint8)
    moved = torch.stack([framed[0].roll(1, -1), framed[1].roll(-1, -1), framed[2], framed[3] // 2])
    return [*inputs, (doubled, val), (framed, moved)]


exercise = Exercise(
    near_copies,
    _splits,
    hints=[
        "train.roll(1, dims=-1) moves every training image by one pixel to the right.",
        (
            "image.numpy().tobytes() turns an image into something that a set can hold and "
            "find again at once."
        ),
        (
            "Put the training images into one set three times: moved by -1, by 0 and by 1. Count "
            "the validation images that are in it, divide by their number."
        ),
    ],
)


def _found(train, val, moves, dim=-1):
    kept = {image.numpy().tobytes() for move in moves for image in train.roll(move, dims=dim)}
    return sum(image.numpy().tobytes() in kept for image in val) / len(val)


@exercise.mistake(
    "this finds exact copies only, as the test of section 4 does: move the training images too."
)
def _exact_only(train, val):
    return _found(train, val, [0])


@exercise.mistake(
    "the column that leaves on one side has to come back on the other, as `roll` does it: the "
    "leaked images of the clinic were made so."
)
def _filled_with_zeros(train, val):
    left, right = torch.zeros_like(train), torch.zeros_like(train)
    left[..., :-1], right[..., 1:] = train[..., 1:], train[..., :-1]
    return _found(torch.cat([train, left, right]), val, [0])


@exercise.mistake("an image that was not moved at all is a copy, too.")
def _moved_only(train, val):
    return _found(train, val, [-1, 1])


@exercise.mistake("this moves the images to one side only: a copy may be moved to the other.")
def _one_side(train, val):
    return _found(train, val, [0, 1])


@exercise.mistake("this moves up and down: sideways is the last dimension.")
def _other_dimension(train, val):
    return _found(train, val, [-1, 0, 1], dim=-2)


@exercise.mistake(
    "this is the share of the training images. The validation accuracy is inflated by the "
    "copies among the validation images."
)
def _share_of_training(train, val):
    return near_copies(val, train)


@exercise.mistake("this is a number of images: divide by len(val).")
def _copies_counted(train, val):
    return float(round(near_copies(train, val) * len(val)))


@exercise.mistake(
    "an image that stands in the validation set twice is evaluated twice: count it twice."
)
def _different_copies(train, val):
    kept = {image.numpy().tobytes() for move in (-1, 0, 1) for image in train.roll(move, dims=-1)}
    return len({image.numpy().tobytes() for image in val} & kept) / len(val)


@exercise.mistake(
    "every pair counts here: an image that stands in the training set twice is still one "
    "validation image."
)
def _pairs_counted(train, val):
    moved = torch.cat([train.roll(move, dims=-1) for move in (-1, 0, 1)])
    return (moved[:, None] == val[None]).flatten(2).all(dim=2).sum().item() / len(val)


@exercise.mistake(
    "nothing is ever found: `tensor in a_set` asks for the same object, not for the same pixels."
)
def _never_found(train, val):
    kept = set(train)
    return sum(image in kept for image in val) / len(val)


@exercise.mistake("this moves the images to the left only: a copy may be moved to the right.")
def _left_side(train, val):
    return _found(train, val, [-1, 0])
