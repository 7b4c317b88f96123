"""Lab 04: gradient norms by layer, the geometric mean, He's factor, shattered gradients, a slice of the loss."""

from __future__ import annotations

import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

from labhelpers.exercises import Exercise


def layer_gradient_norms(model, x, y):
    """Norm of the cross-entropy's gradient for every module over its own parameters, by name."""
    model.zero_grad()  # what an earlier backward left would be added to
    F.cross_entropy(model(x), y).backward()
    norms = {}
    for name, module in model.named_modules():
        grads = [p.grad for p in module.parameters(recurse=False) if p.grad is not None]
        if grads:
            norms[name] = math.sqrt(sum(grad.square().sum().item() for grad in grads))
    return norms


def _norms_with(model, x, y, combine, recurse=False):
    F.cross_entropy(model(x), y).backward()
    found = {name: list(module.parameters(recurse=recurse)) for name, module in model.named_modules()}
    reached = {name: [p for p in own if p.grad is not None] for name, own in found.items()}
    return {name: combine(own) for name, own in reached.items() if own}


def _add_norms(model, x, y):
    return _norms_with(model, x, y, lambda own: sum(p.grad.norm().item() for p in own))


def _forget_root(model, x, y):
    return _norms_with(model, x, y, lambda own: sum(p.grad.square().sum().item() for p in own))


def _count_children(model, x, y):
    return _norms_with(model, x, y, lambda own: torch.cat([p.grad.flatten() for p in own]).norm().item(), recurse=True)


def _norm_of_parameters(model, x, y):
    return _norms_with(model, x, y, lambda own: torch.cat([p.detach().flatten() for p in own]).norm().item())


def _weights_only(model, x, y):
    F.cross_entropy(model(x), y).backward()
    weights = {name: getattr(module, "weight", None) for name, module in model.named_modules()}
    return {name: w.grad.norm().item() for name, w in weights.items() if w is not None and w.grad is not None}


def typical_first_to_last(norms):
    """Geometric mean over seeds of the first layer's norm divided by the last's; norms is (seeds, layers)."""
    return (norms[:, 0] / norms[:, -1]).log().mean().exp().item()


def _arithmetic_mean(norms):
    return (norms[:, 0] / norms[:, -1]).mean().item()


def _ratio_of_means(norms):
    return (norms[:, 0].mean() / norms[:, -1].mean()).item()


def _upside_down(norms):
    return (norms[:, -1] / norms[:, 0]).log().mean().exp().item()


def _left_in_logarithms(norms):
    return (norms[:, 0] / norms[:, -1]).log().mean().item()


def _seeds_for_layers(norms):
    return (norms[0] / norms[-1]).log().mean().exp().item()


def preserving_std(weight):
    """He et al. 2015, equation 10: the square root of 2 / fan-in."""
    return math.sqrt(2 / weight[0].numel())  # weight[0]: all that one output sums over, (inputs, height, width)


def _forget_kernel_area(weight):
    return math.sqrt(2 / weight.shape[1])


def _fan_out(weight):
    return math.sqrt(2 / weight[:, 0].numel())


def _forget_relu(weight):
    return math.sqrt(1 / weight[0].numel())


def _variance(weight):
    return 2 / weight[0].numel()


def _all_weights(weight):
    return math.sqrt(2 / weight.numel())


def neighbour_agreement(gradients):
    """Mean cosine between each gradient and the next; gradients is (points, values)."""
    return F.cosine_similarity(gradients[:-1], gradients[1:], dim=1).mean().item()


def _dot_products(gradients):
    return (gradients[:-1] * gradients[1:]).sum(1).mean().item()


def _all_pairs(gradients):
    unit = F.normalize(gradients, dim=1)
    return (unit @ unit.T).mean().item()


def _with_the_first(gradients):
    return F.cosine_similarity(gradients[:1], gradients[1:], dim=1).mean().item()


def _across_points(gradients):
    return F.cosine_similarity(gradients[:-1], gradients[1:], dim=0).mean().item()


def _no_sign(gradients):
    return F.cosine_similarity(gradients[:-1], gradients[1:], dim=1).abs().mean().item()


