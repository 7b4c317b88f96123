"""Lab 08b: rules against torch.optim, copies against single networks, schedules, labels by lot."""

import math

import pytest
import torch
import torch.nn.functional as F
from notebook_code import compiled

RULES = ["sgd", "momentum", "rmsprop", "adam", "lion"]
TRAINING = ["start", "forward", "gradients_of", "train", "losses_of", "as_rates", "factor", "noisy"]


class Session:
    device = torch.device("cpu")


@pytest.fixture
def lab08b():
    generator = torch.Generator().manual_seed(0)
    data = (
        torch.randn(400, 196, generator=generator),
        torch.randint(10, (400,), generator=generator),
    )
    scope = {"torch": torch, "F": F, "math": math, "session": Session, "hidden": 6, "steps": 12}
    scope |= {"blind": math.log(10), "val_set": data, "train_set": data}
    return compiled("08b-optimizers-compared.ipynb", RULES + TRAINING, scope)


MAKERS = {
    "sgd": torch.optim.SGD,
    "momentum": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_copy_follows_torch(lab08b, name):
    rates, data = [0.01, 0.03], lab08b["train_set"]
    layers = lab08b["train"](lab08b[name], 3, lab08b["as_rates"](rates), data)
    for i, lr in enumerate(rates):
        start, generator = lab08b["start"](3, 1)
        weights = [torch.nn.Parameter(w) for w in start]
        optimizer = MAKERS[name](weights, lr=lr)
        for _ in range(12):
            batch = torch.randint(400, (64,), generator=generator)
            loss = F.cross_entropy(lab08b["forward"](data[0][batch], weights)[0], data[1][batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        for mine, theirs in zip(layers, weights, strict=True):
            torch.testing.assert_close(mine[i], theirs[0].detach(), rtol=1e-2, atol=1e-4)


def test_decay_is_decoupled_and_l2_is_not(lab08b):
    rate, data = lab08b["as_rates"]([0.01]), lab08b["train_set"]
    start = lab08b["start"](0, 1)[0]

    def still(w, g, state, lr):
        return w

    def seen(w, g, state, lr):
        return g

    shrunk = lab08b["train"](still, 0, rate, data, steps=1, decay=0.5)
    torch.testing.assert_close(shrunk[0], 0.995 * start[0])
    plain, added = (lab08b["train"](seen, 0, rate, data, steps=1, l2=x)[1] for x in (0, 2.0))
    torch.testing.assert_close(added - plain, 2 * start[1])


def test_lion_moves_by_the_rate_and_remembers_the_slower_mean(lab08b):
    state, g = {"m": torch.tensor([1.0, -1.0])}, torch.tensor([-20.0, 5.0])
    moved = lab08b["lion"](torch.zeros(2), g, state, 0.1)
    torch.testing.assert_close(moved, torch.tensor([0.1, 0.1]))
    torch.testing.assert_close(state["m"], torch.tensor([0.79, -0.94]))


def test_a_diverged_copy_counts_as_blind(lab08b):
    layers, _ = lab08b["start"](0, 2)
    layers[0][1] = float("nan")
    assert lab08b["losses_of"](layers)[1] == pytest.approx(math.log(10))


def test_schedules(lab08b):
    factor = lab08b["factor"]
    assert factor(0.05, True, False) == pytest.approx(0.5) and factor(0.5, True, False) == 1
    assert factor(0.5, False, True) == pytest.approx(0.5) and factor(0.1, True, True) == 1
    assert factor(1.0, True, True) == pytest.approx(0) and factor(0.7, False, False) == 1


def test_a_fifth_of_the_labels_is_drawn_by_lot(lab08b):
    lab08b["train_set"] = (lab08b["train_set"][0], torch.zeros(400, dtype=torch.long))
    y = torch.cat([lab08b["noisy"](seed)[1] for seed in range(20)])
    assert (y != 0).float().mean().item() == pytest.approx(0.2 * 0.9, abs=0.02)
