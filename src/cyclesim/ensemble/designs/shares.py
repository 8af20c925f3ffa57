"""Points of the unit cube for random designs: (quantity, run), each strictly between 0 and 1.

Monte Carlo and Latin hypercube draw each quantity by a generator of its own, keyed by the design's
seed and the quantity's name (Philox 4x64, Salmon et al. 2011), so that adding a quantity leaves
the numbers of the others as they are.
"""

from __future__ import annotations

import hashlib
import warnings

import numpy as np

from cyclesim.names import canonical

_WORDS = 4
"""Numbers that one step of Philox's counter gives."""

_LEAST = 2.0**-54


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


def _generator(seed: int, label: str, counter: int = 0) -> np.random.Generator:
    name = hashlib.sha256(canonical(label).encode()).digest()
    key = np.array([seed, int.from_bytes(name[:8], "little")], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def _inside(rows: np.ndarray) -> np.ndarray:
    """Return the points with none on an edge, where an open distribution would be infinite."""
    return np.clip(rows, _LEAST, 1 - 2 * _LEAST, out=rows)
