"""Measuring a generator: how far its samples are from real ones, and how many they cover."""

import torch
from torch import Tensor


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Return the squared Fréchet distance of Gaussians fitted to features a (N, D) and b (M, D).

    ``|μ_a - μ_b|² + tr(Σ_a + Σ_b - 2 (Σ_a Σ_b)^½)``: Heusel et al. 2017, arXiv:1706.08500,
    equation 6. It is 0 for equal sets, and grows as the sets get smaller: compare only values from
    equally many examples.

    Raises ValueError unless both are tables of two or more examples with the same D.

    Example:
        >>> a = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
        >>> round(lab.frechet_distance(a, a + 1), 3)  # the squared distance of the means
        2.0
    """
    _require_features(a, b)
    # On the CPU, because Apple's GPU has no float64; a few thousand features take no time there.
    a, b = a.detach().cpu().double(), b.detach().cpu().double()
    means = (a.mean(0) - b.mean(0)).square().sum()
    values, vectors = torch.linalg.eigh(torch.cov(a.T).reshape(a.shape[1], -1))
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T  # Σ_a^½
    other = torch.cov(b.T).reshape(root.shape)
    cross = torch.linalg.eigvalsh(root @ other @ root).clamp(min=0).sqrt().sum()  # tr (Σ_a Σ_b)^½
    return (means + values.sum() + other.trace() - 2 * cross).clamp(min=0).item()


def precision_recall(real: Tensor, fake: Tensor, k: int = 3) -> dict[str, float]:
    """Return ``precision`` and ``recall`` of features `fake` (M, D) against `real` (N, D), each in
    0…1.

    Precision is the share of fakes that lie among the real ones (quality), recall the share of real
    ones that lie among the fakes (variety). "Among" means: no further from some member than that
    member's `k`-th nearest neighbour of its own set (Kynkäänniemi et al. 2019, arXiv:1904.06991,
    equations 1 and 2).

    Raises ValueError unless both are tables (examples, D) of more than `k` examples.

    Example:
        >>> a = torch.arange(20.0)[:, None]
        >>> lab.precision_recall(a, a)
        {'precision': 1.0, 'recall': 1.0}
    """
    _require_features(real, fake, k)
    return {"precision": _share_among(fake, real, k), "recall": _share_among(real, fake, k)}


def _share_among(points: Tensor, members: Tensor, k: int) -> float:
    within = torch.cdist(members, members, compute_mode=_EXACT)
    radii = within.kthvalue(k + 1).values  # the nearest is itself, at 0
    inside = torch.cdist(points, members, compute_mode=_EXACT) <= radii  # (points, members)
    return int(inside.any(1).sum()) / len(points)


def _require_features(a: Tensor, b: Tensor, k: int = 1) -> None:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) <= k:
        given = f"{tuple(a.shape)} and {tuple(b.shape)}"
        allowed = f"two tensors (examples, D), D equal, with more than {k} examples"
        raise ValueError(f"features {given}: give {allowed}")


_EXACT = "donot_use_mm_for_euclid_dist"  # the faster mode gives a point a distance from itself
