"""Recorded norms equal those of `.grad`, and the recorder leaves nothing behind."""

import math

import pandas as pd
import pytest
import torch
from torch import nn

import labhelpers as lab


@pytest.fixture
def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)
    )


def backward(model, seed):
    torch.manual_seed(seed)
    model.zero_grad()
    model(torch.randn(5, 1, 6, 6)).square().mean().backward()


def norm_by_hand(layer):
    return math.sqrt(sum(p.grad.square().sum().item() for p in layer.parameters()))


def hooks(model):
    return sum(
        len(p._backward_hooks or ()) + len(p._post_accumulate_grad_hooks or ())
        for p in model.parameters()
    ) + sum(len(m._forward_hooks) + len(m._backward_hooks) for m in model.modules())


def test_a_case_worked_by_hand():
    """y = w·x + b with x = (3, 4): dy/dw = (3, 4), of norm 5; dy/db = 1; together √26."""
    layer = nn.Linear(2, 1)
    with lab.record_gradients(layer) as gradients:
        layer(torch.tensor([[3.0, 4.0]])).sum().backward()
        (
            2 * layer(torch.tensor([[3.0, 4.0]]))
        ).sum().backward()  # .grad adds up, the record does not
    expected = pd.DataFrame(
        {"Linear": [math.sqrt(26), 2 * math.sqrt(26)]}, index=pd.RangeIndex(1, 3, name="step")
    )
    pd.testing.assert_frame_equal(gradients.norms, expected.rename_axis(columns="layer"))


def test_norms_are_those_of_grad_at_every_pass(net):
    expected = []
    with lab.record_gradients(net) as gradients:
        for seed in range(3):
            backward(net, seed)
            expected.append([norm_by_hand(net[i]) for i in (0, 1, 4)])
    assert list(gradients.norms.columns) == ["0", "1", "4"] and list(gradients.norms.index) == [
        1,
        2,
        3,
    ]
    torch.testing.assert_close(
        torch.tensor(gradients.norms.values), torch.tensor(expected).double()
    )


def test_gradients_are_the_same_bits_with_and_without(net):
    backward(net, 1)
    without = [p.grad.clone() for p in net.parameters()]
    with lab.record_gradients(net):
        backward(net, 1)
    assert all(torch.equal(a, p.grad) for a, p in zip(without, net.parameters(), strict=True))


def test_no_hook_stays_behind_even_after_an_exception(net):
    with lab.record_gradients(net) as gradients:
        assert hooks(net) > 0
    backward(net, 0)
    assert hooks(net) == 0 and len(gradients.norms) == 0
    with pytest.raises(RuntimeError, match="out of memory"), lab.record_gradients(net) as gradients:
        backward(net, 0)
        raise RuntimeError("out of memory")
    assert hooks(net) == 0 and len(gradients.norms) == 1


def test_shared_and_repeated_layers_count_once_with_their_total():
    inner = nn.Linear(4, 4)
    model = nn.Sequential(inner, nn.ReLU(), inner, nn.Linear(4, 4, bias=False))
    model[3].weight = inner.weight  # tied as well
    with lab.record_gradients(model) as gradients:
        model(torch.randn(3, 4)).sum().backward()
    assert list(gradients.norms.columns) == ["0"]
    assert gradients.norms.loc[1, "0"] == pytest.approx(norm_by_hand(inner))


def test_frozen_and_unreached_layers(net):
    net[4].requires_grad_(False)
    unused = nn.ModuleDict({"net": net, "unused": nn.Linear(2, 2)})
    with lab.record_gradients(unused) as gradients:
        backward(net, 0)
        unused["unused"](torch.ones(1, 2)).sum().backward()
    assert list(gradients.norms.columns) == ["net.0", "net.1", "unused"]
    assert gradients.norms.loc[1, "unused"] == 0 and gradients.norms.loc[2, "net.0"] == 0
    assert gradients.norms.loc[1, "net.0"] == pytest.approx(norm_by_hand(net[0]))
    with (
        pytest.raises(ValueError, match="Linear has no parameter with"),
        lab.record_gradients(net[4]),
    ):
        pass


def test_a_gradient_that_is_not_finite_shows():
    layer = nn.Linear(2, 1)
    with lab.record_gradients(layer) as gradients:
        (layer(torch.tensor([[math.nan, 1.0]]))).sum().backward()
    assert math.isnan(gradients.norms.iloc[0, 0])


def test_derivatives_taken_with_autograd_grad_work_inside_the_block(net):
    x = torch.randn(2, 1, 6, 6, requires_grad=True)
    with lab.record_gradients(net) as gradients:
        torch.autograd.grad(net(x).sum(), x)  # reaches no parameter: no pass
        grads = torch.autograd.grad(
            net(x).square().sum(), list(net.parameters()), create_graph=True
        )
    assert len(gradients.norms) == 1
    assert gradients.norms.loc[1, "4"] == pytest.approx(
        torch.cat([g.flatten() for g in grads[4:]]).norm().item()
    )


def test_parameters_of_modules_that_have_children():
    attention = nn.MultiheadAttention(4, 2)
    x = torch.randn(3, 1, 4)
    with lab.record_gradients(attention) as gradients:
        attention(x, x, x)[0].sum().backward()
    assert list(gradients.norms.columns) == ["MultiheadAttention", "out_proj"]


def test_gradients_whose_squares_underflow_are_not_lost():
    layer = nn.Linear(400, 1, bias=False)
    with lab.record_gradients(layer) as gradients:
        (1e-30 * layer(torch.full((1, 400), 2.0))).sum().backward()  # 4e-60 is 0 in float32
    assert gradients.norms.loc[1, "Linear"] == pytest.approx(4e-29, rel=1e-6, abs=0)
