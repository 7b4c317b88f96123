"""Lab 11: a fair winner, an interaction, false discoveries, a main effect."""

from labhelpers.exercises.lab11 import (
    discoveries,
    fair_winner,
    log_interaction,
    main_effect,
)

EXERCISES = [
    fair_winner.exercise,
    log_interaction.exercise,
    discoveries.exercise,
    main_effect.exercise,
]
