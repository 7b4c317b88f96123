"""The CNNs against torchvision's block, the paper's parameter counts, by hand, and by what they can
learn.
"""

import pytest
import torch
import torch.nn.functional as F
from torchvision.models.resnet import BasicBlock as TorchvisionBlock

from labhelpers.models.vision import BasicBlock, ResNet, shortcut


def seeded(build, *args, **options):
    torch.manual_seed(0)
    return build(*args, **options)


@pytest.mark.parametrize("stride", [1, 2])
def test_block_is_torchvisions(stride):
    widening = torch.nn.Module()  # torchvision wants its shortcut as a module
    widening.forward = lambda x: shortcut(x, 8 * stride, stride)
    torch.manual_seed(0)
    theirs = TorchvisionBlock(
        8, 8 * stride, stride, downsample=widening if stride == 2 else None
    ).double()
    mine = BasicBlock(8, 8 * stride, stride).double()
    mine.load_state_dict(theirs.state_dict())
    x = torch.randn(4, 8, 10, 10, dtype=torch.double)
    results = []
    for block in (mine, theirs):
        leaf = x.clone().requires_grad_()
        y = block(leaf)
        grads = torch.autograd.grad((y**2).sum(), [leaf, *block.parameters()])
        results.append([y, *grads, block.eval()(x)])
    for ours, oracle in zip(*results, strict=True):
        torch.testing.assert_close(ours, oracle)


def test_shortcut_by_hand():
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    expected = torch.tensor([[0.0, 2.0], [8.0, 10.0]])
    y = shortcut(x, 3, stride=2)
    torch.testing.assert_close(
        y, torch.stack([expected, torch.zeros(2, 2), torch.zeros(2, 2)])[None]
    )
    assert shortcut(x, 1) is x


def test_plain_block_has_no_shortcut():
    block = seeded(BasicBlock, 4, 4, residual=False, batch_norm=False)
    x = torch.randn(2, 4, 6, 6)
    torch.testing.assert_close(block(x), block.conv2(block.conv1(x).relu()).relu())


@pytest.mark.parametrize(("blocks", "millions"), [(9, 0.27), (15, 0.46), (21, 0.66), (27, 0.85)])
def test_parameters_are_the_papers(blocks, millions):
    model = ResNet(blocks)
    assert round(sum(p.numel() for p in model.parameters()) / 1e6, 2) == millions
    layers = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    assert len(layers) == 2 * blocks + 2


@pytest.mark.parametrize("blocks", [1, 2, 5, 9, 10])
def test_stages_halve_the_map_and_double_the_channels(blocks):
    maps = ResNet(blocks, width=4).features(torch.randn(2, 3, 32, 32))
    stage = min(blocks, 3) - 1  # fewer than three blocks do not reach the last stage
    assert maps.shape == (2, 4 * 2**stage, 32 // 2**stage, 32 // 2**stage)


def test_stride_of_the_first_convolution():
    assert ResNet(3, width=4, stride=2).features(torch.randn(1, 3, 32, 32)).shape == (1, 16, 4, 4)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_plain_and_residual_share_their_weights_but_not_their_answers(batch_norm):
    plain, residual = (
        seeded(ResNet, 5, 4, residual=kind, batch_norm=batch_norm) for kind in (False, True)
    )
    a, b = plain.state_dict(), residual.state_dict()
    assert a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
    assert any("bn" in name for name in a) == batch_norm
    x = torch.randn(8, 3, 32, 32)
    assert not torch.allclose(plain.eval()(x), residual.eval()(x))


def test_a_class_activation_map_has_the_logit_as_its_mean():
    model, x = seeded(ResNet, 3, 4).eval(), torch.randn(2, 3, 32, 32)
    maps = torch.einsum("kc,nchw->nkhw", model.head.weight, model.features(x))
    torch.testing.assert_close(maps.mean((2, 3)) + model.head.bias, model(x))


def test_memorises_64_images():
    model = seeded(ResNet, 3, 8, stride=2)
    generator = torch.Generator().manual_seed(1)
    x, y = (
        torch.randn(64, 3, 32, 32, generator=generator),
        torch.randint(10, (64,), generator=generator),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(70):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.05
