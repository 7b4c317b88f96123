"""Lab 05, exercise `spearman`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def spearman(a, b):
    """The ordinary correlation of the ranks."""
    a, b = (value.flatten().argsort().argsort().double() for value in (a, b))
    return torch.corrcoef(torch.stack([a, b]))[0, 1].item()


def _two_maps():
    generator = torch.Generator().manual_seed(55)
    a, b = torch.randn(4, 4, generator=generator), torch.randn(4, 4, generator=generator)
    return [(a, b), (a, a.exp()), (a + 0.5 * b, -a), (a, (a + b).sigmoid())]


exercise = Exercise(
    spearman,
    _two_maps,
    hints=[
        "Replace the values by their ranks 0, 1, 2, …, then take the ordinary correlation.",
        "argsort gives the positions in order; argsort of that gives each position's rank.",
        "torch.corrcoef(torch.stack([ranks_a, ranks_b]))[0, 1], with the ranks as floats.",
    ],
)


@exercise.mistake(
    "this is the correlation of the values (Pearson's): it changes when a map is squeezed. "
    "Use ranks."
)
def _pearson(a, b):
    return torch.corrcoef(torch.stack([a.flatten(), b.flatten()]).double())[0, 1].item()


@exercise.mistake("argsort once gives positions, not ranks: apply it twice.")
def _sorted_once(a, b):
    a, b = (value.flatten().argsort().double() for value in (a, b))
    return torch.corrcoef(torch.stack([a, b]))[0, 1].item()


@exercise.mistake("sorting the values forgets where they were: compare ranks at the same position.")
def _sorted_values(a, b):
    a, b = (value.flatten().sort().values.double() for value in (a, b))
    return torch.corrcoef(torch.stack([a, b]))[0, 1].item()


@exercise.mistake("the ranks are taken within each row: flatten the maps first.")
def _within_rows(a, b):
    a, b = (value.argsort(1).argsort(1).flatten().double() for value in (a, b))
    return torch.corrcoef(torch.stack([a, b]))[0, 1].item()


@exercise.mistake("the mean rank is not subtracted: then even opposite orders look alike.")
def _not_centred(a, b):
    a, b = (value.flatten().argsort().argsort().double() for value in (a, b))
    return torch.nn.functional.cosine_similarity(a, b, dim=0).item()
