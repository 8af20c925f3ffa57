"""Noise in the `numpy` target: the draws of `cyclesim.noise`, for arrays of coordinates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cyclesim.noise import CENTRE, MIDDLE, ROUNDS, TAIL

Array = Any


def philox(counter: tuple[Array, ...], key: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return the first two 32-bit words of Philox 4x32-10 for arrays of counters and keys."""
    c0, c1, c2, c3 = (np.asarray(part).astype(np.uint64) for part in counter)
    k0, k1 = (np.asarray(part).astype(np.uint64) for part in key)
    mask, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    for _ in range(ROUNDS):
        first = c0 * np.uint64(0xD2511F53)
        second = c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (
            (second >> shift) ^ c1 ^ k0,
            second & mask,
            (first >> shift) ^ c3 ^ k1,
            first & mask,
        )
        k0 = (k0 + np.uint64(0x9E3779B9)) & mask
        k1 = (k1 + np.uint64(0xBB67AE85)) & mask
    return c0, c1


def _uniform(seed: int, run: Array, site: int, element: Array, step: Array) -> Array:
    wide = 0xFFFFFFFF
    counter = (site & wide, np.asarray(element, np.int64), np.asarray(step, np.int64) & wide, 0)
    first, second = philox(counter, (seed & wide, np.asarray(run, np.int64) & wide))
    high = (first >> np.uint64(6)).astype(float) * 67108864.0
    return (high + (second >> np.uint64(6)).astype(float) + 0.5) / 4503599627370496.0


def standard_normal(probability: Array) -> Array:
    """Return the standard normal quantile (Wichura 1988, AS 241) of each probability."""
    q = probability - 0.5
    central = np.abs(q) <= 0.425
    r = np.sqrt(-np.log(np.where(q < 0, probability, 1.0 - probability)))
    inner = np.where(central, 0.180625 - q * q, 0.0)
    middle = _ratio(MIDDLE, np.minimum(r, 5.0) - 1.6)
    outer: Array = np.where(r <= 5.0, middle, _ratio(TAIL, r - 5.0))
    return np.where(central, q * _ratio(CENTRE, inner), np.where(q < 0, -outer, outer))


def _ratio(tables: tuple[tuple[float, ...], tuple[float, ...]], r: Array) -> Array:
    above, below = (np.polyval(np.array(table), r) for table in tables)
    return above / below


def noise_of(
    start: float, declared_dt: float, seed: int, runs: Array
) -> tuple[Callable[[Array], Array], Callable[..., Array], Callable[..., Array]]:
    """Return the functions that number noise steps and draw at a site, or by a seed."""

    def noise_step(time: Array) -> Array:
        return np.floor((time - start) / declared_dt + 1e-6).astype(np.int64)

    def draw(site: int, element: Array, step: Array) -> Array:
        return _uniform(seed, runs, site, element, step)

    def draw_seeded(fixed_seed: int, element: Array, step: Array) -> Array:
        return _uniform(fixed_seed, 0, 0, element, step)

    return noise_step, draw, draw_seeded
