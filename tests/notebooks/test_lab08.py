"""Lab 08's update rules, as they stand in the notebook, against torch.optim: 20 steps on a small
net, in float64.
"""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from notebook_code import compiled

from labhelpers.models.vision import MLP

RULES = {"sgd", "momentum", "rmsprop", "adam", "orthogonalise", "muon"}
OTHERS = {"steps_needed", "sharpness", "strides", "clip_factor"}


RULE = compiled("08-optimizers.ipynb", RULES | OTHERS, {"torch": torch})


def test_every_rule_stands_in_the_notebook():
    assert RULE.keys() >= RULES | OTHERS


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
    ("momentum", lambda p, mu, **o: SGD(p, momentum=mu, **o), {"lr": 0.1, "mu": 0.9}),
    ("momentum", lambda p, mu, **o: SGD(p, momentum=mu, **o), {"lr": 0.1, "mu": 0.5}),
    ("momentum", lambda p, **o: SGD(p, momentum=0.9, **o), {"lr": 0.1}),
    ("rmsprop", torch.optim.RMSprop, {"lr": 0.01}),
    ("rmsprop", torch.optim.RMSprop, {"lr": 0.01, "alpha": 0.7, "eps": 0.01}),
    ("adam", torch.optim.Adam, {"lr": 0.01}),
    ("adam", torch.optim.Adam, {"lr": 0.01, "betas": (0.5, 0.8), "eps": 0.01}),
]


@pytest.mark.parametrize(
    ("name", "make", "options"), SETTINGS, ids=[f"{n}-{i}" for i, (n, *_) in enumerate(SETTINGS)]
)
def test_rule_follows_torch_step_by_step(name, make, options):
    assert worst_difference(RULE[name], make, options) < 1e-10


def test_first_step_of_adam_is_as_long_as_the_learning_rate():
    w, g = torch.zeros(3, dtype=torch.float64), torch.tensor([5.0, -0.1, 1e-3], dtype=torch.float64)
    torch.testing.assert_close(RULE["adam"](w, g, {}, 0.5), -0.5 * g.sign(), rtol=1e-4, atol=0)


def test_first_step_of_rmsprop_is_too_long():
    length = RULE["strides"](RULE["rmsprop"], 0.3)[0]
    torch.testing.assert_close(length.item(), 10.0, rtol=1e-5, atol=0)


@pytest.mark.parametrize("kappa", [3.0, 100.0])
def test_gradient_descent_takes_the_steps_that_theory_counts(kappa):
    exact = math.ceil(math.log(1e-3) / math.log((kappa - 1) / (kappa + 1)))
    found = RULE["steps_needed"](RULE["sgd"], kappa, lr=2 / (1 + kappa))
    assert found == exact


def test_sharpness_is_the_largest_eigenvalue():
    root = torch.randn(6, 6, generator=torch.Generator().manual_seed(3)).double()
    matrix, w = root @ root.T, torch.ones(6).double().requires_grad_()
    loss = w @ matrix @ w / 2
    found, _ = RULE["sharpness"](loss, [w], [torch.ones(6).double()], rounds=200)
    torch.testing.assert_close(found, torch.linalg.eigvalsh(matrix).max().item())


def test_clipping_takes_one_norm_over_all_layers_per_learning_rate():
    gradients = [torch.full((2, 3, 4), 2.0), torch.full((2, 4, 1), 1.0)]
    gradients[0][1], gradients[1][1] = 0.01, 0.01
    factor = RULE["clip_factor"](gradients, 1.0)
    norm = (12 * 4 + 4) ** 0.5
    torch.testing.assert_close(factor.flatten(), torch.tensor([1 / norm, 1.0]))


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
