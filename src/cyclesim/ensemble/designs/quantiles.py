"""What a share of a distribution stands for: its quantiles, for many shares at once."""

from __future__ import annotations

import math

import numpy as np

from cyclesim.scenario.design_parts import (
    Beta,
    Distribution,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
    Values,
)


def quantile(distribution: Distribution, shares: np.ndarray) -> np.ndarray:
    """Return the numbers that a distribution stays at or below with the shares given.

    Shares lie between 0 and 1. The truncated normal's quantiles are scipy's.
    """
    match distribution:
        case Uniform(low, high):
            return np.asarray(low + shares * (high - low))
        case Triangular(low, mode, high):
            return _triangular(shares, low, mode, high)
        case Normal(mean, deviation, low, high):
            return _cut_normal(shares, mean, deviation, low, high)
        case Lognormal(median, log_deviation, low, high):
            least = math.log(low) if low > 0 else -math.inf
            logs = _cut_normal(shares, math.log(median), log_deviation, least, math.log(high))
            return np.asarray(np.exp(logs))
        case Beta(alpha, beta, low, high):
            from scipy.special import betaincinv

            return np.asarray(low + (high - low) * betaincinv(alpha, beta, shares))
        case Values(values, weights):
            bounds = np.cumsum(weights)[:-1]
            return np.array(values)[np.searchsorted(bounds, shares, side="right")]


def _triangular(shares: np.ndarray, low: float, mode: float, high: float) -> np.ndarray:
    below = (mode - low) / (high - low)
    rising = low + np.sqrt(shares * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - shares) * (high - low) * (high - mode))
    return np.where(shares < below, rising, falling)


def _cut_normal(
    shares: np.ndarray, mean: float, deviation: float, low: float, high: float
) -> np.ndarray:
    # Half a second to load; a difference of two probabilities would lose the tails.
    from scipy.stats import truncnorm

    ends = (low - mean) / deviation, (high - mean) / deviation
    return np.asarray(truncnorm.ppf(shares, *ends, loc=mean, scale=deviation))
