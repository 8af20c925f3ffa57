"""Where a model's numbers lie in the frame of a block of runs, and what is computed when.

A frame is memory of one block, counted in vectors. Parameters, constants and what depends on
nothing else are computed once a block; what stands still within a step once a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

from cyclesim.codegen.llvm_tables import ElementTables
from cyclesim.codegen.llvm_text import Module
from cyclesim.compiler import FlatModel, Term
from cyclesim.compiler.flat import Statement
from cyclesim.compiler.order import reachable
from cyclesim.compiler.terms import (
    Apply,
    AtPlace,
    Clock,
    Literal,
    Lookup,
    Reading,
    Symbol,
    walk,
)
from cyclesim.names import Ident

CLOCK = (Reading.DT, Reading.START, Reading.STOP)
"""Readings that stand still in a run, in the order in which a frame has them."""


class Job(IntEnum):
    """What lies where in a job; all but numbers are addresses.

    INPUTS: of each row of parameters, levels and what is held, its numbers; STRIDES: 1 where a
    row has one for each run, 0 where it has one for all. CLOCK: dt, start, stop, declared dt.
    DIED: for each run the step it did not survive, or -1; STATES: the state of those runs at that
    step; EXTREME: for each run whether a divisor has no proper reciprocal. CLOCKED: what depends on
    the time only, for each stage, term and step; PITCH: the steps of one term.
    """

    INPUTS = 0
    STRIDES = 1
    RUNS = 2
    SEED = 3
    CLOCK = 4
    TIMES = 5
    STEPS = 6
    SAVED = 7
    OUT = 8
    WIDTH = 9
    DIED = 10
    STATES = 11
    EXTREME = 12
    CLOCKED = 13
    PITCH = 14


class Plan:
    """Places and phases of a model's variables. `strict` keeps every division as it is written.

    `moving_time` is whether the time moves within a step, as it does between the stages of a
    method that has several.
    """

    def __init__(self, flat: FlatModel, module: Module, strict: bool, moving_time: bool) -> None:
        self.flat = flat
        self.module = module
        self.strict = strict
        self.moving_time = moving_time
        self.size = 0
        self.parameters = {ident: self.take(self._size(ident)) for ident in flat.parameters}
        self.clock = {reading: self.take(1) for reading in CLOCK}
        self.declared_dt, self.seed, self.run = (self.take(1) for _ in range(3))
        self.extreme = self.take(1)
        self.held_from = self.size
        self.held = {ident: self.take(self._size(ident)) for ident in held_idents(flat)}
        self.held_size = self.size - self.held_from
        self.next_held = self.take(self.held_size)
        self.delays = self.take(size_of(flat, buffer_idents(flat)))
        self.levels: dict[Ident, int] = {}
        self.levels_size = 0
        for ident in level_idents(flat):
            self.levels[ident] = self.levels_size
            self.levels_size += self._size(ident)
        self.stored: dict[Ident, int] = {}
        self.statics: dict[Term, int] = {}
        self.clocked: dict[Term, int] | None = None
        self.tables: dict[Ident, ElementTables] = {}
        self.needs = _needs(flat.steps)
        constants = [each for s in flat.constants for each in s.assignments]
        self.constants = {each.ident for each in constants}
        for each in constants:
            self._store(each.ident)
        self.standing = self._standing()

    def take(self, count: int) -> int:
        """Return the first of a number of places in the frame that are still free."""
        self.size += count
        return self.size - count

    def _size(self, ident: Ident) -> int:
        return self.flat.by_ident[ident].size

    def _store(self, ident: Ident) -> None:
        if ident not in self.stored:
            self.stored[ident] = self.take(self._size(ident))

    def place(self, ident: Ident) -> tuple[str, int] | None:
        """Return the base and the spot of a variable; None where it is in no memory."""
        if ident in self.levels:
            return "%levels", self.levels[ident]
        for places in (self.parameters, self.held, self.stored):
            if ident in places:
                return "%frame", places[ident]
        if self.flat.by_ident[ident].shape:
            self._store(ident)
            return "%frame", self.stored[ident]
        return None

    def static(self, term: Term) -> bool:
        """Return whether a term depends on nothing that changes in a run, nor on a loop."""
        match term:
            case Literal():
                return True
            case Symbol(ident=ident, indexes=indexes):
                fixed = ident in self.parameters or ident in self.constants
                return fixed and all(isinstance(index, AtPlace) for index in indexes)
            case Clock(reading=reading):
                return reading in CLOCK
            case Apply(arguments=arguments):
                return all(map(self.static, arguments))
            case Lookup(argument=argument, indexes=()):
                return self.static(argument)
        return False

    def timed(self, term: Term) -> bool:
        """Return whether a term depends on nothing but the clock."""
        nodes = tuple(walk(term))
        return all(isinstance(node, Literal | Clock | Apply) for node in nodes) and any(
            isinstance(node, Clock) and node.reading not in CLOCK for node in nodes
        )

    def timed_place(self, term: Term) -> int:
        """Return the number of a term that depends on nothing but the clock."""
        assert self.clocked is not None
        return self.clocked.setdefault(term, len(self.clocked))

    def static_spot(self, term: Term) -> int:
        """Return where the value of a static term is."""
        if term not in self.statics:
            self.statics[term] = self.take(1)
        return self.statics[term]

    def statements(self, wanted: Iterable[Ident], standing: bool) -> list[Statement]:
        """Return the steps that compute what is wanted, either those once a step or the others."""
        needed = {need for ident in wanted for need in reachable(ident, self.needs)}
        return [
            statement
            for statement in self.flat.steps
            if any(each.ident in needed for each in statement.assignments)
            and all(each.ident in self.standing for each in statement.assignments) == standing
        ]

    def _standing(self) -> frozenset[Ident]:
        """Return the variables of the steps that stand still within a step, and give them places.

        What a frame holds anyway, and numbers that cost nothing, need none.
        """
        still: set[Ident] = set()
        known = {*self.parameters, *self.constants, *self.held}
        for statement in self.flat.steps:
            pieces = [piece for each in statement.assignments for piece in each.pieces]
            own = {each.ident for each in statement.assignments}
            fed = {need for piece in pieces for need in piece.symbols} - own
            quiet = all(not self._moves(piece.term) for piece in pieces)
            if quiet and all(need in known or need in still for need in fed):
                still |= own
        split = {
            each.ident
            for statement in self.flat.steps
            for each in statement.assignments
            if any(other.ident not in still for other in statement.assignments)
        }
        still -= split
        for statement in self.flat.steps:  # in order: code must not depend on that of a set
            for each in statement.assignments:
                if each.ident in still:
                    self._store(each.ident)
        return frozenset(still)

    def _moves(self, term: Term) -> bool:
        return self.moving_time and any(
            isinstance(node, Clock) and node.reading is Reading.TIME for node in walk(term)
        )


def level_idents(flat: FlatModel) -> tuple[Ident, ...]:
    """Return the levels of a model in the order of its state."""
    return tuple(rule.ident for rule in flat.levels)


def buffer_idents(flat: FlatModel) -> tuple[Ident, ...]:
    """Return the buffers of a model in the order of its state."""
    return tuple(rule.ident for rule in flat.buffers)


def held_idents(flat: FlatModel) -> tuple[Ident, ...]:
    """Return memories, then buffers, in the order of a model's state."""
    return (*(rule.ident for rule in flat.memories), *buffer_idents(flat))


def size_of(flat: FlatModel, idents: Iterable[Ident]) -> int:
    """Return the number of elements of variables together."""
    return sum(flat.by_ident[ident].size for ident in idents)


def _needs(steps: tuple[Statement, ...]) -> Mapping[Ident, tuple[Ident, ...]]:
    needs: dict[Ident, tuple[Ident, ...]] = {}
    for statement in steps:
        for each in statement.assignments:
            known = needs.get(each.ident, ())
            needs[each.ident] = (*known, *(n for piece in each.pieces for n in piece.symbols))
    return needs
