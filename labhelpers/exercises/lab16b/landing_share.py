"""Lab 16b, exercise `landing_share`."""

from __future__ import annotations

from scipy.stats import beta

from labhelpers.exercises.grading import Exercise


def landing_share(k, n):
    """Each end is the share at which k of n would still be met in one case of forty.

    Flights of one agent share its skill: those of ten agents, pooled, would be counted as if each
    were a new agent. Take a share for each agent, and the interval over the ten.
    """
    low = beta.ppf(0.025, k, n - k + 1) if k > 0 else 0.0
    high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
    return float(low), float(high)


def _inputs():
    return [(7, 10), (10, 10), (0, 10), (45, 50), (1, 3)]


exercise = Exercise(
    landing_share,
    _inputs,
    hints=[
        "The lower end: with which probability of landing would k or more of n be met in 2.5 % of "
        "all tests? The upper one: the same with k or fewer.",
        "The higher the share, the more probable are k or more of n: one share alone makes it "
        "2.5 %. It could be searched for, but is there a distribution that has it ready?",
        "k or more of n are met with probability beta.cdf(share, k, n - k + 1), from scipy.stats; "
        "ppf turns cdf round. And k or fewer is the opposite of k + 1 or more.",
        "The lower end is beta.ppf(0.025, k, n - k + 1); for the upper one put k + 1 in k's place. "
        "With k = 0 the lower end is 0, with k = n the upper one is 1: beta knows neither.",
    ],
)


@exercise.mistake(
    "this is mean ± 1.96 standard errors: with 10 of 10 its width is 0, and near 0 or 1 it leaves "
    "the possible."
)
def _normal(k, n):
    share = k / n
    half = 1.96 * (share * (1 - share) / n) ** 0.5
    return share - half, share + half


@exercise.mistake(
    "mean ± 1.96 standard errors stays too narrow when it is cut off at 0 and 1: 10 of 10 would "
    "make the agent perfect, without any doubt."
)
def _clipped(k, n):
    low, high = _normal(k, n)
    return max(low, 0.0), min(high, 1.0)


@exercise.mistake(
    "5 % in each tail make an interval of 90 %: the 5 % that may be missed are shared by two tails."
)
def _ninety(k, n):
    low = beta.ppf(0.05, k, n - k + 1) if k > 0 else 0.0
    high = beta.ppf(0.95, k + 1, n - k) if k < n else 1.0
    return float(low), float(high)


@exercise.mistake(
    "the ends have no value where all or none landed: with k = 0 the lower end is 0, with k = n "
    "the upper end is 1."
)
def _no_ends(k, n):
    return float(beta.ppf(0.025, k, n - k + 1)), float(beta.ppf(0.975, k + 1, n - k))


@exercise.mistake(
    "this is Wilson's interval: a good approximation, but it may cover less than 95 %. The exact "
    "one comes from the binomial distribution."
)
def _wilson(k, n):
    z, share = 1.96, k / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return middle - half, middle + half


@exercise.mistake(
    "this is Jeffreys' interval: it shares one more trial between both outcomes, and may cover "
    "less than 95 %. The exact one gives it to failures at the lower end, to successes at the "
    "upper."
)
def _jeffreys(k, n):
    low, high = beta.ppf([0.025, 0.975], k + 0.5, n - k + 0.5)
    return float(low), float(high)


@exercise.mistake(
    "Jeffreys' interval, with 0 and 1 as ends where none or all landed: those are right, but the "
    "halves are not exact. Add 1 to the failures at the lower end, to the successes at the upper."
)
def _jeffreys_to_the_ends(k, n):
    low, high = _jeffreys(k, n)
    return low if k > 0 else 0.0, high if k < n else 1.0


@exercise.mistake(
    "this takes k for successes in both tails: the upper end asks for k or *fewer*, so it is "
    "beta.ppf(0.975, k + 1, n - k)."
)
def _one_beta(k, n):
    low = beta.ppf(0.025, k, n - k + 1) if k > 0 else 0.0
    high = beta.ppf(0.975, k, n - k + 1) if 0 < k < n else float(k > 0)
    return float(low), float(high)


@exercise.mistake("per cent: shares from 0 to 1 were asked for.")
def _per_cent(k, n):
    low, high = landing_share(k, n)
    return 100 * low, 100 * high


@exercise.mistake("the two ends have changed places: the lower one comes first.")
def _turned(k, n):
    return landing_share(k, n)[::-1]
