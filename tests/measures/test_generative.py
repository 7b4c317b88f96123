"""The generative measures against closed forms and sets small enough to work out by hand."""

import numpy as np
import pytest
import scipy.linalg
import torch

import labhelpers as lab


def with_moments(n, mean, covariance, seed):
    """Draw n examples whose sample mean and covariance are exactly those given."""
    x = torch.randn(
        n, len(mean), dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    )
    x = x - x.mean(0)
    white = x @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(x.T))).T
    return white @ torch.linalg.cholesky(covariance).T + mean


def test_frechet_distance_of_diagonal_gaussians_has_a_closed_form():
    mean_a, mean_b = torch.tensor([[1.0, -2.0, 0.5], [0.0, 1.0, 0.5]]).double()
    std_a, std_b = torch.tensor([[1.0, 0.3, 2.0], [2.0, 0.1, 2.0]]).double()
    a = with_moments(50, mean_a, torch.diag(std_a**2), 1)
    b = with_moments(80, mean_b, torch.diag(std_b**2), 2)
    expected = (mean_a - mean_b).square().sum() + (std_a - std_b).square().sum()
    assert lab.frechet_distance(a, b) == pytest.approx(expected.item(), rel=1e-9)
    assert lab.frechet_distance(b, a) == pytest.approx(expected.item(), rel=1e-9)


def test_frechet_distance_of_full_gaussians_is_scipys():
    generator = torch.Generator().manual_seed(3)
    factors = torch.randn(2, 5, 5, dtype=torch.float64, generator=generator)
    cov_a, cov_b = factors @ factors.mT + 0.1 * torch.eye(5)
    means = torch.randn(2, 5, dtype=torch.float64, generator=generator)
    a, b = with_moments(60, means[0], cov_a, 4), with_moments(40, means[1], cov_b, 5)
    root = scipy.linalg.sqrtm(cov_a.numpy() @ cov_b.numpy())
    expected = (
        np.sum((means[0] - means[1]).numpy() ** 2)
        + np.trace(cov_a.numpy() + cov_b.numpy() - 2 * root).real
    )
    assert lab.frechet_distance(a, b) == pytest.approx(expected, rel=1e-8)


def test_frechet_distance_of_equal_sets_is_zero_also_when_the_covariance_is_singular():
    x = torch.randn(30, 8, generator=torch.Generator().manual_seed(0))
    assert lab.frechet_distance(x, x) == pytest.approx(0, abs=1e-6)
    assert lab.frechet_distance(x[:4], x[:4]) == pytest.approx(0, abs=1e-6)  # rank 3 of 8
    assert lab.frechet_distance(x[:, :1], x[:, :1]) == pytest.approx(0, abs=1e-9)
    assert lab.frechet_distance(x, x + 2) == pytest.approx(8 * 4, rel=1e-4)  # float32 features


def test_frechet_distance_to_a_collapsed_set_is_the_variance_and_the_offset():
    x = torch.randn(40, 6, generator=torch.Generator().manual_seed(1)).double()
    one = x.mean(0).repeat(10, 1) + 1.0
    assert lab.frechet_distance(x, one) == pytest.approx(
        torch.cov(x.T).trace().item() + 6, rel=1e-9
    )


SETS = {
    "identical": (lambda x: x, 1.0, 1.0),
    "disjoint": (lambda x: x + 1000, 0.0, 0.0),
    "collapsed onto one real example": (lambda x: x[:1].repeat(len(x), 1), 1.0, 1 / 60),
    "half of the real ones, half far away": (lambda x: torch.cat([x, x + 1000]), 0.5, 1.0),
}


@pytest.mark.parametrize("name", SETS)
def test_precision_and_recall_of_hand_made_sets(name):
    change, precision, recall = SETS[name]
    real = torch.randn(60, 4, generator=torch.Generator().manual_seed(2))
    expected = {"precision": precision, "recall": pytest.approx(recall)}
    assert lab.precision_recall(real, change(real)) == expected


def test_a_collapsed_cluster_has_precision_one_and_the_recall_of_its_share():
    near, far = torch.randn(2, 40, 3, generator=torch.Generator().manual_seed(3)) * 0.1
    real = torch.cat([near, far + 100, far - 100, far + 300])
    assert lab.precision_recall(real, near) == {"precision": 1.0, "recall": 0.25}


def test_precision_and_recall_on_a_line_by_hand():
    """With k = 1 the balls of real 0, 1, 3 have radii 1, 1, 2; those of fake 2 and 6 have 4."""
    real, fake = torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([[2.0], [6.0]])
    assert lab.precision_recall(real, fake, k=1) == {"precision": 0.5, "recall": 1.0}
    fake = torch.tensor([[4.9], [5.1]])  # radii 0.2
    assert lab.precision_recall(real, fake, k=1) == {"precision": 0.5, "recall": 0.0}


def test_more_neighbours_widen_the_balls():
    real = torch.arange(10.0)[:, None]
    fake = torch.tensor([[-2.5], [-1.5], [-0.5], [4.0]])
    found = [lab.precision_recall(real, fake, k)["precision"] for k in (1, 2, 3)]
    assert found == [0.5, 0.75, 1.0]


def test_what_cannot_be_measured_is_refused():
    x = torch.randn(10, 3)
    with pytest.raises(ValueError, match=r"features \(10, 3\) and \(10, 2\): give two tensors"):
        lab.frechet_distance(x, x[:, :2])
    with pytest.raises(ValueError, match="with more than 3 examples"):
        lab.precision_recall(x, x[:3])
