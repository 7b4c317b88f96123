"""Lab 05, exercise `box_iou`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def box_iou(heat, box, share):
    """Cut the positive part, box what is left, and divide the common area by that of either."""
    return _iou(_box_around(_region(heat, share)), box)


def _region(heat, share):
    heat = heat.relu()
    return heat >= share * heat.max()


def _box_around(region, outside=1):
    rows, columns = region.nonzero().T
    return (
        rows.min().item(),
        columns.min().item(),
        rows.max().item() + outside,
        columns.max().item() + outside,
    )


def _area(box):
    top, left, bottom, right = box
    return max(0, bottom - top) * max(0, right - left)


def _common(a, b):
    return (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))


def _iou(a, b):
    common = _area(_common(a, b))
    return common / (_area(a) + _area(b) - common)


def _heats_boxes_and_shares():
    """Blobs beside weaker and negative places, so that every two ways of cutting differ."""
    heats = [torch.full((8, 10), -0.5) for _ in range(4)]
    heats[0][2:5, 3:7], heats[0][3, 4], heats[0][0, 0] = 0.6, 1.0, 0.2
    heats[1][1:4, 1:3], heats[1][6, 8], heats[1][2, 2] = 0.5, 0.5, 1.0  # two spots, on the cut
    heats[2][4:7, 2:4], heats[2][5, 3], heats[2][0, 9] = 2.0, 4.0, -6.0
    heats[3][0:3, 5:9], heats[3][1, 6], heats[3][7, 0] = 1.5, 2.0, 0.7
    boxes = [(1, 2, 6, 6), (0, 1, 5, 5), (3, 1, 8, 6), (5, 0, 8, 3)]  # the last: nothing in common
    return list(zip(heats, boxes, (0.5, 0.5, 0.3, 0.5), strict=True))


exercise = Exercise(
    box_iou,
    _heats_boxes_and_shares,
    hints=[
        "Three steps: the region above the cut, the box around it, two boxes compared.",
        (
            "region.nonzero() lists rows and columns; the box reaches from the smallest to one "
            "past the largest of each."
        ),
        (
            "The common box has the larger top and left and the smaller bottom and right; its "
            "sides may come out negative, and then nothing is in common."
        ),
    ],
)


@exercise.mistake("bottom and right are the first row and column outside: add 1 to the largest.")
def _last_inside(heat, box, share):
    return _iou(_box_around(_region(heat, share), outside=0), box)


@exercise.mistake(
    "this compares the region with the box, pixel by pixel: draw a box around the region first."
)
def _region_with_box(heat, box, share):
    region, inside = _region(heat, share), torch.zeros(heat.shape, dtype=torch.bool)
    inside[box[0] : box[2], box[1] : box[3]] = True
    return ((region & inside).sum() / (region | inside).sum()).item()


@exercise.mistake("the cut itself counts as above: >=, not >.")
def _above_the_cut(heat, box, share):
    heat = heat.relu()
    return _iou(_box_around(heat > share * heat.max()), box)


@exercise.mistake(
    "the cut lies between minimum and maximum: take the positive part first, so that zero stays "
    "zero."
)
def _share_of_the_range(heat, box, share):
    cut = heat.min() + share * (heat.max() - heat.min())
    return _iou(_box_around(heat >= cut), box)


@exercise.mistake(
    "sides that come out negative: two of them multiply to a positive area. Where the boxes do "
    "not meet, nothing is in common."
)
def _negative_sides(heat, box, share):
    found = _box_around(_region(heat, share))
    top, left, bottom, right = _common(found, box)
    common = abs((bottom - top) * (right - left))
    return common / (_area(found) + _area(box) - common)


@exercise.mistake("the common area is counted twice: subtract it once from the sum of both areas.")
def _sum_of_areas(heat, box, share):
    found = _box_around(_region(heat, share))
    return _area(_common(found, box)) / (_area(found) + _area(box))


@exercise.mistake("the box around everything positive: cut at `share` of the maximum.")
def _not_cut(heat, box, share):
    return _iou(_box_around(heat > 0), box)


@exercise.mistake("rows and columns are swapped: a box is (top, left, bottom, right).")
def _rows_and_columns_swapped(heat, box, share):
    top, left, bottom, right = _box_around(_region(heat, share))
    return _iou((left, top, right, bottom), box)
