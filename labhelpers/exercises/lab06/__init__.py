"""Lab 06: a decoder of grey values, the KL of two Gaussians, a baseline, conditional inputs."""

from labhelpers.exercises.lab06 import (
    conditional_inputs,
    gaussian_kl_between,
    gaussian_reconstruction,
    leave_one_out_gradient,
)

EXERCISES = [
    gaussian_reconstruction.exercise,
    gaussian_kl_between.exercise,
    leave_one_out_gradient.exercise,
    conditional_inputs.exercise,
]
