"""Lab 02: the residual block, a fair pair, the gradient's ratio, the order inside a block, degradation."""

from __future__ import annotations

import copy

import torch
from torch import nn

from labhelpers.exercises import Exercise
from labhelpers.models import DeepMLP


def residual_block(h, weight, bias):
    """What the branch adds, on top of the input as it came."""
    return h + torch.relu(h) @ weight.T + bias


def _no_shortcut(h, weight, bias):
    return torch.relu(h) @ weight.T + bias


def _relu_on_the_shortcut(h, weight, bias):
    return torch.relu(h) + torch.relu(h) @ weight.T + bias


def _relu_after_weights(h, weight, bias):
    return h + torch.relu(h @ weight.T + bias)


def _relu_after_addition(h, weight, bias):
    return torch.relu(h + h @ weight.T + bias)


def _not_transposed(h, weight, bias):
    return h + torch.relu(h) @ weight + bias


def _no_bias(h, weight, bias):
    return h + torch.relu(h) @ weight.T


def same_start(build, seed):
    """The same seed before each of the two."""
    torch.manual_seed(seed)
    plain = build(residual=False)
    torch.manual_seed(seed)
    residual = build(residual=True)
    return plain, residual


def _seeded_once(build, seed):
    torch.manual_seed(seed)
    return build(residual=False), build(residual=True)


def _never_seeded(build, seed):
    plain, residual = build(residual=False), build(residual=True)
    residual.load_state_dict(plain.state_dict())
    return plain, residual


def _two_seeds(build, seed):
    torch.manual_seed(seed)
    plain = build(residual=False)
    torch.manual_seed(seed + 1)
    return plain, build(residual=True)


def _shared_layers(build, seed):
    plain, residual = _seeded_once(build, seed)
    residual.stem, residual.hidden, residual.head = plain.stem, plain.hidden, plain.head
    return plain, residual


def _both_plain(build, seed):
    torch.manual_seed(seed)
    plain = build(residual=False)
    return plain, copy.deepcopy(plain)


def _residual_first(build, seed):
    return same_start(build, seed)[::-1]


class _Builder:
    """Builds small networks and remembers them, so that shared parameters show."""

    def __init__(self):
        self.built = []

    def __repr__(self):
        return "build"

    def __call__(self, residual):
        self.built.append(DeepMLP(2, width=3, residual=residual, inputs=4, num_classes=2))
        return self.built[-1]

    def parameters_are_separate(self):
        parameters = [parameter for model in self.built for parameter in model.parameters()]
        return len({parameter.data_ptr() for parameter in parameters}) == len(parameters)


def gradient_ratio(depth, width, bound):
    """One factor √(n σ² / 2) for each layer between the two, with σ² = bound² / 3."""
    variance = bound**2 / 3
    return (width * variance / 2) ** ((depth - 1) / 2)


def _relu_forgotten(depth, width, bound):
    return (width * bound**2 / 3) ** ((depth - 1) / 2)


def _mean_square(depth, width, bound):
    return (width * bound**2 / 6) ** (depth - 1)


def _one_layer_too_many(depth, width, bound):
    return (width * bound**2 / 6) ** (depth / 2)


def _bound_is_deviation(depth, width, bound):
    return (width * bound**2 / 2) ** ((depth - 1) / 2)


def _last_by_first(depth, width, bound):
    return 1 / gradient_ratio(depth, width, bound)


def _one_layer_only(depth, width, bound):
    return (width * bound**2 / 6) ** 0.5


def signal_sizes(h, layers, order):
    """The root mean square of h after each residual layer."""
    sizes = []
    for layer in layers:
        h = h + (layer(h.relu()) if order == "before" else layer(h).relu())
        sizes.append(h.square().mean().sqrt().item())
    return sizes


def _orders_swapped(h, layers, order):
    return signal_sizes(h, layers, "after" if order == "before" else "before")


def _plain_layers(h, layers, order):
    sizes = []
    for layer in layers:
        h = layer(h.relu()) if order == "before" else layer(h).relu()
        sizes.append(h.square().mean().sqrt().item())
    return sizes


def _relu_of_the_sum(h, layers, order):
    sizes = []
    for layer in layers:
        h = h + layer(h.relu()) if order == "before" else (h + layer(h)).relu()
        sizes.append(h.square().mean().sqrt().item())
    return sizes


def _relu_of_the_shortcut(h, layers, order):
    sizes = []
    for layer in layers:
        h = h.relu() + layer(h.relu()) if order == "before" else h + layer(h).relu()
        sizes.append(h.square().mean().sqrt().item())
    return sizes


def _mean_square_sizes(h, layers, order):
    return [size**2 for size in signal_sizes(h, layers, order)]


def _input_too(h, layers, order):
    return [h.square().mean().sqrt().item(), *signal_sizes(h, layers, order)]


def diagnosis(shallow, deep):
    """Better on validation, or else by whether the training loss went up too."""
    if deep["validation"] < shallow["validation"]:
        return "better"
    return "degradation" if deep["training"] > shallow["training"] else "overfitting"


def _by_gap(shallow, deep):
    if deep["validation"] < shallow["validation"]:
        return "better"
    gaps = [losses["validation"] - losses["training"] for losses in (shallow, deep)]
    return "overfitting" if gaps[1] > gaps[0] else "degradation"


def _always_overfitting(shallow, deep):
    return "better" if deep["validation"] < shallow["validation"] else "overfitting"


def _training_decides(shallow, deep):
    if deep["training"] > shallow["training"]:
        return "degradation"
    return "better" if deep["validation"] < shallow["validation"] else "overfitting"


def _the_other_way_round(shallow, deep):
    other = {"better": "better", "overfitting": "degradation", "degradation": "overfitting"}
    return other[diagnosis(shallow, deep)]


