"""Quantiles of distributions: what a draw between 0 and 1 stands for."""

from __future__ import annotations

import math
from collections.abc import Callable

MOST = 1e12
"""Counts expected beyond this are drawn as if any number could come."""


def poisson(probability: float, mean: float) -> float:
    """Return the least count that a Poisson variable stays at or below with a probability.

    NaN for a mean below 0, or a probability that is not between 0 and 1.
    """
    if not (0 < probability < 1 and 0 <= mean <= MOST):
        return math.nan
    if mean == 0:
        return 0.0
    mode = math.floor(mean)
    top = math.exp(mode * math.log(mean) - mean - math.lgamma(mode + 1))
    return _walked(probability, mode, math.inf, top, lambda count: mean / count)


def binomial(probability: float, trials: float, chance: float) -> float:
    """Return the least number of successes that stays at or below with a probability.

    NaN for trials that are no whole number from 0, or a chance that is not between 0 and 1.
    """
    if not (0 < probability < 1 and 0 <= trials <= MOST and trials == math.floor(trials)):
        return math.nan
    if not 0 < chance < 1 or trials == 0:
        return 0.0 if chance == 0 or trials == 0 else trials if chance == 1 else math.nan
    mode = min(math.floor((trials + 1) * chance), int(trials))
    odds = chance / (1.0 - chance)
    ways = math.lgamma(trials + 1) - math.lgamma(mode + 1) - math.lgamma(trials - mode + 1)
    top = math.exp(ways + mode * math.log(chance) + (trials - mode) * math.log1p(-chance))
    return _walked(
        probability, mode, trials, top, lambda count: odds * (trials - count + 1) / count
    )


def gamma(probability: float, shape: float) -> float:
    """Return what a gamma variable of scale 1 stays at or below with a probability.

    It inverts the regularized incomplete gamma function (NIST, Digital Library of Mathematical
    Functions, 8.2.4). NaN for a shape that is no number above 0.
    """
    if not (0 < probability < 1 and 0 < shape < math.inf):
        return math.nan
    # scipy takes half a second to load, and few models draw from these.
    from scipy.special import gammaincinv

    return float(gammaincinv(shape, probability))


def beta(probability: float, alpha: float, beta: float) -> float:
    """Return what a beta variable stays at or below with a probability.

    It inverts the regularized incomplete beta function (NIST, Digital Library of Mathematical
    Functions, 8.17.2). NaN for parameters that are no numbers above 0.
    """
    if not (0 < probability < 1 and 0 < alpha < math.inf and 0 < beta < math.inf):
        return math.nan
    from scipy.special import betaincinv

    return float(betaincinv(alpha, beta, probability))


def _walked(
    probability: float,
    mode: int,
    most: float,
    top: float,
    ratio: Callable[[int], float],
) -> float:
    """Return a quantile, found from the most likely count, whose probability is `top`.

    `ratio(n)` is the probability of n over that of n - 1. The sum below the mode is taken first;
    it costs as many terms as the distribution is wide.
    """
    below, term, count = top, top, mode
    while count > 0 and term > below * 1e-17:
        term /= ratio(count)
        count -= 1
        below += term
    total, term, count = below, top, mode
    while count > 0 and total - term >= probability:
        total -= term
        term /= ratio(count)
        count -= 1
    while total < probability and count < most and total + term > total:
        count += 1
        term *= ratio(count)
        total += term
    return float(count)
