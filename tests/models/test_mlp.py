"""Models against the same expression written out, and parameters counted by hand."""

import pytest
import torch
from torch import nn

import labhelpers as lab


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_mlp_is_the_expression_on_the_blackboard():
    torch.manual_seed(0)
    model, x = lab.MLP(784, 32, 10), torch.randn(5, 1, 28, 28)
    first, second = model.layers[0], model.layers[-1]
    hidden = (x.reshape(5, 784) @ first.weight.T + first.bias).clamp(min=0)
    torch.testing.assert_close(model(x), hidden @ second.weight.T + second.bias)
    assert (
        parameters(lab.MLP(784, 256, 128, 10)) == 784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10
    )


def test_dropout_stands_behind_every_hidden_layer_only():
    kinds = [type(layer) for layer in lab.MLP(4, 3, 3, 2, dropout=0.5).layers]
    assert kinds == [nn.Linear, nn.ReLU, nn.Dropout, nn.Linear, nn.ReLU, nn.Dropout, nn.Linear]


def test_one_width_is_not_enough():
    with pytest.raises(ValueError, match=r"needs at least two widths, inputs and outputs"):
        lab.MLP(784)


def test_plain_and_residual_nets_have_the_same_parameters_and_differ_by_the_input():
    torch.manual_seed(0)
    plain, residual = lab.DeepMLP(3), lab.DeepMLP(3, residual=True)
    residual.load_state_dict(plain.state_dict())
    assert (
        parameters(plain)
        == parameters(residual)
        == 784 * 64 + 64 + 3 * (64 * 64 + 64) + 64 * 10 + 10
    )
    x = torch.randn(2, 1, 28, 28)
    for model, keep in ((plain, 0.0), (residual, 1.0)):
        h = model.stem(x.flatten(1))
        for layer in model.hidden:
            h = keep * h + h.clamp(min=0) @ layer.weight.T + layer.bias
        torch.testing.assert_close(model(x), model.head(h.clamp(min=0)))


def test_the_plain_deep_mlp_is_the_mlp():
    torch.manual_seed(0)
    deep, mlp = lab.DeepMLP(2, width=8), lab.MLP(784, 8, 8, 8, 10)
    mlp.load_state_dict(dict(zip(mlp.state_dict(), deep.state_dict().values(), strict=True)))
    x = torch.randn(3, 1, 28, 28)
    torch.testing.assert_close(deep(x), mlp(x))


def test_batch_norm_stands_before_every_relu_and_leaves_the_initial_weights_alone():
    def build(**options):
        torch.manual_seed(0)
        return lab.DeepMLP(2, width=8, **options)

    model, x = build(norm=True, residual=True), torch.randn(16, 1, 28, 28)
    for name, value in build().state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value, rtol=0, atol=0)

    def normalised_relu(h):
        return ((h - h.mean(0)) / (h.var(0, unbiased=False) + 1e-5).sqrt()).clamp(min=0)

    h = model.stem(x.flatten(1))
    for layer in model.hidden:
        h = h + layer(normalised_relu(h))
    torch.testing.assert_close(model(x), model.head(normalised_relu(h)))


def test_lenet5_is_the_network_of_the_paper_in_todays_form():
    """Counted by layers: 156 + 2,416 + 48,120 + 10,164 + 850; and the expression written out."""
    torch.manual_seed(0)
    model, x = lab.LeNet5(), torch.randn(3, 1, 28, 28)
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert [parameters(layer) for layer in layers] == [156, 2_416, 48_120, 10_164, 850]
    h = x
    for layer, padding in zip(layers[:2], (2, 0), strict=True):
        h = nn.functional.conv2d(h, layer.weight, layer.bias, padding=padding).relu()
        n, c, height, width = h.shape
        h = h.reshape(n, c, height // 2, 2, width // 2, 2).amax((3, 5))  # 2×2 max pooling
    assert h.shape == (3, 16, 5, 5)
    h = h.flatten(1)
    for layer in layers[2:4]:
        h = (h @ layer.weight.T + layer.bias).clamp(min=0)
    torch.testing.assert_close(model(x), h @ layers[4].weight.T + layers[4].bias)


@pytest.mark.parametrize("size", [20, 29, 32, 48])
def test_lenet5_takes_images_of_another_size(size):
    assert lab.LeNet5(3, num_classes=4, size=size)(torch.randn(2, 3, size, size)).shape == (2, 4)
