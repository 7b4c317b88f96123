"""Metrics against numbers worked by hand and scikit-learn's."""

import numpy as np
import pytest
import sklearn.metrics
import torch
from torch import nn

import labhelpers as lab
from labhelpers.measures import metrics


class Fixed(nn.Module):
    """Gives the logits it holds, whatever the images."""

    def __init__(self, logits):
        super().__init__()
        self.logits, self.inner = logits, nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(1))

    def forward(self, x):
        return self.logits[: len(x)]


def split(labels):
    n = len(labels)
    return lab.Split(
        torch.zeros(n, 1, 2, 2, dtype=torch.uint8),
        torch.tensor(labels),
        torch.tensor(0.0),
        torch.ones(1),
    )


def test_numbers_worked_by_hand(session):
    logits = torch.log(
        torch.tensor([[0.8, 0.1, 0.1], [0.5, 0.25, 0.25], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]])
    )
    scores = lab.evaluate(Fixed(logits), split([0, 1, 1, 2]))
    assert scores["loss"] == pytest.approx(-np.log([0.8, 0.25, 0.6, 0.8]).mean())
    assert scores["accuracy"] == 0.75
    assert scores["precision"] == pytest.approx((0.5 + 2 * 1 + 1) / 4)
    assert scores["recall"] == pytest.approx((1 + 2 * 0.5 + 1) / 4)
    assert scores["f1"] == pytest.approx((2 / 3 + 2 * 2 / 3 + 1) / 4)
    assert scores["confusion"].tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]


def test_agrees_with_scikit_learn_over_several_batches(session, monkeypatch):
    monkeypatch.setattr(metrics, "EVALUATION_BATCH", 64)
    digits = lab.load_data("mnist")
    torch.manual_seed(0)
    model = lab.MLP(784, 10)
    scores = lab.evaluate(model, digits.val)
    truth = digits.val.labels.numpy()
    with torch.no_grad():
        probabilities = model(digits.val.normalise(digits.val.images)).double().softmax(1).numpy()
    assert scores["loss"] == pytest.approx(
        sklearn.metrics.log_loss(truth, probabilities, labels=range(10)), rel=1e-5
    )
    guess = probabilities.argmax(1)
    assert scores["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(truth, guess))
    f1 = sklearn.metrics.f1_score(truth, guess, average="weighted", zero_division=0)
    assert scores["f1"] == pytest.approx(f1)
    assert scores["confusion"].sum(1).tolist() == np.bincount(truth, minlength=10).tolist()


def test_every_module_is_put_back_into_the_mode_it_was_found_in(session):
    model = Fixed(torch.zeros(4, 3))
    model.train()
    model.inner[1].eval()
    before = [module.training for module in model.modules()]
    lab.predict(model, split([0, 1, 2, 0]))
    assert [module.training for module in model.modules()] == before
    model.logits = None
    with pytest.raises(TypeError):
        lab.predict(model, split([0, 1, 2, 0]))
    assert [module.training for module in model.modules()] == before


def test_too_few_outputs_are_refused(session):
    with pytest.raises(
        ValueError, match=r"\(4, 3\) for 4 images with labels up to 3: .* one output per class"
    ):
        lab.evaluate(Fixed(torch.zeros(4, 3)), split([0, 1, 2, 3]))
