"""Lab 05: the class activation map, Grad-CAM, the pointing game, intersection over union, rank
correlation.
"""

from labhelpers.exercises.lab05 import (
    class_map,
    grad_cam_map,
    iou,
    points_at,
    spearman,
)

EXERCISES = [
    class_map.exercise,
    grad_cam_map.exercise,
    points_at.exercise,
    iou.exercise,
    spearman.exercise,
]
