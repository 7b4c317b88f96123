"""Lab 05, exercise `points_at`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def points_at(heat, mask):
    """Whether the mask is true where the map is highest."""
    return bool(mask.flatten()[heat.argmax()])


def _heats_and_masks():
    """Peaks on and off the object, so that every two ways of looking differ in some case."""
    mask = torch.zeros(4, 6, dtype=torch.bool)
    mask[0, 2:5] = True
    cases = []
    for peak, dip, low, more in (
        ((0, 3), (2, 0), -2.0, []),  # peak on the object, a dip of larger size off it
        ((3, 5), (0, 3), -0.5, []),  # the other way round, with a shallow dip
        # the object is high on average, but the peak is elsewhere
        ((3, 1), (2, 5), -2.0, [(0, 2), (0, 3)]),
        ((3, 4), (0, 4), -2.0, [(0, 2)]),  # positive somewhere on the object, but low on average
        # on the object; with rows and columns swapped it would be off it
        ((0, 2), (1, 0), -0.5, []),
    ):
        heat = torch.full((4, 6), -0.1)
        heat[peak], heat[dip] = 1.0, low
        for place in more:
            heat[place] = 0.9
        cases.append((heat, mask))
    below = torch.full((4, 6), -1.0)
    below[0, 3] = -0.5  # a map that is negative everywhere has a highest point too
    return [*cases, (below, mask)]


exercise = Exercise(
    points_at,
    _heats_and_masks,
    hints=[
        "Find the position of the highest value, then look into the mask there.",
        "heat.argmax() counts through the rows; mask.flatten() is in the same order.",
    ],
)


@exercise.mistake("this looks at the lowest point of the map.")
def _lowest(heat, mask):
    return bool(mask.flatten()[heat.argmin()])


@exercise.mistake(
    "this looks at the value of largest size, which may be negative, and then speaks "
    "against the class."
)
def _largest_size(heat, mask):
    return bool(mask.flatten()[heat.abs().argmax()])


@exercise.mistake(
    "one positive pixel on the object is not enough: the game is about the highest point."
)
def _anywhere(heat, mask):
    return bool((mask & (heat > 0)).any())


@exercise.mistake("rows and columns are swapped: position = row · W + column.")
def _rows_and_columns_swapped(heat, mask):
    row, column = divmod(int(heat.argmax()), heat.shape[1])
    return bool(mask[column % mask.shape[0], row % mask.shape[1]])


@exercise.mistake(
    "a higher average on the object is another score: the game is about the highest point."
)
def _on_average_higher(heat, mask):
    return bool(heat[mask].mean() > heat[~mask].mean())
