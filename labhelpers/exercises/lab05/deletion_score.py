"""Lab 05, exercise `deletion_score`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def deletion_score(score, image, heat, steps):
    """Cover the highest pixels, step by step, and average the scores."""
    return _mean(_curve(score, image, heat.flatten().argsort(descending=True), steps))


def _curve(score, image, order, steps):
    """The scores with none, the first, …, all of the pixels of `order` set to zero."""
    image, scores = image.clone(), []
    for k in range(steps + 1):
        image.flatten(1)[:, order[: k * len(order) // steps]] = 0
        scores.append(float(score(image)))
    return scores


def _mean(scores):
    return sum(scores) / len(scores)


class _Reader:
    """A score that looks at some pixels only, and prints as a word."""

    def __init__(self, seed):
        self.weight = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(seed))
        self.weight[:, :, 2:] *= 0.2

    def __call__(self, image):
        return torch.tanh((self.weight * image).mean()).item() + 0.5

    def __repr__(self):
        return "score"


def _cases():
    generator = torch.Generator().manual_seed(53)
    cases = []
    for seed, steps in ((0, 4), (1, 8), (2, 2)):
        image = torch.rand(3, 4, 4, generator=generator) + 0.5
        heat = torch.randperm(16, generator=generator).reshape(4, 4) - 5.0
        cases.append((_Reader(seed), image, heat, steps))
    return cases


exercise = Exercise(
    deletion_score,
    _cases,
    hints=[
        "First put the pixels in order: heat.flatten().argsort(descending=True).",
        (
            "A copy of the image, seen as (C, H·W): image.clone().flatten(1). Then [:, positions] "
            "= 0 covers them in every channel."
        ),
        "There are steps + 1 scores: the untouched image is the first, the empty one the last.",
    ],
    observe=lambda score, image, heat, steps: image,
)


@exercise.mistake(
    "this covers the lowest pixels first, or uncovers the highest (the insertion curve, where high "
    "is good): sort in descending order, and cover."
)
def _lowest_first(score, image, heat, steps):
    return _mean(_curve(score, image, heat.flatten().argsort(), steps))


@exercise.mistake("the untouched image is missing: k starts at 0.")
def _without_the_first(score, image, heat, steps):
    order = heat.flatten().argsort(descending=True)
    return _mean(_curve(score, image, order, steps)[1:])


@exercise.mistake("the empty image is missing: k goes up to steps itself.")
def _without_the_last(score, image, heat, steps):
    order = heat.flatten().argsort(descending=True)
    return _mean(_curve(score, image, order, steps)[:-1])


@exercise.mistake("this is the sum of the scores: return their mean.")
def _sum(score, image, heat, steps):
    return sum(_curve(score, image, heat.flatten().argsort(descending=True), steps))


@exercise.mistake("only one channel is covered: set the pixel to zero in all of them.")
def _first_channel(score, image, heat, steps):
    image, scores = image.clone(), []
    order = heat.flatten().argsort(descending=True)
    for k in range(steps + 1):
        image[0].view(-1)[order[: k * len(order) // steps]] = 0
        scores.append(float(score(image)))
    return _mean(scores)


@exercise.mistake(
    "every step covers its own share only and uncovers the one before: the covered part has to "
    "grow."
)
def _one_slice_at_a_time(score, image, heat, steps):
    order, scores = heat.flatten().argsort(descending=True), [float(score(image))]
    for part in order.chunk(steps):
        covered = image.clone()
        covered.flatten(1)[:, part] = 0
        scores.append(float(score(covered)))
    return _mean(scores)


@exercise.mistake(
    "the result is right, but the image that was handed over is overwritten: work on a copy."
)
def _in_place(score, image, heat, steps):
    result = deletion_score(score, image, heat, steps)
    image.zero_()
    return result


@exercise.mistake("k pixels are covered in step k: it is k · H·W / steps, all of them in the end.")
def _single_pixels(score, image, heat, steps):
    order = heat.flatten().argsort(descending=True)
    return _mean(_curve(score, image, order[:steps], steps))


@exercise.mistake("this is the trapezoid rule: here the mean of all steps + 1 scores is asked for.")
def _trapezoid(score, image, heat, steps):
    scores = _curve(score, image, heat.flatten().argsort(descending=True), steps)
    return (sum(scores) - (scores[0] + scores[-1]) / 2) / steps
