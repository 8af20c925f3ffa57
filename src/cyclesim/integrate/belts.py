"""The conveyors of a run: filled at its start, moved on by each step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from cyclesim.codegen.belt import Belt, Zone
from cyclesim.compiler import FlatModel
from cyclesim.compiler.parts import Conveying
from cyclesim.names import Ident

Column = Any


class Belts:
    """Every conveyor of a model, between the stocks and the memories of a run.

    What enters within a step, and what exponential leaks take, is gathered by levels that are
    emptied here: so it is what the method made of the rates, in all its stages, and what the stock
    gains and loses is what the belt gains and loses. `runs` is None for plain numbers.
    """

    def __init__(
        self,
        flat: FlatModel,
        dt: float,
        levels: Sequence[Column],
        held: Sequence[Column],
        runs: int | None,
    ) -> None:
        self.levels = _Places(flat, (rule.ident for rule in flat.levels), runs)
        self.held = _Places(flat, (rule.ident for rule in flat.memories), runs)
        self.conveyors = flat.conveyors
        self.belts = [
            Belt(
                [Zone(leak.start, leak.end) for leak in conveyor.leaks],
                conveyor.exponential,
                dt,
                self.levels.lanes(levels, conveyor.stock),
                self.held.lanes(held, conveyor.transit),
                [self.held.lanes(held, leak.fraction) for leak in conveyor.leaks],
            )
            for conveyor in flat.conveyors
        ]

    def moved(
        self, levels: Sequence[Column], held: Sequence[Column]
    ) -> tuple[list[Column], tuple[Column, ...]]:
        """Return the state after a step with what conveyors give in the next.

        `levels` and `held` are those after the step, the inputs of conveyors in `held` those at
        its start.
        """
        after, kept = list(levels), list(held)
        for conveyor, belt in zip(self.conveyors, self.belts, strict=True):
            self._move(conveyor, belt, after, kept)
        return after, tuple(kept)

    def _move(
        self, conveyor: Conveying, belt: Belt, levels: list[Column], held: list[Column]
    ) -> None:
        entering = self._emptied(levels, conveyor.entering)
        leaked = [self._emptied(levels, leak.leaked) for leak in conveyor.leaks if leak.leaked]
        transit = self.held.lanes(held, conveyor.transit)
        fractions = [self.held.lanes(held, leak.fraction) for leak in conveyor.leaks]
        belt.move(entering, transit, fractions, leaked)
        self.held.put(held, conveyor.leaving, belt.leaving())
        for leak, given in zip(conveyor.leaks, belt.leaking(), strict=True):
            self.held.put(held, leak.amount, given.amount)
            if leak.ending is not None:
                self.held.put(held, leak.ending, given.ending)

    def _emptied(self, levels: list[Column], ident: Ident) -> np.ndarray:
        found = self.levels.lanes(levels, ident)
        self.levels.put(levels, ident, np.zeros(len(found)))
        return found


class _Places:
    """Where variables lie in a state: their elements one by one, or a column each."""

    def __init__(self, flat: FlatModel, idents: Iterable[Ident], runs: int | None) -> None:
        self.runs = runs
        self.spots: dict[Ident, tuple[int, int, tuple[int, ...]]] = {}
        place = 0
        for ident in idents:
            variable = flat.by_ident[ident]
            self.spots[ident] = place, variable.size, variable.shape
            place += variable.size if runs is None else 1

    def lanes(self, state: Sequence[Column], ident: Ident) -> np.ndarray:
        """Return the values of a variable: its elements in order, each in all runs."""
        place, size, shape = self.spots[ident]
        if self.runs is None:
            return np.array(state[place : place + size], dtype=float)
        return np.broadcast_to(state[place], (*shape, self.runs)).ravel()

    def put(self, state: list[Column], ident: Ident, lanes: np.ndarray) -> None:
        """Set the values of a variable."""
        place, size, shape = self.spots[ident]
        if self.runs is None:
            state[place : place + size] = lanes.tolist()
        else:
            state[place] = lanes.reshape((*shape, self.runs))
