"""Lab 01, exercise `logits_at_test_time`."""

from __future__ import annotations

import copy

import torch
from torch import nn

from labhelpers.exercises.grading import Exercise


def logits_at_test_time(model, x):
    """Logits without dropout and with running statistics; the model's mode stays as it was."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits = model(x)
    model.train(was_training)
    return logits


def _model_inputs():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = nn.Sequential(
            nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3)
        )
        model(torch.randn(32, 6))  # the running statistics leave their initial values
        trained = copy.deepcopy(model).eval()
        return [
            (model, torch.randn(4, 6)),
            (model, torch.randn(2, 6)),
            (trained, torch.randn(4, 6)),
        ]


exercise = Exercise(
    logits_at_test_time,
    _model_inputs,
    hints=[
        "Two kinds of layers act differently in training: dropout, and batch normalisation.",
        "model.eval() switches both; torch.no_grad() switches neither, it only saves memory.",
        "Remember model.training before, and call model.train(remembered) afterwards.",
    ],
    observe=lambda model, x: model.training,
)

# The mistakes compute no graph: an answer may have one or not, and is like a mistake in both cases.


@exercise.mistake(
    "eval() is forgotten: dropout still drops units and batch normalisation uses this "
    "batch's own mean, so the answer for one image depends on chance and on its neighbours. "
    "no_grad() does not change that."
)
@torch.no_grad()
def _forget_eval(model, x):
    return model(x)


@exercise.mistake(
    "the logits are right, but the model is left in eval mode: training would go on without "
    "dropout."
)
@torch.no_grad()
def _leave_in_eval(model, x):
    model.eval()
    return model(x)


@exercise.mistake(
    "the logits are right, but train() is called whatever the mode was before: remember "
    "model.training."
)
@torch.no_grad()
def _leave_in_train(model, x):
    model.eval()
    logits = model(x)
    model.train()
    return logits


@exercise.mistake("these are probabilities: the logits are what comes before the softmax.")
def _probabilities(model, x):
    return logits_at_test_time(model, x).softmax(1)
