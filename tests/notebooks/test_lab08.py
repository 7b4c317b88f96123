"""Lab 08's update rules, as they stand in the notebook, against torch.optim: 20 steps on a small
net, in float64.
"""

import copy

import pytest
import torch
import torch.nn.functional as F
from notebook_code import compiled

from labhelpers.models.vision import MLP

RULES = {
    "sgd",
    "sgd_momentum",
    "nesterov",
    "adagrad",
    "rmsprop",
    "adam",
    "adamw",
    "orthogonalise",
    "muon",
}


RULE = compiled("08-optimizers.ipynb", RULES, {"torch": torch})


def test_every_rule_stands_in_the_notebook():
    assert RULE.keys() >= RULES


def worst_difference(rule, make, options, *, steps=20, matrices_only=False):
    """The largest difference of any weight after any step, each side following the gradients at its
    own weights.
    """
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    mine = MLP(5, 7, 6, 3).double()
    theirs = copy.deepcopy(mine)
    chosen = [i for i, p in enumerate(mine.parameters()) if p.ndim == 2 or not matrices_only]
    optimizer = make([list(theirs.parameters())[i] for i in chosen], **options)
    states, worst, start = (
        [{} for _ in chosen],
        0.0,
        torch.cat([p.flatten() for p in mine.parameters()]).clone(),
    )
    for _ in range(steps):
        x = torch.randn(16, 5, generator=generator, dtype=torch.float64)
        y = torch.randint(3, (16,), generator=generator)
        for net in (mine, theirs):
            net.zero_grad()
            F.cross_entropy(net(x), y).backward()
        optimizer.step()
        weights = list(mine.parameters())
        with torch.no_grad():
            for i, state in zip(chosen, states, strict=True):
                weights[i].copy_(rule(weights[i].clone(), weights[i].grad, state, **options))
        pairs = zip(mine.parameters(), theirs.parameters(), strict=True)
        worst = max(worst, *((a - b).abs().max().item() for a, b in pairs))
    moved = torch.cat([p.flatten() for p in mine.parameters()]) - start
    assert moved.abs().max() > 1e-3  # a rule that stands still would agree with nothing
    return worst


SGD = torch.optim.SGD
SETTINGS = [
    ("sgd", SGD, {"lr": 0.1}),
    ("sgd", SGD, {"lr": 0.1, "weight_decay": 0.3}),
    ("sgd_momentum", SGD, {"lr": 0.1, "momentum": 0.9}),
    ("sgd_momentum", SGD, {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.3}),
    ("nesterov", lambda p, **o: SGD(p, nesterov=True, **o), {"lr": 0.1, "momentum": 0.9}),
    (
        "nesterov",
        lambda p, **o: SGD(p, nesterov=True, **o),
        {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.3},
    ),
    ("adagrad", torch.optim.Adagrad, {"lr": 0.1}),
    ("adagrad", torch.optim.Adagrad, {"lr": 0.1, "eps": 0.01, "weight_decay": 0.3}),
    ("rmsprop", torch.optim.RMSprop, {"lr": 0.01}),
    ("rmsprop", torch.optim.RMSprop, {"lr": 0.01, "alpha": 0.7, "eps": 0.01, "weight_decay": 0.3}),
    ("adam", torch.optim.Adam, {"lr": 0.01}),
    ("adam", torch.optim.Adam, {"lr": 0.01, "betas": (0.5, 0.8), "eps": 0.01, "weight_decay": 0.3}),
    ("adamw", torch.optim.AdamW, {"lr": 0.01}),
    (
        "adamw",
        torch.optim.AdamW,
        {"lr": 0.01, "betas": (0.5, 0.8), "eps": 0.01, "weight_decay": 0.3},
    ),
]


@pytest.mark.parametrize(
    ("name", "make", "options"), SETTINGS, ids=[f"{n}-{i}" for i, (n, *_) in enumerate(SETTINGS)]
)
def test_rule_follows_torch_step_by_step(name, make, options):
    assert worst_difference(RULE[name], make, options) < 1e-10


@pytest.mark.parametrize("name", ["sgd_momentum", "nesterov"])
def test_defaults_are_the_momentum_that_the_notebook_names(name):
    make = torch.optim.SGD
    options = {"lr": 0.1}
    assert (
        worst_difference(
            RULE[name],
            lambda p, **o: make(p, momentum=0.9, nesterov=name == "nesterov", **o),
            options,
        )
        < 1e-10
    )


def test_first_step_of_adam_is_as_long_as_the_learning_rate():
    w, g = torch.zeros(3, dtype=torch.float64), torch.tensor([5.0, -0.1, 1e-3], dtype=torch.float64)
    torch.testing.assert_close(RULE["adam"](w, g, {}, 0.5), -0.5 * g.sign(), rtol=1e-4, atol=0)


def test_decay_of_adamw_is_decoupled():
    w, none = torch.tensor([2.0, -4.0], dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    torch.testing.assert_close(RULE["adamw"](w, none, {}, 0.1, weight_decay=0.5), 0.95 * w)


def test_a_rule_leaves_weights_and_gradient_as_they_are():
    for name in RULES - {"orthogonalise"}:
        w, g = torch.full((2, 3), 2.0), torch.full((2, 3), 3.0)
        RULE[name](w, g, {}, 0.1)
        assert (w == 2).all() and (g == 3).all(), name


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (5, 5), (3, 4, 2)])
def test_orthogonalise_maps_singular_values_and_keeps_directions(shape):
    x = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    u, s, vt = torch.linalg.svd(x / x.norm(dim=(-2, -1), keepdim=True), full_matrices=False)
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    torch.testing.assert_close(RULE["orthogonalise"](x), u @ torch.diag_embed(s) @ vt)


needs_muon = pytest.mark.skipif(
    not hasattr(torch.optim, "Muon"), reason="torch.optim.Muon came with torch 2.9"
)


def make_muon(parameters, **options):
    return torch.optim.Muon(parameters, adjust_lr_fn="match_rms_adamw", **options)


@needs_muon
@pytest.mark.parametrize(
    "options",
    [{"lr": 0.05, "weight_decay": 0.01}, {"lr": 0.05, "momentum": 0.5, "weight_decay": 0.5}],
)
def test_muon_follows_torch_when_neither_rounds_to_bfloat16(monkeypatch, options):
    def exact(gradient, coefficients, steps, eps):
        return RULE["orthogonalise"](gradient, steps, *coefficients)

    monkeypatch.setattr(torch.optim._muon, "_zeropower_via_newtonschulz", exact)
    assert worst_difference(RULE["muon"], make_muon, options, matrices_only=True) < 1e-10


@needs_muon
def test_one_step_of_muon_is_that_of_torch_to_bfloat16():
    w = torch.zeros(40, 30, dtype=torch.float64)
    g = torch.randn(40, 30, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    parameter = torch.nn.Parameter(w.clone())
    parameter.grad = g
    make_muon([parameter], lr=1.0, weight_decay=0.0).step()
    mine = RULE["muon"](w, g, {}, 1.0, weight_decay=0.0)
    assert (mine - parameter).norm() < 0.05 * mine.norm()
