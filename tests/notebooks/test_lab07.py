"""Lab 07's ring, its theory and its step, as they stand in the notebook."""

import copy
import itertools
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from notebook_code import compiled
from torch import nn

import labhelpers as lab

RING = ["real_points", "count_modes", "log_density", "best_discriminator", "networks", "forward"]
RING += ["generate", "logits", "r1_penalty", "turn_d", "turn_g", "play"]
PICTURES = ["build_generator", "build_discriminator", "start", "set_up", "follow", "draw_noise"]
PICTURES += ["move", "make_step", "density"]
HORSES = ["up", "down", "horse_generator", "horse_discriminator", "horses_of", "train_horses"]
WEIGHTS = Path(lab.__file__).parent / "published" / "07-horses.pt"


@pytest.fixture
def scope(session):
    angles = torch.arange(8) * math.pi / 4
    modes = torch.stack([angles.cos(), angles.sin()], 1)
    names = {"lab": lab, "torch": torch, "nn": nn, "F": F, "math": math, "copy": copy}
    names |= {"itertools": itertools, "session": session, "games": 3, "rounds": 4, "width": 4}
    names |= {"modes": modes, "sigma": 0.05, "wide": 0.1}
    return compiled("07-dcgan.ipynb", RING + PICTURES + HORSES, names)


def test_modes_are_counted_by_hand(scope):
    modes = scope["modes"]
    one = modes[:1].expand(100, 2)
    two = torch.cat([modes[:1].expand(99, 2), modes[3:4]])  # one sample of a hundred is enough
    far = torch.zeros(100, 2)
    found, near = scope["count_modes"](torch.stack([one, two, far]))
    assert found.tolist() == [1, 2, 0] and near.tolist() == [1.0, 1.0, 0.0]


def test_best_discriminator_is_p_over_p_plus_q(scope):
    x = torch.randn(50, 2, dtype=torch.float64)
    modes = scope["modes"].double()
    two = scope["best_discriminator"](x, modes, modes)
    torch.testing.assert_close(two, torch.full((50,), 0.5, dtype=torch.float64))
    spot = scope["best_discriminator"](modes[:1], modes, modes[:3]).item()
    assert spot == pytest.approx((1 / 8) / (1 / 8 + 1 / 3), abs=1e-6)


def test_batched_networks_are_the_networks_one_by_one(scope):
    layers = scope["networks"]([2, 5, 1], torch.Generator().manual_seed(0))
    x = torch.randn(3, 7, 2)
    found = scope["forward"](layers, x, 0.2)
    for game in range(3):
        w1, b1, w2, b2 = (part[game] for part in layers)
        by_hand = F.leaky_relu(x[game] @ w1 + b1, 0.2) @ w2 + b2
        torch.testing.assert_close(found[game], by_hand)


def test_games_side_by_side_do_not_touch(scope):
    rng = torch.Generator().manual_seed(0)
    D = scope["networks"]([2, 5, 1], rng)
    real, fake = scope["real_points"](rng, 6), torch.randn(3, 6, 2)
    whole = [part.detach().clone().requires_grad_() for part in D]
    changed = [part.detach().clone().requires_grad_() for part in D]
    other = fake.clone()
    other[2] += 1  # another opponent in the third game only
    for layers, points in ((whole, fake), (changed, other)):
        sgd = torch.optim.SGD(layers, lr=0.1)
        scope["turn_d"](layers, sgd, real.clone(), points, r1=0.5, batch_spread=False)
    assert torch.equal(whole[0][:2], changed[0][:2])
    assert not torch.equal(whole[0][2], changed[0][2])


@pytest.mark.parametrize("rules", [{}, {"r1": 1.0}, {"batch_spread": True}, {"minimax": True}])
def test_every_rule_plays(scope, rules):
    points, film = scope["play"](0, lr_g=1e-3, lr_d=1e-3, watch=(2,), **rules)
    assert points.shape == (3, 2_500, 2) and points.isfinite().all() and len(film) == 1


def test_the_spread_of_a_batch_reaches_the_discriminator(scope):
    D = scope["networks"]([3, 4, 1], torch.Generator().manual_seed(0))
    alike, varied = torch.zeros(3, 4, 2), torch.zeros(3, 4, 2)
    varied[:, 1:] = 5.0
    first = [scope["logits"](D, x, batch_spread=True)[:, 0] for x in (alike, varied)]
    assert not torch.allclose(*first)  # the first point is the same, its company is not


@pytest.mark.parametrize(("style", "norm", "r1"), [("paper", True, 0.0), ("today", False, 0.1)])
def test_a_step_on_pictures_moves_all_three_networks(scope, style, norm, r1):
    state = scope["set_up"](0, norm, 1e-3)
    nets = ("generator", "discriminator", "average")
    before = {net: [p.clone() for p in state[net].parameters()] for net in nets}
    x = torch.rand(8, 1, 28, 28) * 2 - 1
    seen = scope["make_step"](state, r1)((x, None))
    assert all(torch.isfinite(value) for value in seen.values())
    for net in nets:
        after = list(state[net].parameters())
        assert any(not torch.equal(p, q) for p, q in zip(after, before[net], strict=True)), net
    assert any(isinstance(part, nn.BatchNorm2d) for part in state["discriminator"]) == norm


def test_average_follows_with_the_right_share(scope):
    average, generator = nn.Linear(1, 1), nn.Linear(1, 1)
    nn.init.constant_(average.weight, 1.0)
    nn.init.constant_(generator.weight, 2.0)
    scope["follow"](average, generator, keep=0.75)
    assert average.weight.item() == pytest.approx(1.25)


def test_density_is_about_one_for_more_of_the_same_and_falls_for_litter(scope):
    rng = torch.Generator().manual_seed(0)
    real, more = torch.randn(2, 400, 2, generator=rng)
    litter = 20 * torch.rand(400, 2, generator=rng) - 10
    assert scope["density"](real, more) == pytest.approx(1, abs=0.15)
    assert scope["density"](real, litter) < 0.2


def test_the_shipped_horses_fit_the_generator_and_are_small(scope):
    generator = scope["horse_generator"]()
    generator.load_state_dict(torch.load(WEIGHTS, weights_only=True))
    drawn = generator(torch.randn(4, 64, 1, 1))
    assert drawn.shape == (4, 3, 32, 32) and drawn.isfinite().all()
    assert WEIGHTS.stat().st_size < 1_000_000


def test_horses_are_the_horses_alone_and_mirrored(scope):
    photos = lab.load_data("cifar10", train_size=60)
    found = scope["horses_of"](photos)
    count = (photos.train.labels == 7).sum()
    assert len(found) == 2 * count > 0
    torch.testing.assert_close(found.images[:count].flip(3), found.images[count:])
    assert (found.normalise(found.images).abs() <= 1).all()  # as tanh gives them


def test_the_step_of_the_lab_trains_horses(scope):
    horses = scope["horses_of"](lab.load_data("cifar10", train_size=60))
    run = scope["train_horses"](horses, epochs=1)
    assert math.isfinite(run.history[-1]["loss"])


def test_the_tool_trains_the_functions_of_the_notebook(scope):
    import horse_weights

    found = horse_weights.functions({"nn": nn, "torch": torch, "lab": lab, "copy": copy, "F": F})
    assert found.keys() >= horse_weights.NAMES
