"""Class activation maps against their identity, Grad-CAM against captum's, and both against a case worked by hand."""

import pytest
import torch
from captum.attr import LayerGradCam
from torch import nn

import labhelpers as lab


@pytest.fixture(params=[(3, False), (4, True)], ids=["no norm", "batch norm"])
def net(request):
    blocks, batch_norm = request.param
    torch.manual_seed(0)
    model = lab.ResNet(blocks, width=4, batch_norm=batch_norm, num_classes=7)
    model(torch.randn(32, 3, 16, 16))  # in training mode: running statistics that are not 0 and 1
    return model


def test_mean_of_the_map_plus_the_bias_is_the_logit_for_every_class(net):
    for scale in (0.1, 1.0, 10.0):
        x = scale * torch.randn(5, 3, 24, 16)
        maps = lab.class_activation_maps(net, x)
        assert maps.shape == (5, 7, 6, 4) and not maps.requires_grad
        torch.testing.assert_close(maps.mean((2, 3)) + net.head.bias, net.eval()(x), rtol=1e-5, atol=1e-5)


def test_a_map_by_hand():
    """Two feature maps, the image's colours themselves; weights 2 and -1 make the map 2·red - green."""
    net = nn.Module()
    net.features, net.head = nn.Identity(), nn.Linear(2, 1)
    net.head.weight.data = torch.tensor([[2.0, -1.0]])
    x = torch.tensor([[[[1.0, 0.0], [3.0, 0.0]], [[0.0, 4.0], [1.0, 0.0]]]])  # (1, 2, 2, 2)
    torch.testing.assert_close(lab.class_activation_maps(net, x), torch.tensor([[[[2.0, -4.0], [5.0, 0.0]]]]))


@pytest.mark.parametrize("place", [2, 3, -1])
def test_grad_cam_is_captums(net, place):
    layer, labels = net.features[place], torch.tensor([0, 6, 3])
    x = torch.randn(3, 3, 16, 16)
    ours = lab.grad_cam(net, layer, x, labels)
    theirs = LayerGradCam(net.eval(), layer).attribute(x, labels)[:, 0].detach()
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)
    assert not ours.requires_grad


def test_at_the_last_layer_the_two_differ_by_the_number_of_positions(net):
    x, labels = torch.randn(4, 3, 16, 16), torch.tensor([1, 0, 5, 2])
    cam = lab.class_activation_maps(net, x)[torch.arange(4), labels]
    torch.testing.assert_close(lab.grad_cam(net, net.features, x, labels) * 16, cam, rtol=1e-4, atol=1e-6)


def test_the_model_is_left_as_it_was(net):
    net.train()
    net.head.eval()  # a mixture of modes has to survive
    before = {name: value.clone() for name, value in net.state_dict().items()}
    x = torch.randn(2, 3, 16, 16)
    lab.class_activation_maps(net, x)
    lab.grad_cam(net, net.features, x, torch.tensor([0, 1]))
    assert net.features.training and not net.head.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters()) and x.grad is None
    assert not any(module._forward_hooks for module in net.modules())


def test_frozen_models_and_no_grad_blocks_do_no_harm(net):
    x, labels = torch.randn(2, 3, 16, 16), torch.tensor([0, 1])
    expected = lab.grad_cam(net, net.features[3], x, labels)
    net.requires_grad_(False)
    with torch.no_grad():
        torch.testing.assert_close(lab.grad_cam(net, net.features[3], x, labels), expected)


def test_what_cannot_be_explained_is_refused(net):
    with pytest.raises(TypeError, match=r"MLP has no class activation maps.*lab.grad_cam takes any"):
        lab.class_activation_maps(lab.MLP(12, 2), torch.randn(1, 3, 2, 2))
    with pytest.raises(TypeError, match="one linear head"):  # LeNet-5's head is not linear
        lab.class_activation_maps(lab.LeNet5(), torch.randn(1, 1, 28, 28))
    with pytest.raises(ValueError, match=r"the layer gives \(1, 7\)"):
        lab.grad_cam(net, net.head, torch.randn(1, 3, 16, 16), torch.tensor([0]))
    with pytest.raises(ValueError, match="the layer gives nothing"):
        lab.grad_cam(net, nn.ReLU(), torch.randn(1, 3, 16, 16), torch.tensor([0]))
    assert not any(module._forward_hooks for module in net.modules())
