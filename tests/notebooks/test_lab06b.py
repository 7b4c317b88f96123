"""Lab 06b's own functions, taken from its notebook: the likelihood against an integral, the weight
on the KL, and an exact resume of a VAE.
"""

import signal
from functools import partial

import pytest
import torch
from notebook_code import defined

import labhelpers as lab


@pytest.fixture
def notebook(session):
    names = defined("06b-vae-collapse.ipynb", session)
    names["treatments"] = {"both": {"warm_up": 2, "floor": 0.1}}
    names["epochs"] = 2
    names["mnist"] = lab.load_data("mnist", train_size=256)
    names["x_val"], _ = names["draw"](names["mnist"].val, 32)
    return names


def test_importance_weighting_is_exact_where_the_code_says_nothing_and_agrees_with_the_integral(
    notebook,
):
    x, model = notebook["x_val"], notebook["VAE"](latent=2)
    first, last = model.decoder.layers[0], model.encoder.layers[-1]
    torch.nn.init.zeros_(first.weight)  # the decoder ignores z
    logits = model.decoder(torch.zeros(1, 2)).expand(len(x), -1)
    exact = -notebook["pixel_loss"](logits, x)
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)  # q is the prior: all weights are equal
    torch.testing.assert_close(notebook["log_likelihood"](model, x, 3), exact)
    torch.testing.assert_close(notebook["integrated"](model, x, 0.1), exact, rtol=0, atol=1e-3)
    torch.nn.init.normal_(first.weight)
    estimate = notebook["log_likelihood"](model, x, 5000)
    torch.testing.assert_close(estimate, notebook["integrated"](model, x, 0.05), rtol=0, atol=0.3)


@pytest.mark.parametrize(
    ("epoch", "options", "price"),
    [
        (1, {}, 10 * 1.3),
        (1, {"warm_up": 4}, 10 / 4 * 1.3),
        (4, {"warm_up": 4}, 10 * 1.3),
        (9, {"warm_up": 4}, 10 * 1.3),
        (1, {"floor": 0.25}, 10 * 1.75),
    ],
)
def test_the_weight_rises_and_stays_and_a_floor_counts_for_each_unit(
    notebook, epoch, options, price
):
    kl = torch.tensor([0.05, 1.25, 0.0])
    assert notebook["weighted"](kl, 10, epoch, **options).item() == pytest.approx(price)


def weights_after(notebook):
    model = notebook["train_vae"](seed=0, lr=1e-3, latent=2, treatment="both")
    return model.state_dict()


@pytest.mark.usefixtures("saved_every_step")
def test_a_vae_that_was_cut_off_ends_with_the_bits_of_one_that_was_not(
    notebook, monkeypatch, capsys
):
    monkeypatch.setattr(lab, "train", partial(lab.train, run="06b/resumed"))
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
