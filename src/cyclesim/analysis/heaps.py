"""Whether runs end in two heaps, so that no mean, deviation or median speaks for them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

BINS = 512
LEAST_HEAP = 0.1
"""A heap holds at least this share of the runs."""
VALLEY = 0.5
"""Between heaps there are at most this share of the runs that the lower of them has at its top."""
CERTAIN = 3.0
"""How many standard deviations of a count the lower top stands above the valley."""
LEAST_ENDS = 50


@dataclass(frozen=True)
class Heaps:
    """Two heaps: the middle number of each, and the share of runs in the lower one."""

    low: float
    high: float
    share: float


def heaps_of(values: np.ndarray) -> Heaps | None:
    """Return the two heaps that values (run,) lie in, None where they lie in one.

    By the density smoothed with the bandwidth of Silverman 1986, 3.31. NaN is passed over.
    """
    values = values[np.isfinite(values)]
    if values.size < LEAST_ENDS or not np.ptp(values) > 0:
        return None
    density, counts, edges = _density(values)
    share = np.cumsum(counts) / values.size
    left = np.maximum.accumulate(density)
    right = np.maximum.accumulate(density[::-1])[::-1]
    top = np.minimum(left, right)
    depth = density / top
    # The kernel is 1 at its top, so that a density is about the number of runs behind it.
    depth[top - density < CERTAIN * np.sqrt(top)] = 1.0
    depth[(share < LEAST_HEAP) | (share > 1 - LEAST_HEAP)] = 1.0
    at = int(np.argmin(depth))
    if depth[at] >= VALLEY:
        return None
    below = values <= edges[at + 1]
    low, high = float(np.median(values[below])), float(np.median(values[~below]))
    return Heaps(low, high, float(below.mean()))


def _density(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how dense values are (bin,), smoothed; how many there are; the edges of the bins."""
    lower, upper = np.quantile(values, [0.25, 0.75])
    spread = float(values.std())
    if upper > lower:
        spread = min(spread, float(upper - lower) / 1.34)
    width = float(np.ptp(values))
    band = max(0.9 * spread * values.size**-0.2, 2 * width / BINS)
    counts, edges = np.histogram(
        values, bins=BINS, range=(values.min() - 3 * band, values.max() + 3 * band)
    )
    step = float(edges[1] - edges[0])
    reach = math.ceil(4 * band / step)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / band) ** 2)
    return np.convolve(counts, kernel, mode="same"), counts, edges
