"""Lab 10's layers, as they stand in the notebook, against PyTorch's: values, gradients, memory, and
the whole net.
"""

import copy
import itertools
import math
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from notebook_code import compiled
from torch import nn
from torch.autograd import gradcheck
from torchvision.models import resnet

LAYERS = [
    "unfold",
    "fold",
    "conv_backward",
    "Conv2d",
    "MaxPool2d",
    "follow",
    "BatchNorm2d",
    "mean_of",
    "batch_norm_backward",
    "Block",
    "stages",
    "ResNet18",
    "Affine",
    "Subsample",
    "careful_start",
    "spread_head",
]


USED = {"torch": torch, "nn": nn, "F": F, "math": math, "itertools": itertools}
own = SimpleNamespace(**compiled("10-resnet18-from-scratch.ipynb", LAYERS, USED))
SIZES = [(1, 1), (7, 7), (8, 5), (4, 11)]
MOVES = [
    pytest.param(
        dict(zip(("kernel_size", "stride", "padding", "dilation"), move, strict=True)),
        id="k{}s{}p{}d{}".format(*move),
    )
    for move in itertools.product((1, 2, 3, 5), (1, 2, 3), (0, 1, 2), (1, 2, 3))
]


def draw(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def fits(size, move):
    return move["dilation"] * (move["kernel_size"] - 1) < min(size) + 2 * move["padding"]


def outcome(layer, x):
    """Output, gradients by input and parameters, and the state afterwards."""
    x = x.clone().requires_grad_()
    y = layer(x)
    loss = (y * draw(*y.shape, seed=1)).sum()  # a weight of its own for every output
    return y, torch.autograd.grad(loss, [x, *layer.parameters()]), dict(layer.state_dict())


def twin(mine, theirs):
    theirs.load_state_dict(mine.state_dict())
    mine.load_state_dict(theirs.state_dict())  # and back
    return mine.double(), theirs.double()


@pytest.mark.parametrize("move", MOVES)
def test_convolution_agrees(move):
    for bias, size in itertools.product((True, False), SIZES):
        if fits(size, move):
            pair = twin(own.Conv2d(3, 4, **move, bias=bias), nn.Conv2d(3, 4, **move, bias=bias))
            torch.testing.assert_close(*[outcome(layer, draw(2, 3, *size)) for layer in pair])


@pytest.mark.parametrize("move", MOVES)
def test_the_way_back_through_a_convolution(move):
    for size in SIZES:
        if fits(size, move):
            x, weight = draw(2, 3, *size), draw(4, 3, *[move["kernel_size"]] * 2, seed=2)
            x.requires_grad_(), weight.requires_grad_()
            moves = {name: value for name, value in move.items() if name != "kernel_size"}
            y = F.conv2d(x, weight, **moves)
            gradient = draw(*y.shape, seed=3)
            by_hand = own.conv_backward(x.detach(), weight.detach(), gradient, **move)
            torch.testing.assert_close(by_hand, torch.autograd.grad(y, (x, weight), gradient))


@pytest.mark.parametrize("eps", [1e-5, 0.3])
@pytest.mark.parametrize("shape", [(4, 3, 5, 6), (2, 3, 1, 1), (1, 3, 2, 2)])
def test_the_way_back_through_batch_norm(shape, eps):
    x, gamma, gradient = draw(*shape).requires_grad_(), draw(3, seed=1), draw(*shape, seed=2)
    F.batch_norm(x, None, None, gamma, training=True, eps=eps).backward(gradient)
    by_hand = own.batch_norm_backward(x.detach(), gamma, gradient, eps)
    torch.testing.assert_close(by_hand, x.grad)


@pytest.mark.parametrize("move", MOVES)
def test_max_pooling_agrees(move):
    if move["padding"] > move["kernel_size"] // 2:
        with pytest.raises(RuntimeError):
            nn.MaxPool2d(**move)(draw(2, 3, 8, 8))
        return
    for size in SIZES:
        if fits(size, move):
            for x in (
                draw(2, 3, *size),
                -draw(2, 3, *size).abs(),
                draw(2, 3, *size).relu(),
            ):  # all negative; many ties
                mine = outcome(own.MaxPool2d(**move), x)
                if (
                    mine[0].isfinite().all()
                ):  # PyTorch's backward aborts where a window meets nothing but padding
                    torch.testing.assert_close(mine, outcome(nn.MaxPool2d(**move), x))


def test_stride_of_max_pooling_is_its_window_unless_given():
    x = draw(1, 2, 9, 9)
    torch.testing.assert_close(own.MaxPool2d(3)(x), nn.MaxPool2d(3)(x))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bias", [True, False])
def test_convolution_draws_the_weights_of_pytorch(seed, bias):
    states = []
    for kind in (own.Conv2d, nn.Conv2d):
        torch.manual_seed(seed)
        states.append(dict(kind(5, 7, 3, bias=bias).state_dict()))
    torch.testing.assert_close(*states)


@pytest.mark.parametrize("options", [{}, {"eps": 0.1}, {"momentum": 0.4}])
@pytest.mark.parametrize("shape", [(4, 3, 5, 6), (2, 3, 1, 1), (1, 3, 2, 2)])
def test_batch_norm_agrees_over_several_steps_and_in_eval(shape, options):
    mine, theirs = own.BatchNorm2d(3, **options), nn.BatchNorm2d(3, **options)
    for layer in (mine, theirs):
        layer.weight.data, layer.bias.data = (
            torch.tensor([0.5, 2.0, -1.0]),
            torch.tensor([0.1, -3.0, 0.0]),
        )
    mine, theirs = twin(mine, theirs)
    for step in range(5):
        x = 3 * step + (1 + step) * draw(*shape, seed=step)
        torch.testing.assert_close(outcome(mine, x), outcome(theirs, x))
    assert mine.running_mean.abs().min() > 0.1 and mine.num_batches_tracked == 5
    before = copy.deepcopy(mine.state_dict())
    torch.testing.assert_close(outcome(mine.eval(), x), outcome(theirs.eval(), x))
    torch.testing.assert_close(
        dict(before), dict(mine.state_dict()), rtol=0, atol=0
    )  # eval changes nothing
    torch.testing.assert_close(outcome(mine.train(), x), outcome(theirs.train(), x))


@pytest.mark.parametrize("make", [
    lambda: own.Conv2d(2, 3, 3),
    lambda: own.Conv2d(2, 3, 3, stride=2, padding=1),
    lambda: own.Conv2d(2, 3, 2, stride=3, padding=2, dilation=2, bias=False),
    lambda: own.MaxPool2d(2),
    lambda: own.MaxPool2d(3, stride=2, padding=1, dilation=2),
    lambda: own.BatchNorm2d(2),
    lambda: own.BatchNorm2d(2).eval(),
    lambda: own.Affine(2),
    lambda: own.Block(own, 2, 4, 2),
])  # fmt: skip
def test_gradients_agree_with_difference_quotients(make):
    torch.manual_seed(0)
    layer = make().double()
    names, values = (
        zip(*layer.named_parameters(), strict=True) if list(layer.parameters()) else ((), ())
    )

    def function(x, *parameters):
        return torch.func.functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))

    values = [value.detach().clone().requires_grad_() for value in values]
    assert gradcheck(function, (draw(2, 2, 6, 5).requires_grad_(), *values))


