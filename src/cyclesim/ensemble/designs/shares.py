"""Points of the unit cube for random designs: (quantity, run), each strictly between 0 and 1.

Monte Carlo and Latin hypercube draw each quantity by a generator of its own, keyed by the design's
seed and the quantity's name (Philox 4x64, Salmon et al. 2011), so that adding a quantity leaves
the numbers of the others as they are.
"""

from __future__ import annotations

import hashlib
import math
import warnings

import numpy as np

from cyclesim.names import canonical

_WORDS = 4
"""Numbers that one step of Philox's counter gives."""

_LEAST = 2.0**-54

_ROUNDS = 4
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def monte_carlo(seed: int, labels: tuple[str, ...], first: int, stop: int) -> np.ndarray:
    """Return independent draws of runs `first` to `stop`; no run depends on any other."""
    rows = np.empty((len(labels), stop - first))
    for row, label in zip(rows, labels, strict=True):
        whole, skipped = divmod(first, _WORDS)
        drawn = _generator(seed, label, whole).random(skipped + stop - first)
        row[:] = drawn[skipped:]
    return _inside(rows)


def latin_hypercube(seed: int, labels: tuple[str, ...], runs: int) -> np.ndarray:
    """Return all runs, one in each of `runs` slices of each axis (McKay, Beckman, Conover 1979)."""
    rows = np.empty((len(labels), runs))
    for row, label in zip(rows, labels, strict=True):
        generator = _generator(seed, label)
        row[:] = generator.permutation(runs)
        row += generator.random(runs)
        row /= runs
    return _inside(rows)


def latin_hypercube_part(
    seed: int, labels: tuple[str, ...], runs: int, first: int, stop: int
) -> np.ndarray:
    """Return runs `first` to `stop` of a Latin hypercube of `runs`, the others never made.

    The order of the slices is a permutation that can be asked for one place (`permuted`), where
    `latin_hypercube` shuffles them all; the two give other numbers.
    """
    rows = monte_carlo(seed, tuple(f"{label}: within" for label in labels), first, stop)
    places = np.arange(first, stop, dtype=np.uint64)
    for row, label in zip(rows, labels, strict=True):
        row += permuted(places, runs, _key(seed, f"{label}: slices"))
    return _inside(np.divide(rows, runs, out=rows))


def permuted(places: np.ndarray, size: int, key: np.ndarray) -> np.ndarray:
    """Return where a pseudo-random permutation of `size` numbers takes each of some places.

    A Feistel network over two digits of about the root of the size, what falls outside taken
    through it again until it is inside (Black and Rogaway 2002, generalised Feistel and cycle
    walking; Luby and Rackoff 1988 for the rounds). `key` are two 64-bit numbers.
    """
    low = math.isqrt(size - 1) + 1
    high = -(-size // low)
    found = places.astype(np.uint64)
    outside = np.arange(len(found))
    while len(outside):
        found[outside] = _feistel(found[outside], low, high, key)
        outside = outside[found[outside] >= size]
    return found


def _feistel(places: np.ndarray, low: int, high: int, key: np.ndarray) -> np.ndarray:
    """Return a permutation of the numbers below `low` times `high`."""
    left, right = places // low, places % low
    for number in range(0, _ROUNDS, 2):
        left = (left + _mixed(right, key, number) % high) % high
        right = (right + _mixed(left, key, number + 1) % low) % low
    return np.asarray(left * low + right)


def _mixed(digits: np.ndarray, key: np.ndarray, number: int) -> np.ndarray:
    """Return a keyed hash of digits: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    step = np.array([number + 1], dtype=np.uint64) * _GOLDEN + key[0]
    found = (digits ^ key[1]) * _GOLDEN + step
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(found ^ (found >> np.uint64(31)))


def sobol(seed: int, quantities: int, first: int, stop: int) -> np.ndarray:
    """Return points of Sobol's sequence, scrambled by the seed (Owen 1998)."""
    from scipy.stats import qmc  # half a second that only such designs have to pay

    engine = qmc.Sobol(quantities, scramble=True, seed=np.random.default_rng(seed))
    if first:  # scipy cannot go forward by none
        engine.fast_forward(first)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # any number of points may be asked for
        return _inside(np.ascontiguousarray(engine.random(stop - first).T))


def shuffled(seed: int, label: str, values: np.ndarray) -> np.ndarray:
    """Return values in an order of the seed's and the label's own."""
    return _generator(seed, f"{label}: order").permutation(values)


def _key(seed: int, label: str) -> np.ndarray:
    name = hashlib.sha256(canonical(label).encode()).digest()
    return np.array([seed, int.from_bytes(name[:8], "little")], dtype=np.uint64)


def _generator(seed: int, label: str, counter: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=_key(seed, label), counter=counter))


def _inside(rows: np.ndarray) -> np.ndarray:
    """Return the points with none on an edge, where an open distribution would be infinite."""
    return np.clip(rows, _LEAST, 1 - 2 * _LEAST, out=rows)
