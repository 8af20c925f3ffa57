"""Searches for loops, each made once however many runs of a model ask for it.

Which loops there are depends on the links and on which of them are ever active together, not on
their scores: the scenarios of a study often have the same. What was found lasts as long as the
object that remembers it, one call as a rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cyclesim.analysis.loops.chains import Chain, NamedLoops, named_loops
from cyclesim.analysis.loops.cycles import Budget, Loop, OverBudgetError, all_loops, together

Array = np.ndarray

_Ends = Sequence[tuple[int, int]]

_OUTSIDE = -1


class Searches:
    """Searches that were made; `ends` are source and target of each link, `scores` (link, time).

    Rows count by their order: a scenario's changes add constants, which shift the rows.
    """

    def __init__(self) -> None:
        self._loops: dict[object, tuple[Loop, ...] | None] = {}
        self._named: dict[object, NamedLoops] = {}

    def all_loops(self, ends: _Ends, scores: Array, budget: Budget) -> tuple[Loop, ...]:
        """Return every loop that is ever active. Raises OverBudgetError where there are too many.

        A search that found too many is not made again.
        """
        active, rows = together(scores), _rows(ends)
        own = _by_order(ends, rows)
        key = (own, active, budget)
        if key not in self._loops:
            try:
                self._loops[key] = all_loops(own, active, budget)
            except OverBudgetError:
                self._loops[key] = None
        found = self._loops[key]
        if found is None:
            raise OverBudgetError
        return found

    def named_loops(
        self, ends: _Ends, scores: Array, stocks: frozenset[int], chains: Mapping[str, Chain]
    ) -> NamedLoops:
        """Return the loops of each chain, as `chains.named_loops` does."""
        rows = _rows(ends)
        place = {row: number for number, row in enumerate(rows)}

        def placed(some: frozenset[int]) -> frozenset[int]:
            return frozenset(place.get(row, _OUTSIDE) for row in some)

        own, through = _by_order(ends, rows), placed(stocks)
        wanted = {name: tuple(map(placed, chain)) for name, chain in chains.items()}
        key = (own, together(scores), through, tuple(wanted.items()))
        if key not in self._named:
            self._named[key] = named_loops(own, scores, through, wanted)
        found = self._named[key]
        if not found.idle:
            return found
        idle = {name: tuple(rows[each] for each in way) for name, way in found.idle.items()}
        return replace(found, idle=idle)


def _rows(ends: _Ends) -> list[int]:
    return sorted({row for pair in ends for row in pair})


def _by_order(ends: _Ends, rows: Sequence[int]) -> tuple[tuple[int, int], ...]:
    place = {row: number for number, row in enumerate(rows)}
    return tuple((place[source], place[target]) for source, target in ends)
