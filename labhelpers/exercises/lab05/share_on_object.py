"""Lab 05, exercise `share_on_object`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def share_on_object(heat, mask):
    """The positive weight on the mask by all positive weight; 0 where there is none."""
    positive = heat.relu()
    total = positive.sum().item()
    return (positive * mask).sum().item() / total if total else 0.0


def _heats_and_masks():
    generator = torch.Generator().manual_seed(55)
    heats = [torch.randn(5, 6, generator=generator) for _ in range(3)]
    masks = [torch.rand(5, 6, generator=generator) < 0.3 for _ in range(3)]
    return [*zip(heats, masks, strict=True), (-heats[0].abs() - 0.1, masks[0])]


exercise = Exercise(
    share_on_object,
    _heats_and_masks,
    hints=[
        "Evidence against the class is not counted: heat.relu().",
        "Divide what lies on the mask by the whole positive weight.",
        "A map that is nowhere positive has no weight to share out: return 0.0 before you divide.",
    ],
)


@exercise.mistake(
    "negative places are counted too: then shares can leave 0 to 1. heat.relu() first."
)
def _signed(heat, mask):
    return ((heat * mask).sum() / heat.sum()).item()


@exercise.mistake("the size turns evidence against the class into weight: keep the positive part.")
def _sizes(heat, mask):
    return ((heat.abs() * mask).sum() / heat.abs().sum()).item()


@exercise.mistake(
    "this counts pixels: a place of strong evidence has to weigh more than a faint one."
)
def _pixels(heat, mask):
    positive = heat > 0
    return (positive & mask).sum().item() / max(1, positive.sum().item())


@exercise.mistake(
    "you divide by the object's pixels: that is the mean height of the map there, not a share."
)
def _mean_on_object(heat, mask):
    return (heat.relu() * mask).sum().item() / mask.sum().item()


@exercise.mistake("this is the share that lies beside the object.")
def _beside(heat, mask):
    total = heat.relu().sum().item()
    return (heat.relu() * ~mask).sum().item() / total if total else 0.0


@exercise.mistake("a map that is nowhere positive gives 0 / 0: return 0.0 for it.")
def _not_a_number(heat, mask):
    return ((heat.relu() * mask).sum() / heat.relu().sum()).item()


@exercise.mistake("this is in per cent: a share goes from 0 to 1.")
def _per_cent(heat, mask):
    return 100 * share_on_object(heat, mask)
