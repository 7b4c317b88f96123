"""Lab 07's networks and its step, as they stand in the notebook: the paper's rules, the losses, and
exact resume.
"""

import functools
import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from notebook_code import definitions
from test_resume import assert_same_bits, live
from torch import nn

import labhelpers as lab

NAMES = [
    "real_batches",
    "plan",
    "init",
    "build_generator",
    "build_discriminator",
    "draw",
    "set_up",
    "make_step",
]
NAMES += ["Film", "train_gan", "class_coverage"]


def sources():
    """The notebook's functions as text: there is no second copy to test by mistake."""
    found = {
        name: source for name, source in definitions("07-dcgan.ipynb").items() if name in NAMES
    }
    assert list(found) == NAMES
    return "\n\n".join(found.values())


@pytest.fixture
def scope(session):
    names = {
        "lab": lab,
        "torch": torch,
        "nn": nn,
        "F": F,
        "functools": functools,
        "itertools": itertools,
    }
    names |= {"session": session, "z_size": 6, "batch_size": 8}
    exec(sources(), names)
    return names


RULES = {"norm": True, "lr_g": 1e-3, "lr_d": 1e-3, "beta1": 0.5, "smoothing": 0.0}


@pytest.mark.parametrize(("shape", "halvings"), [((1, 28, 28), 2), ((3, 32, 32), 3)])
def test_networks_follow_the_rules_of_the_paper(scope, shape, halvings):
    nets = scope["build_generator"](shape, 8), scope["build_discriminator"](shape, 8)
    generator, discriminator = (net.apply(scope["init"]) for net in nets)
    images = generator(torch.randn(5, 6, 1, 1))
    assert images.shape == (5, *shape) and discriminator(images).shape == (5,)
    kinds = {net: [type(part) for part in net] for net in (generator, discriminator)}
    up = [nn.ConvTranspose2d, nn.BatchNorm2d, nn.ReLU]
    down = [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU]
    assert kinds[generator] == up * halvings + [
        nn.ConvTranspose2d,
        nn.Tanh,
    ]  # no norm at the output
    assert kinds[discriminator] == down[::2] + down * (halvings - 1) + [
        nn.Conv2d,
        nn.Flatten,
    ]  # nor at the input
    weights = [part.weight.flatten() for net in kinds for part in net if hasattr(part, "stride")]
    assert torch.cat(weights).std().item() == pytest.approx(0.02, rel=0.02)
    assert torch.cat(weights).mean().abs() < 0.001
    assert {part.negative_slope for part in discriminator if hasattr(part, "negative_slope")} == {
        0.2
    }
    bare = scope["build_generator"](shape, 8, norm=False)
    assert not [part for part in bare if isinstance(part, nn.BatchNorm2d)]


def step_once(scope, **rules):
    """One step of a small game; what it reported, the state, the weights before, and the batch."""
    rules = RULES | rules
    state = scope["set_up"](lab.load_data("mnist", train_size=8), 0, 4, rules)
    before = {
        name: [p.clone() for p in state[name].parameters()]
        for name in ("generator", "discriminator")
    }
    x = torch.rand(8, 1, 28, 28) * 2 - 1
    return scope["make_step"](state, rules)((x, None)), state, before, x


def moved(state, before, name):
    return any(
        not torch.equal(p, q) for p, q in zip(state[name].parameters(), before[name], strict=True)
    )


def test_each_half_of_the_step_changes_its_own_network_only(scope):
    for lr_g, lr_d in ((1e-3, 0.0), (0.0, 1e-3)):
        _, state, before, _ = step_once(scope, lr_g=lr_g, lr_d=lr_d)
        assert moved(state, before, "generator") == (lr_g > 0)
        assert moved(state, before, "discriminator") == (lr_d > 0)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_losses_are_the_cross_entropies(scope, smoothing):
    found, state, _, x = step_once(scope, norm=False, lr_g=0.0, lr_d=0.0, smoothing=smoothing)
    z = scope["draw"](8, torch.Generator().manual_seed(0))
    assert z.min() >= -1 and z.max() <= 1
    real, fake = state["discriminator"](x), state["discriminator"](state["generator"](z))
    bce = F.binary_cross_entropy
    targets = torch.full((8,), 1 - smoothing), torch.zeros(8), torch.ones(8)
    loss_d = bce(real.sigmoid(), targets[0]) + bce(fake.sigmoid(), targets[1])
    torch.testing.assert_close(found["loss_d"], loss_d)
    torch.testing.assert_close(found["loss"], bce(fake.sigmoid(), targets[2]))
    torch.testing.assert_close(found["d_real"], real.sigmoid().mean())
    torch.testing.assert_close(found["d_fake"], fake.sigmoid().mean())


def test_games_with_and_without_batch_norm_start_from_the_same_weights(scope):
    data = lab.load_data("mnist", train_size=8)
    games = [scope["set_up"](data, 5, 4, RULES | {"norm": norm}) for norm in (True, False)]
    for name in ("generator", "discriminator"):
        weights = [[p for p in game[name].parameters() if p.ndim == 4] for game in games]
        assert len(weights[0]) == 3 and all(map(torch.equal, *weights))


def test_the_film_shows_the_same_noise_after_each_epoch(scope):
    run = scope["train_gan"](lab.load_data("mnist", train_size=24), 0, 4, 2, RULES)
    film = run.state["film"]
    assert film.shot == 2 and film.frames.shape == (2, 10, 1, 28, 28)
    assert not torch.equal(film.frames[0], film.frames[1])
    with torch.no_grad():
        torch.testing.assert_close(film.frames[1], run.state["generator"](film.noise))


GAN = """
import functools, itertools
from torch import nn
z_size, batch_size = 6, 16

SOURCES

def body(run):
    global session
    session = lab.setup(seed=3, device="cpu", budget="smoke")
    rules = {"norm": True, "lr_g": 1e-3, "lr_d": 5e-4, "beta1": 0.5, "smoothing": 0.1}
    data, measure = lab.load_data("mnist", train_size=80), lambda generator: {"x": torch.rand(())}
    done = train_gan(data, 1, 4, 3, rules, run, measure)
    state = {name: item.state_dict() for name, item in done.state.items() if name != "noise"}
    return state | {"noise": done.state["noise"].get_state(), "history": done.history}
"""


def test_a_killed_game_ends_with_the_bits_of_one_never_interrupted(session, tmp_path):
    body = GAN.replace("SOURCES", sources())
    ends = [
        ["step", 4],
        ["write", 9],
        ["never", 0],
    ]  # inside a step, and while a checkpoint is written
    said, statuses = live(
        body, tmp_path, [["whole", ["never", 0], 30]] + [["killed", end, 0] for end in ends]
    )
    assert statuses[0] == statuses[-1] == 0 and sum(status < 0 for status in statuses) >= 2
    assert "resumed after step" in said[-1]
    assert_same_bits(tmp_path)


@pytest.mark.parametrize(
    ("labels", "classes", "entropy"),
    [
        ([3, 3, 3, 3], 1, 0.0),
        ([0, 1, 2, 3], 4, math.log(4)),
        ([0, 0, 0, 2], 2, 0.75 * math.log(4 / 3) + 0.25 * math.log(4)),
        (list(range(10)) * 7, 10, math.log(10)),
    ],
)
def test_coverage_of_hand_made_labels(scope, labels, classes, entropy):
    found = scope["class_coverage"](torch.tensor(labels), 10)
    assert found == {"classes": classes, "entropy": pytest.approx(entropy, abs=1e-12)}
    assert math.copysign(1, found["entropy"]) == 1  # no minus before a zero
