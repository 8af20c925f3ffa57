"""Scenario discovery: the region of the quantities in which an outcome is common.

The patient rule induction method of Friedman and Fisher 1999 as Bryant and Lempert 2010 use it:
a box is peeled from one side at a time while the outcome grows denser in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.sensitivity.parts import Discovery, Limit, Share
from cyclesim.scenario.design_parts import Quantity

PEEL = 0.05
LEAST = 0.05
"""A region holds at least this share of the runs."""
MOST_LIMITS = 3
CHANCE = 0.05
DENSER = 0.5
"""How much coverage counts beside density where a region is chosen (van Rijsbergen 1979)."""
LIFT = 0.1
"""A region is told where its density is this far above that of all runs, or twice as high."""
_Z = 1.959963984540054


def share_of(name: str, runs: int, of: int) -> Share:
    """Return a share of runs with its 95 % interval (Wilson 1927)."""
    share, squared = runs / of, _Z * _Z
    middle = (share + squared / (2 * of)) / (1 + squared / of)
    spread = math.sqrt(share * (1 - share) / of + squared / (4 * of * of))
    half = _Z * spread / (1 + squared / of)
    return Share(name, runs, of, max(0.0, middle - half), min(1.0, middle + half))


@dataclass(frozen=True)
class _Box:
    """Limits (quantity,) on the numbers, infinite where there is none."""

    low: np.ndarray
    high: np.ndarray

    def holds(self, numbers: np.ndarray) -> np.ndarray:
        """Return which runs of numbers (quantity, run) lie in the box."""
        inside = (numbers >= self.low[:, None]) & (numbers <= self.high[:, None])
        return np.asarray(inside.all(axis=0))

    @property
    def limited(self) -> list[int]:
        """Return the places of the quantities that the box limits."""
        return np.flatnonzero(np.isfinite(self.low) | np.isfinite(self.high)).tolist()

    def without(self, place: int) -> _Box:
        """Return the box with a quantity set free."""
        low, high = self.low.copy(), self.high.copy()
        low[place], high[place] = -np.inf, np.inf
        return _Box(low, high)


def discovered(
    outcome: str, quantities: Sequence[Quantity], numbers: np.ndarray, cases: np.ndarray
) -> Discovery | None:
    """Return the region in which cases are common, None where they are too few or too many.

    `numbers` are (quantity, run), `cases` (run,). Every second run finds the region, the others
    measure it. None too where the region is hardly denser there than all runs are.
    """
    count = cases.size
    learn, judge = np.arange(0, count, 2), np.arange(1, count, 2)
    if not 10 <= cases[learn].sum() <= learn.size - 10:
        return None
    box = _simplest(_peeled(numbers[:, learn], cases[learn]), numbers[:, learn], cases[learn])
    inside = box.holds(numbers[:, judge])
    found = Discovery(
        outcome,
        tuple(
            Limit(quantities[place], float(box.low[place]), float(box.high[place]))
            for place in box.limited
        ),
        int(inside.sum()),
        int(cases[judge][inside].sum()),
        int(cases[judge].sum()),
        judge.size,
    )
    base = found.cases / found.runs
    return found if found.limits and found.density >= min(base + LIFT, 2 * base) else None


def _peeled(numbers: np.ndarray, cases: np.ndarray) -> list[_Box]:
    """Return the boxes from the whole to the smallest, each peeled from the one before."""
    count = cases.size
    box = _Box(np.full(len(numbers), -np.inf), np.full(len(numbers), np.inf))
    boxes = [box]
    inside = np.ones(count, dtype=bool)
    while inside.sum() * (1 - PEEL) >= LEAST * count and not cases[inside].all():
        best: tuple[float, _Box, np.ndarray] | None = None
        for place, row in enumerate(numbers):
            own = row[inside]
            for low, limit in ((True, np.quantile(own, PEEL)), (False, np.quantile(own, 1 - PEEL))):
                keeps = inside & ((row > limit) if low else (row < limit))
                if not 0 < keeps.sum() < inside.sum():
                    continue
                # How much denser, for each run that is given up (Friedman and Fisher 1999, 14.1).
                gain = (cases[keeps].mean() - cases[inside].mean()) / (inside.sum() - keeps.sum())
                if best is None or gain > best[0]:
                    low_ends, high_ends = box.low.copy(), box.high.copy()
                    (low_ends if low else high_ends)[place] = (
                        row[keeps].min() if low else row[keeps].max()
                    )
                    best = (gain, _Box(low_ends, high_ends), keeps)
        if best is None or best[0] <= 0:
            break
        _, box, inside = best
        boxes.append(box)
    return boxes


def _simplest(boxes: Sequence[_Box], numbers: np.ndarray, cases: np.ndarray) -> _Box:
    """Return the box that is both dense and covers many cases, with few limits that all count."""

    def worth(box: _Box) -> float:
        inside = box.holds(numbers)
        hits = float(cases[inside].sum())
        density, coverage = hits / max(1, inside.sum()), hits / cases.sum()
        weight = DENSER**2
        both = weight * density + coverage
        return (1 + weight) * density * coverage / both if hits else 0.0

    box = max(boxes, key=worth)
    while box.limited:
        chances = {place: _by_chance(box, place, numbers, cases) for place in box.limited}
        weakest = max(chances, key=lambda place: chances[place])
        if chances[weakest] <= CHANCE and len(chances) <= MOST_LIMITS:
            return box
        box = box.without(weakest)
    return box


def _by_chance(box: _Box, place: int, numbers: np.ndarray, cases: np.ndarray) -> float:
    """Return how likely the box were as dense by chance, did the quantity not matter.

    The quasi-p-value of Bryant and Lempert 2010: a binomial test against the density without it.
    """
    from scipy.stats import binom

    inside, wider = box.holds(numbers), box.without(place).holds(numbers)
    hits = int(cases[inside].sum())
    return float(binom.sf(hits - 1, int(inside.sum()), cases[wider].mean()))