def loss_slice(model, x, y, direction, radii):
    """Cross-entropy at weights + r * direction for every r; everything happens to a copy of the model."""
    moved, losses = copy.deepcopy(model), []
    with torch.no_grad():
        for r in radii:
            for start, weight, d in zip(model.parameters(), moved.parameters(), direction, strict=True):
                weight.copy_(start + r * d)
            losses.append(F.cross_entropy(moved(x), y).item())
    return losses


def _walk(model, x, y, direction, radii, back):
    losses, weights = [], list(model.parameters())
    start = [weight.detach().clone() for weight in weights]
    with torch.no_grad():
        for r in radii:
            for weight, origin, d in zip(weights, start, direction, strict=True):
                weight.copy_(origin + r * d)
            losses.append(F.cross_entropy(model(x), y).item())
        for weight, origin in zip(weights, start, strict=True):
            if back:
                weight.copy_(origin)
    return losses


def _stay_there(model, x, y, direction, radii):
    return _walk(model, x, y, direction, radii, back=False)


def _forget_statistics(model, x, y, direction, radii):
    return _walk(model, x, y, direction, radii, back=True)


def _steps_add_up(model, x, y, direction, radii):
    moved, losses = copy.deepcopy(model), []
    with torch.no_grad():
        for r in radii:
            for weight, d in zip(moved.parameters(), direction, strict=True):
                weight.add_(r * d)
            losses.append(F.cross_entropy(moved(x), y).item())
    return losses


def _other_way(model, x, y, direction, radii):
    return loss_slice(model, x, y, [-d for d in direction], radii)


def _in_eval_mode(model, x, y, direction, radii):
    return loss_slice(copy.deepcopy(model).eval(), x, y, direction, radii)


class _Pair(nn.Module):
    """Two layers and a scale of its own: a module with both parameters and children."""

    def __init__(self, inner):
        super().__init__()
        self.scale, self.inner, self.unused = nn.Parameter(torch.tensor([2.0])), inner, nn.Linear(2, 2)

    def forward(self, x):
        return self.scale * self.inner(x)


def _leave_gradients(model, x, y, direction, radii):
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    return loss_slice(model, x, y, direction, radii)


def _models():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        plain = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
        nested = _Pair(nn.Sequential(nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3)))
        labels = torch.randint(3, (6,))
        return [(plain, torch.randn(6, 4), labels), (nested, torch.randn(6, 1, 4, 4), labels)]


def _norm_tables():
    generator = torch.Generator().manual_seed(6)
    tables = [10 ** (2 * torch.randn(n, layers, generator=generator)) for n, layers in ((5, 5), (3, 8), (4, 2))]
    return [(table,) for table in tables]


def _lines():
    generator = torch.Generator().manual_seed(7)
    lines = [torch.randn(n, size, generator=generator).cumsum(0) for n, size in ((6, 4), (9, 3), (3, 20))]
    return [(line,) for line in (*lines, torch.tensor([[1.0, 0.0], [-2.0, 0.0], [0.0, 3.0]]))]


def _slices():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(8)
        model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
        model(2 * torch.randn(16, 3) + 1)  # the running statistics leave their initial values
        x, y = torch.randn(12, 3), torch.randint(3, (12,))
        direction = [torch.randn_like(weight) for weight in model.parameters()]
        evaluated = copy.deepcopy(model).eval()
        radii = [-0.5, 0.1, 0.7]
        return [(model.train(), x, y, direction, radii), (evaluated, x, y, direction, [0.2, 0.4])]


