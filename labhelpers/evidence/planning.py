"""Planning: how many seeds would decide what is undecided."""

import math

from labhelpers.evidence.intervals import Interval


def seeds_to_decide(
    found: Interval, threshold: float, margin: float | None, power: float = 0.8
) -> int | None:
    """Return how many seeds (or cases) would decide a claim, if the effect is as large as it looks.

    The claim is decided when the half-width of its interval is below the distance d between mean
    and threshold, or, as negligible, below d = margin - |mean - threshold|. A new sample's mean
    scatters as well, so the smallest n is sought with

        (t₁ + t₂) · s / √n ≤ d,

    where s is the standard deviation over seeds, and t₁ and t₂ are Student's quantiles, with n - 1
    degrees of freedom, at the interval's level (two-sided) and at `power` (one-sided): with that n
    four samples in five decide. Ratios are planned on the log scale. None when no number would do.

    For k of n cases that number is a first guess, from which n grows until the exact binomial
    intervals decide with that probability.
    """
    mean, line = found.mean, threshold
    if found.scale == "log":
        mean, line = math.log(found.mean), math.log(threshold)
    distance = abs(mean - line)
    if margin is not None:
        room = math.log1p(margin) if found.scale == "log" else margin
        distance = max(distance, room - distance)
    if not distance > 0 or not math.isfinite(found.spread):
        return None
    needed = _smallest_n(found.spread / distance, found.level, power)
    # With very many cases the formula is right to a per cent.
    while found.scale == "share" and needed and needed < 20_000:
        if _share_decided(found, needed, line, margin) >= power:
            break
        needed += 1 + needed // 50
    return needed


def _share_decided(found: Interval, n: int, line: float, margin: float | None) -> float:
    """The probability that n cases, with the share that was seen, decide."""
    import numpy as np
    from scipy.stats import beta, binom

    bottom, top = found.bounds  # 0 and 1, or 0 and 100 for a share in per cent
    share, line = (found.mean - bottom) / (top - bottom), (line - bottom) / (top - bottom)
    k, tail = np.arange(n + 1), (1 - found.level) / 2
    low = np.where(k > 0, beta.ppf(tail, np.maximum(k, 1), n - k + 1), 0.0)
    high = np.where(k < n, beta.ppf(1 - tail, k + 1, np.maximum(n - k, 1)), 1.0)
    decided = (low > line) | (high < line)
    if margin is not None:
        room = margin / (top - bottom)
        decided |= (line - room <= low) & (high <= line + room)
    return float(binom.pmf(k, n, share)[decided].sum())


def _smallest_n(noise: float, level: float, power: float, most: int = 1_000_000) -> int | None:
    from scipy.stats import t

    def decides(n: int) -> bool:
        return (t.ppf((1 + level) / 2, n - 1) + t.ppf(power, n - 1)) * noise <= math.sqrt(n)

    n = 3  # fewer are never judged
    while n < most and not decides(n):
        n *= 2
    if n >= most:
        return None
    below, enough = n // 2, n
    while enough - below > 1:  # bisection: more seeds never decide less
        middle = (below + enough) // 2
        if middle >= 3 and decides(middle):
            enough = middle
        else:
            below = middle
    return enough
