"""Lab 05: the difference of two classes, a box from a map, the deletion curve, the share of a map
on the object, finding a planted cheat.
"""

from labhelpers.exercises.lab05 import (
    box_iou,
    contrast_map,
    deletion_score,
    share_on_object,
    suspect,
)

EXERCISES = [
    contrast_map.exercise,
    box_iou.exercise,
    deletion_score.exercise,
    share_on_object.exercise,
    suspect.exercise,
]
