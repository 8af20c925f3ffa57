"""A design's numbers, run by run: the same whichever part of them is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cyclesim.ensemble.designs.quantiles import quantile
from cyclesim.ensemble.designs.shares import (
    latin_hypercube,
    latin_hypercube_part,
    monte_carlo,
    sobol,
)
from cyclesim.ensemble.designs.together import joined, reordered
from cyclesim.ensemble.designs.which import base_numbers, scenarios_named
from cyclesim.scenario.design_parts import (
    Beta,
    Design,
    DesignMethod,
    Distribution,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
    Values,
)
from cyclesim.scenario.parts import Scenario, Study

MOST_HELD = 16_000_000
"""Numbers of a Latin hypercube that are held in memory; runs of a larger one are made by part."""

TAIL = 0.05
"""One at a time, a number that is not equally likely everywhere goes to these quantiles."""


@dataclass(frozen=True)
class Sample:
    """The numbers of a design. `base` (quantity,) is where one at a time leaves the others."""

    design: Design
    base: tuple[float, ...] = ()

    def numbers(self, first: int, stop: int) -> np.ndarray:
        """Return the numbers (quantity, run) of runs `first` to `stop`, in each quantity's unit."""
        method, seed = self.design.method, self.design.seed
        if method is DesignMethod.MONTE_CARLO:
            return self._placed(monte_carlo(seed, self.design.labels, first, stop))
        if method is DesignMethod.SOBOL:
            return self._placed(sobol(seed, len(self.design.quantities), first, stop))
        if method is DesignMethod.GRID:
            return self._grid(first, stop)
        if method is DesignMethod.ONE_AT_A_TIME:
            return self._one_at_a_time(first, stop)
        if self._streamed:
            design = self.design
            return self._placed(latin_hypercube_part(seed, design.labels, design.runs, first, stop))
        return self._whole[:, first:stop]

    @property
    def _streamed(self) -> bool:
        """Return whether a Latin hypercube is too large to be held.

        With rank correlations all its points have to be put in order together.
        """
        design = self.design
        numbers = design.runs * len(design.quantities)
        hypercube = design.method is DesignMethod.LATIN_HYPERCUBE
        return hypercube and not design.ranks and numbers > MOST_HELD

    def _placed(self, shares: np.ndarray) -> np.ndarray:
        """Return what points of the unit cube stand for."""
        if self.design.ranks and self.design.method is not DesignMethod.LATIN_HYPERCUBE:
            shares = joined(shares, self.design.ranks)
        for row, distribution in zip(shares, self._distributions, strict=True):
            row[:] = quantile(distribution, row)
        return shares

    @cached_property
    def _distributions(self) -> tuple[Distribution, ...]:
        found = [q.distribution for q in self.design.quantities if q.distribution is not None]
        assert len(found) == len(self.design.quantities)
        return tuple(found)

    @cached_property
    def _whole(self) -> np.ndarray:
        """Return all numbers of a design in which each run depends on all others."""
        design = self.design
        if design.table is not None:
            return design.table
        if design.method is DesignMethod.PAIRED:
            return np.array([_values(each) for each in self._distributions])
        shares = latin_hypercube(design.seed, design.labels, design.runs)
        if design.ranks:
            shares = reordered(shares, design.ranks, design.seed, design.labels)
        return self._placed(shares)

    def _grid(self, first: int, stop: int) -> np.ndarray:
        """Return runs of a grid, the last quantity changing fastest."""
        values = [_values(each) for each in self._distributions]
        left = np.arange(first, stop)
        rows = np.empty((len(values), stop - first))
        for row, own in reversed(list(zip(rows, values, strict=True))):
            row[:] = np.array(own)[left % len(own)]
            left = left // len(own)
        return rows

    def _one_at_a_time(self, first: int, stop: int) -> np.ndarray:
        """Return runs in which one number differs from the study's own; in run 0 none does."""
        rows = np.repeat(np.array(self.base)[:, None], stop - first, axis=1)
        place = 1
        for row, distribution in zip(rows, self._distributions, strict=True):
            for level in levels(distribution):
                if first <= place < stop:
                    row[place - first] = level
                place += 1
        return rows


def levels(distribution: Distribution) -> Sequence[float]:
    """Return the numbers that a quantity goes to, one at a time."""
    match distribution:
        case Values(values):
            return values
        case Uniform(low, high):
            return (low, high)
        case Triangular() | Normal() | Lognormal() | Beta():
            return tuple(quantile(distribution, np.array([TAIL, 1 - TAIL])).tolist())


def _values(distribution: Distribution) -> tuple[float, ...]:
    assert isinstance(distribution, Values)
    return distribution.values


def sample_of(study: Study, design: Design, scenarios: Sequence[Scenario] = ()) -> Sample:
    """Return the sample of a design for the scenarios given, else for those of the design.

    Raises UsageError where one at a time has no single number to start from.
    """
    if design.method is not DesignMethod.ONE_AT_A_TIME:
        return Sample(design)
    return Sample(design, base_numbers(study, scenarios or scenarios_named(study, design), design))
