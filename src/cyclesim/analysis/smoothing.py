"""Curves without their noise, and how much noise they had.

A curve is fitted by a parabola and cosines (Eubank and Speckman 1990), the cosines penalised by
their second differences (as in Whittaker 1923) and as much as generalised cross-validation bids
(Craven and Wahba 1979), with degrees of freedom counted 1.4 times against fitting noise (Gu
2002, 3.2). The cosines are orthogonal, so any number of curves takes a few matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

NOISY = 0.004
"""Noise below this share of the range is left alone: smoothing would round off true corners."""
FEWEST, COSINES = 41, 400
CAUTION = 1.4
JUMP, APART = 8.0, 4.0
"""A jump is so many deviations of the noise, and times the steps before and after it."""
STIFFNESS = np.logspace(-1, 11, 49)
FREEST = 0.6
"""A fit has at most this share of the points as its degrees of freedom."""


@dataclass(frozen=True)
class Curves:
    """Curves at even times, `values` by curve and time.

    For each curve `noise` is what it had, `remaining` what is left (one standard deviation).
    """

    time: np.ndarray
    values: np.ndarray
    noise: np.ndarray
    remaining: np.ndarray


@dataclass(frozen=True)
class _Basis:
    """The orthonormal cosines by time, and the fits of each stiffness that is free enough.

    `bends` are the straight line and the parabola in cosines, `bent` (stiffness, 2, cosine) what
    finds their sizes, `taken` (stiffness, cosine) the share of each cosine that is smoothed away.
    """

    cosines: np.ndarray
    bends: np.ndarray
    bent: np.ndarray
    taken: np.ndarray
    freedom: np.ndarray


def smoothed(time: np.ndarray, values: np.ndarray) -> Curves:
    """Return the curves at even times, each smoothed where it is noisy.

    `values` has an axis of curves, then one of times: finite, and three times or more.
    """
    count = values.shape[1]
    even = np.linspace(time[0], time[-1], count)
    if not np.allclose(time, even, rtol=0, atol=1e-6 * (even[1] - even[0])):
        values = _at(even, time, values)
    noise, remaining = noise_of(values), np.zeros(len(values))
    noisy = np.flatnonzero(noise > NOISY * np.ptp(values, axis=1))
    if noisy.size:
        jumps = _jumps(values[noisy], noise[noisy])
        fits, left, freedom = _fitted(values[noisy] - jumps)
        fits += jumps
        # Third differences take fast waves for noise, the fit a jump: neither is alone.
        noise[noisy] = np.minimum(noise[noisy], left)
        truly = noise[noisy] > NOISY * np.ptp(values[noisy], axis=1)
        noisy = noisy[truly]
        values = values.copy()
        values[noisy] = fits[truly]
        remaining[noisy] = noise[noisy] * np.sqrt(freedom[truly] / count)
    if count < FEWEST:
        fine = np.linspace(time[0], time[-1], FEWEST)
        even, values = fine, _at(fine, even, values)
    return Curves(even, values, noise, remaining)


def noise_of(values: np.ndarray) -> np.ndarray:
    """Return for each curve the standard deviation of what is not smooth in it.

    Third differences take away any parabola; their median stands against single jumps.
    """
    if values.shape[1] < 8:
        return np.zeros(len(values))
    thirds = np.abs(np.diff(values, 3, axis=1))
    return np.asarray(np.median(thirds, axis=1) / (0.6745 * np.sqrt(20.0)))


def _jumps(values: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return for each curve its largest step where it is a jump, which a fit would round off.

    A jump is far beyond the noise and its neighbours; a steep but smooth curve has none.
    """
    if values.shape[1] < 8:
        return np.zeros_like(values)
    steps = np.diff(values, axis=1)
    rows, places = np.arange(len(values)), np.argmax(np.abs(steps), axis=1)
    size = steps[rows, places]
    around = [np.abs(steps[rows, np.clip(places + by, 0, steps.shape[1] - 1)]) for by in (-1, 1)]
    beside = np.where((places == 0) | (places == steps.shape[1] - 1), np.inf, np.maximum(*around))
    size[np.abs(size) < np.maximum(JUMP * noise, APART * beside)] = 0.0
    return np.where(np.arange(values.shape[1]) > places[:, None], size[:, None], 0.0)


def _at(times: np.ndarray, old: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.stack([np.interp(times, old, row) for row in values])


def _fitted(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the fits, the deviation of what is around each, and its degrees of freedom."""
    count = values.shape[1]
    basis = _basis(count)
    first = values[:, :1]
    parts = (values - first) @ basis.cosines
    beyond = np.maximum(((values - first) ** 2).sum(axis=1) - (parts**2).sum(axis=1), 0.0)
    around = np.empty((len(values), len(basis.freedom)))
    for place, (bent, taken) in enumerate(zip(basis.bent, basis.taken, strict=True)):
        left = (parts - (parts @ bent.T) @ basis.bends) * taken
        around[:, place] = (left**2).sum(axis=1) + beyond
    best = np.argmin(around / (count - CAUTION * basis.freedom) ** 2, axis=1)
    sizes = np.einsum("rk,rbk->rb", parts, basis.bent[best])
    kept = parts - (parts - sizes @ basis.bends) * basis.taken[best]
    freedom = basis.freedom[best]
    deviation = np.sqrt(around[np.arange(len(values)), best] / (count - freedom))
    return first + kept @ basis.cosines.T, deviation, freedom


@lru_cache(maxsize=16)
def _basis(count: int) -> _Basis:
    order = np.arange(min(count, COSINES))
    middles = (np.arange(count) + 0.5) / count
    cosines = np.cos(np.pi * middles[:, None] * order) * np.sqrt(np.where(order, 2, 1) / count)
    rough = (2 * np.sin(np.pi * order / (2 * count))) ** 4
    taken = 1 - 1 / (1 + STIFFNESS[:, None] * rough)
    bends = np.stack([middles - 0.5, (middles - 0.5) ** 2]) @ cosines
    weighted = bends * taken[:, None, :]
    inner = np.linalg.inv(weighted @ bends.T)
    freedom = (1 - taken).sum(axis=1) + np.einsum("sab,sbk,sak->s", inner, weighted, weighted)
    allowed = freedom <= FREEST * count
    return _Basis(cosines, bends, (inner @ weighted)[allowed], taken[allowed], freedom[allowed])
