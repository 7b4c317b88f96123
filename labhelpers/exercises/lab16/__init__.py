"""Lab 16: losses of policy and value, λ-returns, the clip, entropy, KL, explained variance."""

from labhelpers.exercises.lab16 import (
    actor_critic_gradients,
    approximate_kl,
    clip_gradient,
    entropy,
    explained_variance,
    lambda_returns,
    rewards_to_go,
)

EXERCISES = [
    rewards_to_go.exercise,
    entropy.exercise,
    explained_variance.exercise,
    approximate_kl.exercise,
    actor_critic_gradients.exercise,
    lambda_returns.exercise,
    clip_gradient.exercise,
]
