"""Lab 06: the loss of a VAE, the KL of two Gaussians, a baseline, conditional inputs."""

from labhelpers.exercises.lab06 import (
    conditional_inputs,
    gaussian_kl_between,
    leave_one_out_gradient,
    negative_elbo,
)

EXERCISES = [
    negative_elbo.exercise,
    gaussian_kl_between.exercise,
    leave_one_out_gradient.exercise,
    conditional_inputs.exercise,
]