def test_unfold_by_eye_and_filled():
    windows = own.unfold(torch.arange(1.0, 5.0).reshape(1, 1, 2, 2), 2, padding=1, fill=-1.0)
    assert windows.shape == (1, 1, 4, 3, 3)
    assert windows[0, 0, 0].tolist() == [
        [-1, -1, -1],
        [-1, 1, 2],
        [-1, 3, 4],
    ]  # the window's upper left point
    assert windows[0, 0, 3].tolist() == [
        [1, 2, -1],
        [3, 4, -1],
        [-1, -1, -1],
    ]  # its lower right point


@pytest.fixture(params=[(3, 32, 2), (1, 28, 2), (3, 32, 1)], ids=["colour", "digits", "ResNet-10"])
def networks(request):
    channels, size, blocks = request.param
    torch.manual_seed(0)
    mine, theirs = (own.ResNet18(layers, 4, channels, blocks=blocks) for layers in (own, nn))
    return *twin(mine, theirs), draw(6, channels, size, size)


def test_both_sides_of_the_switch_agree(networks):
    mine, theirs, x = networks
    assert [(name, tuple(p.shape)) for name, p in mine.named_parameters()] == [
        (name, tuple(p.shape)) for name, p in theirs.named_parameters()
    ]
    torch.testing.assert_close(
        outcome(mine, x), outcome(theirs, x)
    )  # training: logits, gradients, statistics
    torch.testing.assert_close(outcome(mine.eval(), x), outcome(theirs.eval(), x))


