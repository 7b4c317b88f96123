"""Lab 03, exercise `flip_half`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def flip_half(x, training, generator):
    """Mirror each image of x (N, C, H, W) with probability 1/2, in training only."""
    if not training:
        return x
    mirrored = torch.rand(len(x), generator=generator) < 0.5  # (N,)
    return torch.where(mirrored[:, None, None, None], x.flip(3), x)


def _flip_inputs():
    generator = torch.Generator().manual_seed(2)
    batches = [
        (torch.randn(16, 3, 4, 4, generator=generator), training)
        for training in (True, False, True, True)
    ]
    return [
        (x, training, torch.Generator().manual_seed(seed))
        for seed, (x, training) in enumerate(batches, start=1)
    ]


exercise = Exercise(
    flip_half,
    _flip_inputs,
    hints=[
        "Draw one random number per image: torch.rand(len(x), generator=generator).",
        (
            "x.flip(3) mirrors left and right. torch.where(condition, a, b) picks image by "
            "image once the condition has the shape (N, 1, 1, 1)."
        ),
    ],
    observe=lambda x, training, generator: x,
)


@exercise.mistake(
    "validation images are mirrored too: the score would then depend on chance, and on "
    "other images than everybody else's. Augmentation is for training only."
)
def _also_validation(x, training, generator):
    return flip_half(x, True, generator)


@exercise.mistake(
    "one coin for the whole batch: all its images are mirrored or none. Draw one per image."
)
def _one_coin_per_batch(x, training, generator):
    flip = training and (torch.rand(1, generator=generator) < 0.5).item()
    return x.flip(3) if flip else x


@exercise.mistake("this turns images upside down: the last dimension, 3, runs from left to right.")
def _upside_down(x, training, generator):
    return flip_half(x.transpose(2, 3), training, generator).transpose(2, 3)


@exercise.mistake(
    "all images are mirrored: the network would never see the original ones. Draw one number per "
    "image from `generator`."
)
def _everything(x, training, generator):
    return x.flip(3) if training else x


@exercise.mistake(
    "one coin per channel mirrors the red of an image but not its green: the colours come apart."
)
def _coin_per_channel(x, training, generator):
    if not training:
        return x
    mirrored = torch.rand(x.shape[:2], generator=generator) < 0.5
    return torch.where(mirrored[:, :, None, None], x.flip(3), x)


@exercise.mistake(
    "the coins do not come from `generator`: torch.rand(len(x), generator=generator)."
)
def _other_generator(x, training, generator):
    return (
        torch.where(torch.rand(len(x))[:, None, None, None] < 0.5, x.flip(3), x) if training else x
    )


@exercise.mistake(
    "the result is right, but the images that were handed over are mirrored too: work on a copy."
)
def _in_place(x, training, generator):
    if training:
        mirrored = torch.rand(len(x), generator=generator) < 0.5
        x[mirrored] = x[mirrored].flip(3)
    return x


@exercise.mistake("mirrored where the number is above 1/2: below it, please.")
def _above_half(x, training, generator):
    return flip_half(x.flip(3), training, generator) if training else x


@exercise.mistake("no image is ever mirrored: draw one number per image from `generator`.")
def _nothing(x, training, generator):
    return x


@exercise.mistake(
    "randint gives fair coins, but others than these: mirror where "
    "torch.rand(len(x), generator=generator) is below 1/2."
)
def _whole_numbers(x, training, generator):
    if not training:
        return x
    mirrored = torch.randint(0, 2, (len(x),), generator=generator).bool()
    return torch.where(mirrored[:, None, None, None], x.flip(3), x)


@exercise.mistake(
    "randint gives one coin for the whole batch: draw torch.rand(len(x), generator=generator), "
    "a number per image."
)
def _one_whole_number_per_batch(x, training, generator):
    return x.flip(3) if training and torch.randint(0, 2, (1,), generator=generator) else x


def _mirrored_at(x, places):
    x = x.clone()
    x[places] = x[places].flip(3)
    return x


@exercise.mistake(
    "exactly half of the images are mirrored: each has a coin of its own, so their number varies."
)
def _exactly_half(x, training, generator):
    order = torch.randperm(len(x), generator=generator)
    return _mirrored_at(x, order[: len(x) // 2]) if training else x


@exercise.mistake(
    "the half with the smaller numbers is mirrored, always as many: compare each number with 1/2."
)
def _smaller_half(x, training, generator):
    order = torch.rand(len(x), generator=generator).argsort()
    return _mirrored_at(x, order[: len(x) // 2]) if training else x


@exercise.mistake("the first half of the batch is mirrored: chance decides, not the place in it.")
def _first_half(x, training, generator):
    return _mirrored_at(x, slice(len(x) // 2)) if training else x
