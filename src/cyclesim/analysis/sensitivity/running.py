"""Points of the unit cube into runs of a scenario: where each output ended, or all its course."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cyclesim.ensemble.batch.chunks import Prepared, prepared
from cyclesim.ensemble.designs import quantile
from cyclesim.scenario.design_parts import Distribution, Quantity
from cyclesim.scenario.parts import Scenario, Study

ROUNDING = 1e-9
"""Runs that differ by less than this share of their size are the same to rounding."""
AT_ONCE = 4096
"""Runs done together."""

Tell = Callable[[int], None]


@dataclass(frozen=True)
class Runner:
    """A scenario ready to run; `told` hears how many runs are done."""

    study: Study
    scenario: Scenario
    quantities: tuple[Quantity, ...]
    target: str
    told: Tell

    def ready(self, quantities: Sequence[Quantity]) -> Prepared:
        """Return the scenario with these quantities free and the others at their own numbers."""
        return prepared(self.study, self.scenario, quantities, self.target)

    def ends(self, quantities: Sequence[Quantity], shares: np.ndarray) -> np.ndarray:
        """Return where each output ended (output, run), NaN where a run failed.

        `shares` (run, quantity) are points of the unit cube.
        """
        return self.reached(quantities, shares, [-1])[1][:, 0]

    def reached(
        self, quantities: Sequence[Quantity], shares: np.ndarray, places: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return some of the saved times, and each output then (output, time, run).

        `shares` (run, quantity) are points of the unit cube, `places` which of the saved times.
        """
        return self.at_numbers(quantities, placed(quantities, shares.T), places)

    def at_numbers(
        self, quantities: Sequence[Quantity], numbers: np.ndarray, places: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return some of the saved times, and each output then, of numbers (quantity, run)."""
        ready = self.ready(quantities)
        found = np.full((len(self.study.outputs), len(places), numbers.shape[1]), np.nan)
        for first in range(0, numbers.shape[1], AT_ONCE):
            part = slice(first, min(first + AT_ONCE, numbers.shape[1]))
            # One noise for all: what differs between runs is what was varied.
            curves = ready.runs.trajectory(
                numbers[list(ready.used), part],
                keep=ready.rows,
                runs=np.zeros(part.stop - first, dtype=int),
            )
            found[:, :, part] = curves.values[:, list(places)]
            self.told(part.stop - first)
        return curves.time[list(places)], without_rounding(found)

    def courses(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the saved times, and each output's course (output, time, run).

        `numbers` are (quantity, run). Each run has its own noise.
        """
        ready = self.ready(self.quantities)
        parts = []
        for first in range(0, numbers.shape[1], AT_ONCE):
            curves = ready.curves(numbers[:, first : first + AT_ONCE], first)
            parts.append(curves.values)
            self.told(curves.values.shape[-1])
        return curves.time, np.concatenate(parts, axis=2)


def without_rounding(values: np.ndarray) -> np.ndarray:
    """Return values (..., run): infinite ones NaN, and all equal where only rounding differs."""
    found = np.where(np.isfinite(values), values, np.nan)
    for row in found.reshape(-1, found.shape[-1]):
        there = row[np.isfinite(row)]
        if there.size and np.ptp(there) <= ROUNDING * np.abs(there).max():
            row[np.isfinite(row)] = there[0]
    return found


def placed(quantities: Sequence[Quantity], shares: np.ndarray) -> np.ndarray:
    """Return the numbers (quantity, run) that shares of each distribution stand for."""
    return np.array(
        [
            quantile(distribution, row)
            for distribution, row in zip(distributions(quantities), shares, strict=True)
        ]
    )


def distributions(quantities: Sequence[Quantity]) -> list[Distribution]:
    """Return the distribution of each quantity, all of which have one."""
    found = [q.distribution for q in quantities if q.distribution is not None]
    assert len(found) == len(quantities)
    return found
