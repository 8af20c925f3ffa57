"""Arrays whose elements need each other, computed in a loop up or down one dimension.

A chain of ages, where each element needs the one before it, stays a loop in the generated code.
The loop is cut where an element has an equation of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeGuard

from cyclesim.compiler.flat import Assignment, Sweep
from cyclesim.compiler.folding import Shapes, folded
from cyclesim.compiler.order import dependency_order
from cyclesim.compiler.parts import Piece, narrowed
from cyclesim.compiler.terms import (
    AtLoop,
    AtPlace,
    AtValue,
    Index,
    Symbol,
    Term,
    at_turn,
    compact,
    walk,
)
from cyclesim.names import Ident

Pieces = Mapping[Ident, tuple[Piece, ...]]
MOST_CUTS = 100
"""What has to be cut more often is no loop: its elements are computed one by one."""

Chosen = tuple[tuple[Ident, int], ...]
"""Pieces by their variable and number."""


def swept(
    knot: Sequence[Ident], pieces: Pieces, shapes: Shapes
) -> tuple[Assignment | Sweep, ...] | None:
    """Return loops that compute variables which need each other, None where none can."""
    for axis in range(min(len(shapes[ident]) for ident in knot)):
        if len({shapes[ident][axis] for ident in knot}) == 1:
            for downward in (False, True):
                found = _Way(knot, pieces, shapes, axis, downward).loops()
                if found is not None:
                    return found
    return None


class _Way:
    """One dimension of the variables in a knot, gone up or down."""

    def __init__(
        self, knot: Sequence[Ident], pieces: Pieces, shapes: Shapes, axis: int, downward: bool
    ) -> None:
        self.knot = knot
        self.members = frozenset(knot)
        self.plain: dict[int, list[tuple[Ident, Index]] | None] = {}
        self.pieces = pieces
        self.shapes = shapes
        self.axis = axis
        self.downward = downward

    def loops(self) -> tuple[Assignment | Sweep, ...] | None:
        """Return what computes the knot this way, None where an element needs a later one."""
        made: list[Assignment | Sweep] = []
        begun: set[Ident] = set()
        segments = self.segments()
        if len(segments) > MOST_CUTS:
            return None
        for chosen, places in segments:
            cut = {which: self.cut(which, places) for which in chosen}
            order = self.inner_order(cut, places)
            if order is None:
                return None
            assignments = []
            for ident, number in order:
                piece = cut[ident, number]
                if len(places) == 1:
                    piece = Piece(at_turn(piece.term, {self.axis: 0}), piece.box)
                assignments.append(Assignment(ident, (piece,), True, ident not in begun))
                begun.add(ident)
            made.append(Sweep(self.axis, places, tuple(assignments)))
        return tuple(made)

    def segments(self) -> list[tuple[Chosen, tuple[int, ...]]]:
        """Return neighbouring places at which the same pieces count, in the order of the way."""
        size = self.shapes[self.knot[0]][self.axis]
        at: list[list[tuple[Ident, int]]] = [[] for _ in range(size)]
        for ident in self.knot:
            for number, piece in enumerate(self.pieces[ident]):
                for place in piece.box[self.axis]:
                    at[place].append((ident, number))
        found: list[tuple[Chosen, list[int]]] = []
        for place in range(size)[:: -1 if self.downward else 1]:
            chosen = tuple(at[place])
            if not found or found[-1][0] != chosen:
                found.append((chosen, []))
            found[-1][1].append(place)
        return [(chosen, tuple(places)) for chosen, places in found]

    def cut(self, which: tuple[Ident, int], places: tuple[int, ...]) -> Piece:
        """Return a piece at some of its places along the way."""
        ident, number = which
        piece = self.pieces[ident][number]
        box = (*piece.box[: self.axis], compact(places), *piece.box[self.axis + 1 :])
        return narrowed(piece, box)

    def inner_order(
        self, cut: Mapping[tuple[Ident, int], Piece], places: tuple[int, ...]
    ) -> Chosen | None:
        """Return the order of pieces within a turn; None where one needs what comes later."""
        needs: dict[tuple[Ident, int], tuple[tuple[Ident, int], ...]] = {}
        for which, piece in cut.items():
            same: dict[tuple[Ident, int], None] = {}
            for turn, place in enumerate(places):
                for ident, reached in self.reached(piece, turn):
                    if any(self.later(other, place) for other in reached):
                        return None
                    if place in reached:
                        same.update(dict.fromkeys(other for other in cut if other[0] == ident))
            needs[which] = tuple(same)
        ordered, circles = dependency_order(cut, needs)
        return None if circles else ordered

    def later(self, other: int, place: int) -> bool:
        return other < place if self.downward else other > place

    def reached(self, piece: Piece, turn: int) -> Iterator[tuple[Ident, Collection[int]]]:
        """Yield the places along the way that a piece reads at a turn, by variable."""
        for ident, index in self.reads(piece, turn):
            match index:
                case AtPlace(place=place):
                    yield ident, (place,)
                case AtLoop(loop=loop, places=places):
                    yield ident, (places[turn],) if loop == self.axis else places
                case AtValue():
                    yield ident, range(self.shapes[ident][self.axis])

    def reads(self, piece: Piece, turn: int) -> Iterable[tuple[Ident, Index]]:
        """Return the indexes along the way at which a piece reads the knot, known at this turn."""
        if id(piece) not in self.plain:
            found = [node for node in walk(piece.term) if self.inside(node)]
            computed = any(isinstance(i, AtValue) for node in found for i in node.indexes)
            at = [(node.ident, node.indexes[self.axis]) for node in found]
            self.plain[id(piece)] = None if computed else at
        known = self.plain[id(piece)]
        if known is not None:
            return known
        term = folded(at_turn(piece.term, {self.axis: turn}), self.shapes)
        return [(n.ident, n.indexes[self.axis]) for n in walk(term) if self.inside(n)]

    def inside(self, node: Term) -> TypeGuard[Symbol]:
        return isinstance(node, Symbol) and node.ident in self.members