EXERCISES = [
    Exercise(
        layer_gradient_norms,
        _models,
        [
            "Forward, cross-entropy, backward; then look at .grad.",
            "model.named_modules() gives every module; module.parameters(recurse=False) those it owns itself.",
            "The norm over weight and bias together is the root of the sum of all squares in both.",
            "A layer that the loss does not reach has .grad None: leave it out, and modules for which nothing is left.",
        ],
        {
            "weight and bias are two parts of one long vector: add their squares and take the root at the end, do not "
            "add their norms.": _add_norms,
            "this is the sum of the squares: the root is missing.": _forget_root,
            "a module's parameters() include those of its children, so containers count their layers again: "
            "use recurse=False.": _count_children,
            "only `weight` is counted: biases have gradients too, and so have parameters of other names.": (
                _weights_only
            ),
            "these are the norms of the parameters themselves, not of their gradients: use p.grad.": (
                _norm_of_parameters
            ),
        },
    ),
    Exercise(
        typical_first_to_last,
        _norm_tables,
        [
            "Take the ratio of each seed first. What is a typical one of 10⁻⁹, 10⁻⁸ and 10⁻³?",
            "The geometric mean is exp(mean(log(…))).",
        ],
        {
            "the arithmetic mean of ratios: with 10⁻⁹, 10⁻⁸ and 10⁻³ it gives a third of 10⁻³, so the one largest "
            "seed decides. Average the logarithms.": _arithmetic_mean,
            "the ratio of the means: whichever seed has the largest gradients decides. Take the ratio of each seed, "
            "then average the logarithms.": _ratio_of_means,
            "this is last / first: the first layer's gradient belongs above the line.": _upside_down,
            "this is still a logarithm: take exp at the end.": _left_in_logarithms,
            "rows are seeds and columns are layers: the first layer is norms[:, 0].": _seeds_for_layers,
        },
    ),
    Exercise(
        preserving_std,
        lambda: [(torch.zeros(16, 8, 3, 3),), (torch.zeros(8, 32, 1, 1),), (torch.zeros(4, 3, 5, 5),)],
        [
            "How many products does one output value add up? That is the fan-in m.",
            "ReLU passes half of the power, so m · variance / 2 has to be 1.",
            "m = inputs × height × width, and the standard deviation is the root of the variance.",
        ],
        {
            "the fan-in counts every product that an output adds up: channels × kernel height × kernel width.": (
                _forget_kernel_area
            ),
            "this uses the fan-out, outputs × area: it preserves the gradient on the way back, not the signal on the "
            "way forward.": _fan_out,
            "1 / fan-in is right without a nonlinearity: ReLU passes only half of the power, hence He's 2.": (
                _forget_relu
            ),
            "this is the variance: the standard deviation is its root.": _variance,
            "one output does not see all the weights: leave the number of outputs out.": _all_weights,
        },
    ),
    Exercise(
        neighbour_agreement,
        _lines,
        [
            "gradients[:-1] and gradients[1:] put each point beside the next.",
            "The cosine divides the dot product by both lengths; F.cosine_similarity does it along a dimension.",
        ],
        {
            "dot products grow with the length of the gradients: divide by both lengths to compare directions.": (
                _dot_products
            ),
            "this averages over all pairs, far ones and each point with itself included: compare each with the next.": (
                _all_pairs
            ),
            "this compares every point with the first one: compare each with the next.": _with_the_first,
            "the wrong dimension: the cosine is taken over the values of one gradient, dim=1.": _across_points,
            "a gradient that turns round has cosine -1, and that is disagreement: keep the sign.": _no_sign,
        },
    ),
    Exercise(
        loss_slice,
        _slices,
        [
            "Each r is measured from the original weights, not from where the last r ended.",
            "Restoring the weights is not enough: a forward pass in training mode also moves running statistics.",
            "copy.deepcopy(model) gives a model that you may change as you like.",
        ],
        {
            "the losses are right, but the model is left at the last r: put the weights back, or work on a copy.": (
                _stay_there
            ),
            "the losses are right and the weights are back, but batch norm's running statistics have moved: every "
            "forward pass in training mode changes them. Work on a copy.": _forget_statistics,
            "the steps add up: each r has to start from the original weights.": _steps_add_up,
            "this walks the other way: weights + r * direction.": _other_way,
            "the losses are right, but they leave gradients in the model, which the next training step would add to "
            "its own: no backward() is needed here.": _leave_gradients,
            "this switches to eval mode, so batch norm uses other statistics than in training: leave the mode.": (
                _in_eval_mode
            ),
        },
        observe=lambda model, x, y, direction, radii: (
            model.training,
            dict(model.state_dict()),
            [(weight.requires_grad, weight.grad is None) for weight in model.parameters()],
        ),
    ),
]