def test_both_sides_of_the_switch_train_alike(networks):
    *models, x = networks
    y = torch.arange(6)
    for model in models:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        for _ in range(4):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    torch.testing.assert_close(*[dict(model.state_dict()) for model in models])
    torch.testing.assert_close(*[model.eval()(x) for model in models])


def test_same_seed_gives_both_sides_the_same_weights():
    states = []
    for layers in (own, nn):
        torch.manual_seed(3)
        states.append(dict(own.ResNet18(layers, 4).state_dict()))
    torch.testing.assert_close(*states)


@pytest.mark.parametrize(("blocks", "layers"), [(2, 18), (1, 10)])
def test_it_is_torchvisions_resnet_but_for_the_stem(blocks, layers):
    mine, theirs = (
        own.ResNet18(nn, blocks=blocks),
        resnet.ResNet(resnet.BasicBlock, [blocks] * 4, num_classes=10),
    )
    theirs.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    theirs.load_state_dict(dict(zip(theirs.state_dict(), mine.state_dict().values(), strict=True)))
    mine, theirs, x = mine.double(), theirs.double(), draw(2, 3, 32, 32)
    torch.testing.assert_close(mine(x), theirs(x))
    torch.testing.assert_close(mine.eval()(x), theirs.eval()(x))
    assert (
        sum(p.ndim > 1 and "shortcut" not in name for name, p in mine.named_parameters()) == layers
    )


@pytest.mark.parametrize("size", [28, 32])
def test_subsample_keeps_what_a_strided_convolution_computes(size):
    conv, x = nn.Conv2d(3, 4, 3, padding=1).double(), draw(2, 3, size, size)
    strided = F.conv2d(x, conv.weight, conv.bias, stride=2, padding=1)
    torch.testing.assert_close(own.Subsample(3, 2, 1)(conv(x)), strided)
    assert strided.shape == nn.MaxPool2d(3, 2, 1)(conv(x)).shape


@pytest.mark.parametrize(("size", "places"), [(28, 4), (32, 4), (48, 9)])
def test_spread_head_begins_as_the_mean(size, places):
    model, x = own.ResNet18(nn, 4).double(), draw(4, 3, size, size)
    before = model(x)
    own.spread_head(model, places)
    torch.testing.assert_close(model(x), before)
    assert model.fc.weight.shape == (10, 32 * places)


def test_careful_start_is_he_initialisation_and_blocks_that_begin_as_their_shortcut():
    layers = SimpleNamespace(Conv2d=nn.Conv2d, MaxPool2d=nn.MaxPool2d, BatchNorm2d=own.Affine)
    torch.manual_seed(0)
    model = own.ResNet18(layers, 4)
    own.careful_start(model)
    torch.manual_seed(0)
    he = nn.init.kaiming_uniform_(
        torch.empty(4, 3, 3, 3), nonlinearity="relu"
    )  # the stem draws first
    torch.testing.assert_close(model.conv1.weight.data, he)
    for stage in model.stages:
        for block in stage:
            x = torch.randn(2, block.conv1.weight.shape[1], 8, 8)
            kept = x[:, :, :: block.stride, :: block.stride]
            torch.testing.assert_close(block(x), block.shortcut(kept).relu())


def test_without_normalisation_the_same_parameters_remain():
    bare = own.ResNet18(
        SimpleNamespace(Conv2d=nn.Conv2d, MaxPool2d=nn.MaxPool2d, BatchNorm2d=own.Affine), 4
    )
    full = own.ResNet18(nn, 4)
    assert [name for name, _ in bare.named_parameters()] == [
        name for name, _ in full.named_parameters()
    ]
    norm, x = nn.BatchNorm2d(3), torch.randn(2, 3, 4, 4)
    affine = own.Affine(3)
    affine.load_state_dict({name: torch.randn(3) for name in ("weight", "bias")})
    norm.load_state_dict({**norm.state_dict(), **affine.state_dict()})
    torch.testing.assert_close(
        affine(x), norm.eval()(x), rtol=1e-4, atol=1e-4
    )  # with mean 0 and variance 1


def test_no_window_of_one_point_has_a_stride():
    """Its backward pass writes beyond its memory on CPUs with few channels:
    uxlfoundation/oneDNN#6035.
    """
    for module in own.ResNet18(nn, width=8).modules():
        assert (
            not isinstance(module, nn.Conv2d)
            or module.kernel_size == (3, 3)
            or module.stride == (1, 1)
        )
