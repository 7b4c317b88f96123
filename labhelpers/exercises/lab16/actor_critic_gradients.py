"""Lab 16, exercise `actor_critic_gradients`."""

from __future__ import annotations

import torch

from labhelpers.exercises.grading import Exercise


def actor_critic_gradients(weight, critic, obs, action, returns):
    """The advantage is a number for the actor; only its own error moves the critic."""
    value = (obs @ critic)[:, 0]  # (N,)
    advantage = (returns - value).detach()
    log_p = (obs @ weight).log_softmax(dim=1).gather(1, action[:, None])[:, 0]
    loss = -(log_p * advantage).mean() + (returns - value).square().mean()
    return torch.autograd.grad(loss, (weight, critic))


def _log_p(weight, obs, action):
    return (obs @ weight).log_softmax(dim=1).gather(1, action[:, None])[:, 0]


def _inputs():
    generator = torch.Generator().manual_seed(4)
    cases = []
    for actions in (2, 3, 5):
        weight = torch.randn(4, actions, generator=generator).requires_grad_()
        critic = torch.randn(4, 1, generator=generator).requires_grad_()
        obs = torch.randn(6, 4, generator=generator)
        action = torch.randint(actions, (6,), generator=generator)
        cases.append((weight, critic, obs, action, 3 * torch.randn(6, generator=generator)))
    return cases


exercise = Exercise(
    actor_critic_gradients,
    _inputs,
    hints=[
        "Shapes first: obs @ critic is (N, 1), returns (N,). What is their difference?",
        "An optimizer goes downhill, the policy gradient goes uphill: which sign has its loss?",
        "Should the policy's loss move the critic? (returns − value).detach() is only a number.",
        "torch.autograd.grad(loss, (weight, critic)) gives both gradients.",
    ],
)


@exercise.mistake(
    "(N, 1) and (N,) make an (N, N) table: each return is compared with the value of every other "
    "observation. Take column 0 of the values."
)
def _broadcast(weight, critic, obs, action, returns):
    error = returns - obs @ critic
    loss = -(_log_p(weight, obs, action) * error.detach()).mean() + error.square().mean()
    return torch.autograd.grad(loss, (weight, critic))


@exercise.mistake(
    "the advantage is not detached: the policy's loss moves the critic too, and makes actions "
    "look better by lowering the baseline."
)
def _attached(weight, critic, obs, action, returns):
    error = returns - (obs @ critic)[:, 0]
    loss = -(_log_p(weight, obs, action) * error).mean() + error.square().mean()
    return torch.autograd.grad(loss, (weight, critic))


@exercise.mistake(
    "the policy's sign: the optimizer minimises, so better than expected would become rarer. Use "
    "minus log π times (return − value)."
)
def _sign(weight, critic, obs, action, returns):
    error = returns - (obs @ critic)[:, 0]
    loss = (_log_p(weight, obs, action) * error.detach()).mean() + error.square().mean()
    return torch.autograd.grad(loss, (weight, critic))


@exercise.mistake("there is no baseline: the policy's loss has the returns themselves.")
def _no_baseline(weight, critic, obs, action, returns):
    error = returns - (obs @ critic)[:, 0]
    loss = -(_log_p(weight, obs, action) * returns).mean() + error.square().mean()
    return torch.autograd.grad(loss, (weight, critic))


@exercise.mistake(
    "probabilities instead of their logarithms: the gradient of ln π makes up for how often an "
    "action is drawn."
)
def _no_logarithm(weight, critic, obs, action, returns):
    error = returns - (obs @ critic)[:, 0]
    p = _log_p(weight, obs, action).exp()
    loss = -(p * error.detach()).mean() + error.square().mean()
    return torch.autograd.grad(loss, (weight, critic))


@exercise.mistake("logits without log_softmax: the other actions must lose what one gains.")
def _raw_logits(weight, critic, obs, action, returns):
    error = returns - (obs @ critic)[:, 0]
    logit = (obs @ weight).gather(1, action[:, None])[:, 0]
    loss = -(logit * error.detach()).mean() + error.square().mean()
    return torch.autograd.grad(loss, (weight, critic))


@exercise.mistake("half the squared error: here its mean was asked for, without a factor.")
def _half(weight, critic, obs, action, returns):
    error = returns - (obs @ critic)[:, 0]
    loss = -(_log_p(weight, obs, action) * error.detach()).mean() + 0.5 * error.square().mean()
    return torch.autograd.grad(loss, (weight, critic))


@exercise.mistake("sums over the batch: take means, or the step grows with the batch.")
def _sums(weight, critic, obs, action, returns):
    error = returns - (obs @ critic)[:, 0]
    loss = -(_log_p(weight, obs, action) * error.detach()).sum() + error.square().sum()
    return torch.autograd.grad(loss, (weight, critic))


@exercise.mistake(
    "the critic's error alone is an (N, N) table, (N, 1) minus (N,): take column 0 of the values "
    "there, too."
)
def _broadcast_critic(weight, critic, obs, action, returns):
    error = returns - (obs @ critic)[:, 0]
    loss = -(_log_p(weight, obs, action) * error.detach()).mean()
    loss = loss + (returns - obs @ critic).square().mean()
    return torch.autograd.grad(loss, (weight, critic))


@exercise.mistake(
    "the advantages are standardised: a habit of PPO. Here the plain return − value was asked for."
)
def _standardised(weight, critic, obs, action, returns):
    error = returns - (obs @ critic)[:, 0]
    advantage = ((error - error.mean()) / (error.std() + 1e-8)).detach()
    loss = -(_log_p(weight, obs, action) * advantage).mean() + error.square().mean()
    return torch.autograd.grad(loss, (weight, critic))
