"""Lab 06's own functions, taken from its notebook: the KL, the noise, the likelihood, and an exact
resume of a VAE.
"""

import math
import signal

import nbformat
import pytest
import torch
from notebook_code import NOTEBOOKS, definitions
from torch.distributions import Normal, kl_divergence

import labhelpers as lab
from labhelpers.engine import checkpoint, epoch
from labhelpers.exercises.lab06.gaussian_kl_between import gaussian_kl_between


@pytest.fixture
def notebook(session):
    """The names that the notebook defines: its choices, its functions and classes, and stand-in
    data.
    """
    code = [
        cell.source
        for cell in nbformat.read(NOTEBOOKS / "06-vae.ipynb", 4).cells
        if cell.cell_type == "code"
    ]
    names = {"__name__": "__main__", "lab": lab, "session": session}
    exec(next(source for source in code if "session.pick(" in source), names)  # the choices
    exec("\n\n".join(definitions("06-vae.ipynb").values()), names)
    names["mnist"] = lab.load_data("mnist", train_size=256)
    names["x_val"], names["y_val"] = names["draw"](names["mnist"].val, 32)
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


def test_importance_weighting_is_exact_where_the_code_says_nothing_and_agrees_with_the_integral(
    notebook,
):
    x, model = notebook["x_val"], notebook["VAE"](latent=2)
    first, last = model.decoder.layers[0], model.encoder.layers[-1]
    torch.nn.init.zeros_(first.weight)  # the decoder ignores z
    logits = model.decoder(torch.zeros(1, 2)).expand(len(x), -1)
    exact = -notebook["reconstruction_loss"](logits, x)
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)  # q is the prior: all weights are equal
    torch.testing.assert_close(notebook["log_likelihood"](model, x, 3), exact)
    torch.testing.assert_close(notebook["integrated"](model, x, 0.1), exact, rtol=0, atol=1e-3)
    torch.nn.init.normal_(first.weight)
    estimate = notebook["log_likelihood"](model, x, 5000)
    torch.testing.assert_close(estimate, notebook["integrated"](model, x, 0.05), rtol=0, atol=0.3)


def weights_after(notebook):
    run = notebook["train_vae"](seed=0, lr=1e-3, latent=2, warm_up=2, free_bits=0.1)
    return {"model": run.model.state_dict(), "history": run.history}


def test_a_vae_that_was_cut_off_ends_with_the_bits_of_one_that_was_not(
    notebook, monkeypatch, capsys
):
    monkeypatch.setattr(epoch, "FETCH_SECONDS", 0.0)  # a checkpoint after every step
    monkeypatch.setattr(checkpoint, "SAVE_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "SAVE_SHARE", 1e9)
    monkeypatch.setenv("LABHELPERS_RUNS", str(notebook["session"].runs / "whole"))
    lab.setup(seed=0, device="cpu", budget="smoke")
    whole = weights_after(notebook)

    bernoulli, left = torch.bernoulli, 0

    def counted(*args, **options):  # every step draws its pixels once
        nonlocal left
        left -= 1
        if left == 0:
            raise ConnectionError("the session is gone")
        if left == -2:
            signal.raise_signal(signal.SIGINT)  # the stop button
        return bernoulli(*args, **options)

    monkeypatch.setattr(torch, "bernoulli", counted)
    monkeypatch.setenv("LABHELPERS_RUNS", str(notebook["session"].runs / "cut"))
    lab.setup(seed=0, device="cpu", budget="smoke")
    left = 4
    with pytest.raises(ConnectionError):
        weights_after(notebook)
    with pytest.raises(KeyboardInterrupt, match="saved"):
        weights_after(notebook)
    left = -100
    cut = weights_after(notebook)
    assert "resumed after step" in capsys.readouterr().out
    torch.testing.assert_close(cut, whole, rtol=0, atol=0)
