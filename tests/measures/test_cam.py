"""Class activation maps against their identity, Grad-CAM against captum's, and both against a case
worked by hand.
"""

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
        torch.testing.assert_close(
            maps.mean((2, 3)) + net.head.bias, net.eval()(x), rtol=1e-5, atol=1e-5
        )


def test_a_map_by_hand():
    """Two feature maps, the image's colours themselves; weights 2 and -1 make the map 2·red -
    green.
    """
    net = nn.Module()
    net.features, net.head = nn.Identity(), nn.Linear(2, 1)
    net.head.weight.data = torch.tensor([[2.0, -1.0]])
    x = torch.tensor([[[[1.0, 0.0], [3.0, 0.0]], [[0.0, 4.0], [1.0, 0.0]]]])  # (1, 2, 2, 2)
    torch.testing.assert_close(
        lab.class_activation_maps(net, x), torch.tensor([[[[2.0, -4.0], [5.0, 0.0]]]])
    )


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
    torch.testing.assert_close(
        lab.grad_cam(net, net.features, x, labels) * 16, cam, rtol=1e-4, atol=1e-6
    )


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
    with pytest.raises(
        TypeError, match=r"MLP has no class activation maps.*lab.grad_cam takes any"
    ):
        lab.class_activation_maps(lab.MLP(12, 2), torch.randn(1, 3, 2, 2))
    with pytest.raises(TypeError, match="one linear head"):  # LeNet-5's head is not linear
        lab.class_activation_maps(lab.LeNet5(), torch.randn(1, 1, 28, 28))
    with pytest.raises(ValueError, match=r"the layer gives \(1, 7\)"):
        lab.grad_cam(net, net.head, torch.randn(1, 3, 16, 16), torch.tensor([0]))
    with pytest.raises(ValueError, match="the layer gives nothing"):
        lab.grad_cam(net, nn.ReLU(), torch.randn(1, 3, 16, 16), torch.tensor([0]))
    assert not any(module._forward_hooks for module in net.modules())


class Follows(nn.Module):
    """A convolution whose output is changed in place by what follows it."""

    def __init__(self, change):
        super().__init__()
        torch.manual_seed(1)
        self.conv, self.head = nn.Conv2d(3, 5, 3, padding=1), nn.Linear(5, 4)
        self.change = change

    def forward(self, x):
        h = self.conv(x)
        h = self.change(h)
        return self.head(h.mean((2, 3)))


def zero_a_channel(h):
    h[:, 0] = 0
    return h


IN_PLACE = {  # what follows in place, and the same on a copy
    "relu": (nn.ReLU(inplace=True), nn.ReLU()),
    "functional": (lambda h: nn.functional.relu_(h), lambda h: h.relu()),
    "leaky": (nn.LeakyReLU(0.3, inplace=True), nn.LeakyReLU(0.3)),
    "sum": (lambda h: h.add_(1.5).tanh_(), lambda h: (h + 1.5).tanh()),
    "assignment": (zero_a_channel, lambda h: zero_a_channel(h.clone())),
    "a view": (lambda h: h.flatten(2).mul_(2).view_as(h), lambda h: 2 * h),
}


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize("form", [torch.contiguous_format, torch.channels_last])
def test_what_follows_in_place_does_not_change_the_map(name, form):
    x = torch.randn(3, 3, 8, 8).contiguous(memory_format=form)
    labels = torch.tensor([0, 3, 1])
    given, copied = (Follows(change).to(memory_format=form) for change in IN_PLACE[name])
    expected = LayerGradCam(copied, copied.conv).attribute(x, labels)[:, 0].detach()
    before = x.clone()
    found = lab.grad_cam(given, given.conv, x, labels)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)
    assert torch.equal(x, before)


def test_a_first_layer_in_place_leaves_the_images_alone():
    net = nn.Module()
    net.features = nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 4, 3))
    net.head = nn.Linear(4, 2)
    net.forward = lambda x: net.head(net.features(x).mean((2, 3)))
    x = torch.randn(2, 3, 6, 6)
    before = x.clone()
    lab.class_activation_maps(net, x)
    assert torch.equal(x, before)
    for layer in (net.features, net.features[0], net.features[1]):
        lab.grad_cam(net, layer, x, torch.tensor([0, 1]))
        assert torch.equal(x, before)


def test_inference_mode_does_no_harm(net):
    x, labels = torch.randn(2, 3, 16, 16), torch.tensor([0, 1])
    expected = lab.grad_cam(net, net.features[3], x, labels)
    with torch.inference_mode():
        torch.testing.assert_close(lab.grad_cam(net, net.features[3], x.clone(), labels), expected)


class Listing(nn.Module):
    def forward(self, x):
        return [x]


class Twice(Follows):
    def __init__(self):
        super().__init__(nn.Identity())
        self.again, self.aside = nn.Conv2d(5, 5, 1), nn.Conv2d(5, 5, 1)
        self.listing = Listing()

    def forward(self, x):
        h = self.again(self.again(self.conv(x)))
        (h,) = self.listing(h)
        self.aside(h)  # leads nowhere
        return self.head(h.mean((2, 3)))


IMAGES = torch.randn(2, 3, 6, 6)


REFUSED = {
    "the layer is used 2 times in a pass": {"layer": "again"},
    "the logits do not depend on the layer's output": {"layer": "aside"},
    r"the model cannot take images of shape \(2, 6, 6\)": {"x": torch.randn(2, 2, 6, 6)},
    "images are torch.uint8: give them normalised": {"x": torch.zeros(2, 3, 6, 6).byte()},
    r"labels are torch.int64 of shape \(3,\): give one whole number for each of 2": {
        "labels": (0, 1, 2)
    },
    "labels are torch.float32 of": {"labels": (0.0, 1.0)},
    "labels are 0 to 4: the model has the classes 0 to 3": {"labels": (0, 4)},
    "labels are -1 to 0: the model": {"labels": (-1, 0)},
    r"the model gives \(2,\): let it return": {"change": lambda x: x.sum((1, 2, 3))},
    "the model returns a tuple": {"change": lambda x: (x, x)},
    "the layer gives a list": {"layer": "listing"},
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_sentence_for_what_it_cannot_do_and_nothing_left_behind(sentence):
    case = {"layer": "conv", "x": IMAGES, "labels": (0, 1)} | REFUSED[sentence]
    net = Twice().train()
    if "change" in case:
        net.forward = lambda x: case["change"](net.conv(x))
    with pytest.raises((ValueError, TypeError), match=sentence):
        lab.grad_cam(net, getattr(net, case["layer"]), case["x"], torch.tensor(case["labels"]))
    assert net.training and not any(module._forward_hooks for module in net.modules())
