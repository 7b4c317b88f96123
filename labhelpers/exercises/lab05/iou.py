"""Lab 05, exercise `iou`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def iou(heat, mask, share):
    """The region above the cut against the mask: pixels in both, by pixels in either."""
    region = heat.relu() >= share * heat.relu().max()
    return ((region & mask).sum() / (region | mask).sum()).item()


def _heats_masks_and_shares():
    generator = torch.Generator().manual_seed(54)
    heats = [torch.randn(6, 6, generator=generator) for _ in range(3)]
    masks = [torch.rand(6, 6, generator=generator) < 0.3 for _ in range(3)]
    # Whole numbers up to 2: some of them lie on the cut.
    heats[2] = (2 * heats[2]).round().clamp(max=2)
    return list(zip(heats, masks, (0.2, 0.5, 0.5), strict=True))


exercise = Exercise(
    iou,
    _heats_masks_and_shares,
    hints=[
        "First the region: where the positive part of the map reaches share × its maximum.",
        "Intersection: region & mask. Union: region | mask. Count pixels with .sum().",
    ],
)


@exercise.mistake(
    "you divide by the mask: that is the share of the object that was found (recall). A "
    "region that covers the whole image would be perfect."
)
def _recall(heat, mask, share):
    region = heat.relu() >= share * heat.relu().max()
    return ((region & mask).sum() / mask.sum()).item()


@exercise.mistake(
    "you divide by the region: that is the share of the region that is object (precision)."
)
def _precision(heat, mask, share):
    region = heat.relu() >= share * heat.relu().max()
    return ((region & mask).sum() / region.sum()).item()


@exercise.mistake(
    "twice the intersection by the sum of both is the Dice coefficient: here divide by the union."
)
def _dice(heat, mask, share):
    region = heat.relu() >= share * heat.relu().max()
    return (2 * (region & mask).sum() / (region.sum() + mask.sum())).item()


@exercise.mistake(
    "this is the share of pixels on which both agree: with small objects the background "
    "makes it high."
)
def _agreement(heat, mask, share):
    region = heat.relu() >= share * heat.relu().max()
    return (region == mask).float().mean().item()


@exercise.mistake("the cut itself counts as above: >=, not >.")
def _above_the_cut(heat, mask, share):
    region = heat.relu() > share * heat.relu().max()
    return ((region & mask).sum() / (region | mask).sum()).item()


@exercise.mistake("you keep a share of the pixels: the cut is at a share of the maximum.")
def _share_of_pixels(heat, mask, share):
    region = heat >= heat.quantile(share)
    return ((region & mask).sum() / (region | mask).sum()).item()


@exercise.mistake(
    "you cut between minimum and maximum: take the positive part first, so that zero stays zero."
)
def _share_of_the_range(heat, mask, share):
    region = heat >= heat.min() + share * (heat.max() - heat.min())
    return ((region & mask).sum() / (region | mask).sum()).item()