def _block_inputs():
    generator = torch.Generator().manual_seed(21)
    return [
        tuple(torch.randn(*shape, generator=generator) for shape in ((n, d), (d, d), (d,)))
        for n, d in ((1, 2), (4, 3), (5, 8))
    ]


def _layer_inputs():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(22)
        layers = [nn.Linear(8, 8) for _ in range(4)]
        h = torch.randn(6, 8)
        return [(h, layers, "before"), (h, layers, "after"), (torch.randn(3, 8), layers[:2], "before")]


def _loss_pairs():
    pairs = [(0.10, 0.20, 0.50, 0.55), (0.10, 0.20, 0.01, 0.30), (0.10, 0.20, 0.05, 0.15)]
    pairs += [(0.10, 0.20, 0.15, 0.40), (0.10, 0.30, 0.12, 0.20)]
    return [tuple({"training": t, "validation": v} for t, v in (pair[:2], pair[2:])) for pair in pairs]


EXERCISES = [
    Exercise(
        residual_block,
        _block_inputs,
        [
            "Two parts are added: what comes in, and what the branch makes of it.",
            "The branch is a ReLU, then a linear layer. torch.nn.Linear computes h @ weight.T + bias.",
            "The shortcut carries h itself: no ReLU on it, neither before nor after.",
        ],
        {
            "the input is not added: this is a plain layer.": _no_shortcut,
            "the shortcut carries relu(h): what is negative in h is lost in every block, so the path is no longer the "
            "identity. Add h as it came.": _relu_on_the_shortcut,
            "the ReLU stands after the weights here: this branch can only add, never subtract, and the signal grows "
            "from block to block. In pre-activation order it stands before them.": _relu_after_weights,
            "the ReLU stands after the addition, on the shortcut's path too: apply it only to the input of the "
            "weights.": _relu_after_addition,
            "the weights are stored as (outputs, inputs): multiply by weight.T.": _not_transposed,
            "the bias is missing.": _no_bias,
        },
    ),
    Exercise(
        same_start,
        lambda: [(_Builder(), 1), (_Builder(), 5)],
        [
            "Each call of build draws random numbers. What does the second call find?",
            "torch.manual_seed(seed) puts the generator back to a known place, as often as you call it.",
            "Or build both, then copy: residual.load_state_dict(plain.state_dict()). It copies numbers, where "
            "`residual.hidden = plain.hidden` would share them.",
        ],
        {
            "the seed is set once: the second network goes on drawing where the first one stopped, so it gets other "
            "weights. Seed before each of them.": _seeded_once,
            "the two agree, but with weights that depend on what was drawn before: the seed is never used.": (
                _never_seeded
            ),
            "two different seeds give two different starts: use the same one twice.": _two_seeds,
            "the two share their layers: training one changes the other. Copy the numbers with "
            "load_state_dict, or seed twice.": _shared_layers,
            "the order is (plain, residual).": _residual_first,
            "both networks are plain: the second one has to be built with residual=True.": _both_plain,
        },
        observe=lambda build, seed: build.parameters_are_separate(),
    ),
    Exercise(
        gradient_ratio,
        lambda: [(4, 64, 64**-0.5), (10, 32, 0.3), (6, 128, (6 / 128) ** 0.5), (2, 100, 0.1)],
        [
            "What is the variance of a number drawn uniformly from ±bound?",
            "Per layer the mean square is multiplied by width · variance, and the ReLU halves it.",
            "Between the outputs of the first and the last of `depth` layers lie depth - 1 layers; and a norm is the "
            "root of a sum of squares.",
        ],
        {
            "the ReLU is forgotten: it blocks about half of the units, which halves the mean square.": _relu_forgotten,
            "this is the ratio of the mean squares: for the norms take the root.": _mean_square,
            "one layer too many: from the output of the last to that of the first there are depth - 1 layers.": (
                _one_layer_too_many
            ),
            "bound is not the standard deviation: uniform numbers from ±bound have the variance bound² / 3.": (
                _bound_is_deviation
            ),
            "upside down: this is last divided by first.": _last_by_first,
            "this is the factor of one layer: there are depth - 1 of them, and they multiply.": _one_layer_only,
        },
    ),
    Exercise(
        signal_sizes,
        _layer_inputs,
        [
            "In both orders the shortcut carries h unchanged. Only the branch differs.",
            "Before: layer(h.relu()). After: layer(h).relu().",
            "Root mean square: h.square().mean().sqrt(), over examples and units together.",
        ],
        {
            "the two orders are swapped: the name says where the ReLU stands relative to the weights.": _orders_swapped,
            "the shortcut is missing: these are plain layers.": _plain_layers,
            'with order "after" the ReLU is applied to the sum, so the shortcut passes through it too. Apply it to '
            "the branch alone.": _relu_of_the_sum,
            'with order "before" the shortcut carries relu(h): it must carry h.': _relu_of_the_shortcut,
            "this is the mean square: take the root.": _mean_square_sizes,
            "the first number is the size of the input: start after the first layer.": _input_too,
        },
    ),
    Exercise(
        diagnosis,
        _loss_pairs,
        [
            "First: is the validation loss lower? Then there is no disease.",
            "If not: did the deeper network at least fit its training images better than the shallower one?",
        ],
        {
            "the gap between the two losses is not what decides: a network that fits even its training images worse "
            "than a shallower one suffers from degradation, however large its gap is.": _by_gap,
            "a higher validation loss need not be overfitting: look at the training loss too.": _always_overfitting,
            "a higher training loss is no disease when the validation loss is lower: look at validation first.": (
                _training_decides
            ),
            "the names are swapped: in overfitting the training loss is lower, not higher.": _the_other_way_round,
        },
    ),
]
