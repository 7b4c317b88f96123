"""Lab 12, exercise `honest_accuracy`."""

from __future__ import annotations

import torch
from torch import nn

from labhelpers.exercises.grading import Exercise


def honest_accuracy(model, x, y):
    """Remember every module's mode, evaluate, and put the modes back."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        answers = model(x).argmax(dim=1)
    for module, training in modes:
        module.training = training
    return (answers == y).float().mean().item()


def _models():
    inputs = []
    for seed, mode in ((0, "training"), (1, "eval"), (2, "mixed")):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            norm = nn.BatchNorm1d(16)
            inner = nn.Sequential(norm, nn.ReLU(), nn.Dropout(0.5))  # modules inside modules
            model = nn.Sequential(nn.Linear(4, 16), inner, nn.Linear(16, 3))
            norm.running_mean = torch.randn(16)
            x = torch.randn(40, 4)
            y = torch.randint(3, (40,))
        model.train(mode != "eval")
        if mode == "mixed":
            norm.eval()  # somebody froze the batch norm
        inputs.append((model, x, y))
    return inputs


def _modes_and_statistics(model, x, y):
    """What must not change: each module's mode, and the numbers that batch norm keeps."""
    return [module.training for module in model.modules()], [
        buffer.clone() for buffer in model.buffers()
    ]


exercise = Exercise(
    honest_accuracy,
    _models,
    hints=[
        (
            "Batch norm and dropout compute something else in training mode. Which method "
            "switches it off?"
        ),
        "A module's mode is module.training. Note it before you call model.eval().",
        (
            "A frozen batch norm inside a network that trains has a mode of its own: note "
            "that of every module in model.modules()."
        ),
    ],
    observe=lambda model, x, y: _modes_and_statistics(model, x, y),
)


@exercise.mistake(
    "eval() is forgotten: batch norm uses the batch it is shown, and even learns from it, "
    "and dropout drops."
)
@torch.no_grad()
def _no_eval(model, x, y):
    return (model(x).argmax(dim=1) == y).float().mean().item()


@exercise.mistake(
    "the network is left in eval() mode: the next epoch would train without dropout and "
    "with frozen statistics."
)
@torch.no_grad()
def _left_in_eval(model, x, y):
    model.eval()
    return (model(x).argmax(dim=1) == y).float().mean().item()


@exercise.mistake(
    "afterwards the network is always in training mode, even if it was found in eval() mode."
)
@torch.no_grad()
def _always_train(model, x, y):
    accuracy = _left_in_eval(model, x, y)
    model.train()
    return accuracy


@exercise.mistake(
    "model.train(before) sets every module to the mode of the outermost one. Here a batch "
    "norm inside had been frozen, and is no longer."
)
@torch.no_grad()
def _only_the_top(model, x, y):
    before = model.training
    accuracy = _left_in_eval(model, x, y)
    model.train(before)
    return accuracy


@exercise.mistake("this is a number of images: divide by how many there are.")
def _count_right(model, x, y):
    return honest_accuracy(model, x, y) * len(y)


@exercise.mistake(
    "the modes of the outer modules are back, those inside them are not: model.modules() "
    "gives all of them."
)
@torch.no_grad()
def _only_the_children(model, x, y):
    before = [(module, module.training) for module in (model, *model.children())]
    accuracy = _left_in_eval(model, x, y)
    for module, training in before:
        module.training = training
    return accuracy
