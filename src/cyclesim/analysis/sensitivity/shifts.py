"""PAWN: how far fixing a quantity moves the whole distribution of an output's end.

Pianosi and Wagener 2018, by its definition: SALib never looks at the largest of few values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cyclesim.analysis.sensitivity.indices import without_failed
from cyclesim.analysis.sensitivity.parts import Distance
from cyclesim.analysis.sensitivity.running import Runner

SLICES = 10
SHUFFLES = 200
IDLE = 0.99
"""An idle number stays below the distance called `noise` in this share of cases."""

Array = np.ndarray


def distances(runner: Runner, numbers: Array, ends: Array, seed: int) -> tuple[Distance, ...]:
    """Return how far each quantity moves the distribution of each output's end.

    `numbers` (quantity, run) and `ends` (output, run) are those of a random design.
    """
    found = []
    for output, row in zip(runner.study.outputs, ends, strict=True):

        def indices(some: Array, kept: Array) -> dict[str, Any]:
            slices = [slices_of(each[kept]) for each in numbers]
            far = [np.array(apart(each, some)) for each in slices]
            return {
                "median": np.array([np.median(each) for each in far]),
                "maximum": np.array([each.max() for each in far]),
                "noise": _noise(slices, some, seed),
            }

        values, failures = without_failed(row, 1, output, indices, "median")
        none = np.full(len(runner.quantities), np.nan)
        median, largest, noise = (values.get(key, none) for key in ("median", "maximum", "noise"))
        found.append(Distance(output, runner.quantities, median, largest, noise, failures))
    return tuple(found)


def slices_of(numbers: Array) -> Array:
    """Return the slice that each run is in: of equal size, or one each of few values."""
    known, place = np.unique(numbers, return_inverse=True)
    return np.asarray(place * min(SLICES, known.size) // known.size)


def apart(slices: Array, values: Array) -> list[float]:
    """Return the Kolmogorov-Smirnov distance of the values in each slice from all values."""
    order = np.argsort(values, kind="stable")
    sorted_values, sorted_slices = values[order], slices[order]
    last = np.append(sorted_values[1:] > sorted_values[:-1], True)  # equal values step together
    whole = np.flatnonzero(last) + 1
    found = []
    for one in range(int(slices.max()) + 1):
        inside = np.cumsum(sorted_slices == one)
        share = inside[last] / inside[-1]
        found.append(float(np.abs(share - whole / values.size).max()))
    return found


def _noise(slices: list[Array], values: Array, seed: int) -> Array:
    """Return what an idle number with the same slices would hardly exceed, for each quantity."""
    known: dict[tuple[int, ...], float] = {}
    found = []
    for own in slices:
        sizes = tuple(np.bincount(own).tolist())
        if sizes not in known:
            generator = np.random.default_rng(seed)
            shuffled = [
                np.median(apart(generator.permutation(own), values)) for _ in range(SHUFFLES)
            ]
            known[sizes] = float(np.quantile(shuffled, IDLE))
        found.append(known[sizes])
    return np.array(found)
