"""Actions chosen from values."""

import pytest
import torch

import labhelpers as lab


def test_a_network_gives_each_action_a_value_and_learns_any():
    torch.manual_seed(0)
    q, obs, wanted = lab.QNetwork(3, 2, width=32), torch.randn(16, 3), torch.randn(16, 2)
    optimizer = torch.optim.Adam(q.parameters(), lr=1e-2)
    for _ in range(500):
        loss = (q(obs) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 1e-3


def test_actions_are_the_best_ones_or_any():
    torch.manual_seed(0)
    obs = torch.tensor([[0.0, 1.0, 2.0, -1.0]]).repeat(20_000, 1)
    assert (lab.epsilon_greedy(lambda x: x, obs) == 2).all()
    shares = torch.bincount(lab.epsilon_greedy(lambda x: x, obs, 0.4), minlength=4) / 20_000
    torch.testing.assert_close(shares, torch.tensor([0.1, 0.1, 0.7, 0.1]), atol=0.01, rtol=0)


def test_the_greedy_choice_draws_no_random_number():
    before = torch.get_rng_state()
    lab.epsilon_greedy(lambda x: x, torch.zeros(3, 2))
    assert torch.equal(torch.get_rng_state(), before)


def test_what_is_no_probability_is_refused():
    with pytest.raises(ValueError, match="probability"):
        lab.epsilon_greedy(lambda x: x, torch.zeros(1, 2), epsilon=1.1)
