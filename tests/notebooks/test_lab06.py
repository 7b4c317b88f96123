"""Lab 06's own functions, taken from its notebook: KL, noise, pixels, loss and estimators."""

import math

import pytest
import torch
from notebook_code import defined
from torch.distributions import Normal, kl_divergence

import labhelpers as lab
from labhelpers.exercises.lab06.gaussian_kl_between import gaussian_kl_between


@pytest.fixture
def notebook(session):
    names = defined("06-vae.ipynb", session)
    names["mnist"] = lab.load_data("mnist", train_size=256)
    names["x_val"], _ = names["draw"](names["mnist"].val, 32)
    return names


def test_the_kl_is_that_of_torch_distributions(notebook):
    mean, log_var = 3 * torch.randn(7, 5), 3 * torch.randn(7, 5)
    expected = kl_divergence(Normal(mean, (0.5 * log_var).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(notebook["gaussian_kl"](mean, log_var), expected)


def test_the_exercise_s_kl_is_that_of_torch_distributions():
    q, p = (Normal(torch.randn(4, 3), torch.rand(4, 3) + 0.1) for _ in range(2))
    mine = gaussian_kl_between(q.mean, q.variance.log(), p.mean, p.variance.log())
    torch.testing.assert_close(mine, kl_divergence(q, p).sum(1), rtol=1e-4, atol=1e-4)


def test_the_noise_has_the_right_moments_and_lets_gradients_through(notebook):
    mean, log_var = torch.tensor([1.5], requires_grad=True), torch.tensor([0.4], requires_grad=True)
    z = notebook["reparameterise"](mean.expand(1_000_000), log_var)
    z.square().mean().backward()  # E[z²] = mean² + variance
    found = torch.stack([z.mean(), z.var(), mean.grad[0], log_var.grad[0]])
    expected = torch.tensor([1.5, math.exp(0.4), 3.0, math.exp(0.4)])
    torch.testing.assert_close(found.detach(), expected, rtol=0.01, atol=0)


def test_pixels_are_inked_as_often_as_they_are_dark(notebook):
    split = notebook["mnist"].train[:1]
    share = torch.stack([notebook["draw"](split, 1, seed)[0] for seed in range(400)]).mean(0)
    assert (
        share - split.images / 255
    ).abs().max() < 0.15  # six standard errors where the grey value is a half
    assert share[split.images == 0].max() == 0


def test_the_loss_is_the_log_probability_of_the_pixels_and_the_price_of_the_code(notebook):
    x, model = notebook["x_val"], notebook["VAE"](latent=3)
    lab.seed_everything(1)
    reconstruction, kl = notebook["losses"](model, x)
    lab.seed_everything(1)
    logits, mean, log_var = model(x)  # the same noise
    coins = torch.distributions.Bernoulli(logits=logits).log_prob(x.flatten(1))
    torch.testing.assert_close(reconstruction, -coins.sum(1).mean())
    q = Normal(mean, (0.5 * log_var).exp())
    torch.testing.assert_close(kl, kl_divergence(q, Normal(0.0, 1.0)).sum(1).mean())


@pytest.mark.parametrize(
    ("estimator", "variance"),
    # of f's derivative where z ~ N(1, 1), by the moments of a normal distribution
    [("reparameterised", 4), ("score function", 56), ("with baseline", 24)],
)
def test_each_estimator_has_its_mean_and_its_variance(notebook, estimator, variance):
    lab.seed_everything(0)
    found = notebook["single_draws"](0, estimator, dimensions=2, draws=400_000)
    assert found["mean"] == pytest.approx(2, abs=5 * math.sqrt(variance / 400_000))
    assert found["variance"] == pytest.approx(variance, rel=0.05)
