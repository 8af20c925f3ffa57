"""The three orders of a model: what is computed before the run, at its start, at each step.

Variables are ordered as wholes. Where they need each other as wholes and yet not element by
element (as in a chain of ages), their elements are ordered one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from cyclesim.compiler.flat import Assignment, Role, places_in
from cyclesim.compiler.order import dependency_order, knots
from cyclesim.compiler.parts import Algebraic, Model, Piece
from cyclesim.compiler.terms import (
    AtPlace,
    Literal,
    Symbol,
    Term,
    at_turn,
    in_phase,
    walk,
)
from cyclesim.errors import Diagnostic
from cyclesim.names import Ident

Node = tuple[Ident, int | None]
"""A variable as a whole (None), or one of its elements."""

Pieces = Mapping[Ident, tuple[Piece, ...]]


@dataclass(frozen=True)
class Orders:
    """What is computed when.

    `fixed` are all variables known before the run starts, `bound` those that are parameters.
    """

    parameters: tuple[Ident, ...]
    constants: tuple[Assignment, ...]
    initial: tuple[Assignment, ...]
    steps: tuple[Assignment, ...]
    fixed: frozenset[Ident]
    bound: frozenset[Ident]
    diagnostics: tuple[Diagnostic, ...] = ()

    @staticmethod
    def of(model: Model[Piece]) -> Orders:
        """Return the orders of a model; circles are among the diagnostics."""
        return _Ordering(model).orders()

    def role(self, ident: Ident) -> Role:
        """Return what computes an algebraic variable."""
        if ident not in self.fixed:
            return Role.ALGEBRAIC
        return Role.PARAMETER if ident in self.bound else Role.CONSTANT


@dataclass
class _Ordering:
    model: Model[Piece]
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def orders(self) -> Orders:
        model = self.model
        written = {p.about.ident: p.formula for p in model.parts if isinstance(p, Algebraic)}
        formulas = {ident: _phase(pieces, start=False) for ident, pieces in written.items()}
        fixed = self.fixed(formulas, written)
        parameters = tuple(
            i for i in fixed if all(isinstance(p.term, Literal) for p in formulas[i])
        )
        known = set(parameters)
        computed = {i: formulas[i] for i in fixed if i not in known}
        constants = self.order(computed, computed, at_start=False)
        moving = {i: pieces for i, pieces in formulas.items() if i not in fixed}
        steps = self.order(moving, moving, at_start=False)
        starts = {i: _phase(pieces, start=True) for i, pieces in written.items() if i in moving}
        state = [part for part in model.parts if not isinstance(part, Algebraic)]
        starts |= {part.about.ident: _phase(part.initial, start=True) for part in state}
        roots = [part.about.ident for part in state]
        initial = self.order(roots, starts, at_start=True)
        return Orders(
            parameters=parameters,
            constants=constants,
            initial=initial,
            steps=steps,
            fixed=frozenset(fixed),
            bound=frozenset(parameters),
            diagnostics=tuple(self.diagnostics),
        )

    def fixed(self, formulas: Pieces, written: Pieces) -> dict[Ident, None]:
        """Return what can be computed before the run starts, and is the same at its start."""
        needs = {ident: _needs(pieces) for ident, pieces in formulas.items()}
        moved = {i for i, pieces in formulas.items() if any(piece.moves for piece in pieces)}
        moved |= {i for i, own in written.items() if any(piece.phased for piece in own)}
        moved |= {i for i, need in needs.items() if any(n not in formulas for n in need)}
        users: dict[Ident, list[Ident]] = {}
        for ident, need in needs.items():
            for other in need:
                users.setdefault(other, []).append(ident)
        waiting = list(moved)
        while waiting:
            for user in users.get(waiting.pop(), ()):
                if user not in moved:
                    moved.add(user)
                    waiting.append(user)
        return {ident: None for ident in formulas if ident not in moved}

    def order(
        self, roots: Iterable[Ident], pieces: Pieces, at_start: bool
    ) -> tuple[Assignment, ...]:
        """Return the assignments that `roots` need, split by element where they must be."""
        needs = {ident: _needs(own) for ident, own in pieces.items()}
        knotted = {ident for knot in knots(pieces, needs) for ident in knot}
        shapes = {part.about.ident: self.shape(part.about.dimensions) for part in self.model.parts}
        single: dict[Node, Piece] = {}
        graph: dict[Node, tuple[Node, ...]] = {}
        for ident, own in pieces.items():
            if ident not in knotted:
                graph[ident, None] = tuple((need, None) for need in needs[ident])
                continue
            count = math.prod(shapes[ident])
            for element, piece in _elements(own, shapes[ident]):
                single[ident, element] = piece
                graph[ident, element] = tuple(_precise(piece.term, knotted, shapes))
            graph[ident, None] = tuple((ident, element) for element in range(count))
        ordered, circles = dependency_order([(root, None) for root in roots], graph)
        for circle in circles:
            self.circle(tuple(ident for ident, _ in circle), at_start)
        return tuple(_assignments(ordered, pieces, single, shapes))

    def shape(self, dimensions: tuple[Ident, ...]) -> tuple[int, ...]:
        sizes = {d.ident: len(d.elements) for d in self.model.project.dimensions}
        return tuple(sizes[dimension] for dimension in dimensions)

    def circle(self, circle: tuple[Ident, ...], at_start: bool) -> None:
        """Note a circle, each set of variables once."""
        parts = {part.about.ident: part for part in self.model.parts}
        circle = tuple(i for n, i in enumerate(circle) if n == 0 or circle[n - 1] != i)
        if len(circle) == 1:
            circle = (circle[0], circle[0])
        about = parts[circle[0]].about
        chain = " <- ".join(f"'{parts[ident].about.name}'" for ident in circle)
        if at_start:
            message = f"the initial values need each other: {chain}"
            hint = "Give one of the stocks an initial value that does not need the others."
        else:
            message = f"the variables need each other in the same step: {chain}"
            hint = "Put a stock, a smooth or a delay into the circle."
        found = Diagnostic("cycle", message, about.location, f"'{about.name}'", hint)
        members = frozenset(parts[ident].about.name for ident in circle)
        told = [d for d in self.diagnostics if all(f"'{name}'" in d.message for name in members)]
        if not told:
            self.diagnostics.append(found)


def running(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Return pieces as they are once the run has begun."""
    return _phase(pieces, start=False)


def _phase(pieces: tuple[Piece, ...], start: bool) -> tuple[Piece, ...]:
    if not any(piece.phased for piece in pieces):
        return pieces
    return tuple(replace(piece, term=in_phase(piece.term, start)) for piece in pieces)


def _needs(pieces: Iterable[Piece]) -> tuple[Ident, ...]:
    return tuple(dict.fromkeys(need for piece in pieces for need in piece.symbols))


def _elements(pieces: Iterable[Piece], shape: tuple[int, ...]) -> Iterator[tuple[int, Piece]]:
    """Yield a piece for each element, its loops standing still."""
    for piece in pieces:
        sizes = [len(places) for places in piece.box]
        for turn, place in enumerate(places_in(shape, piece.box)):
            turns: dict[int, int] = {}
            rest = turn
            for axis in reversed(range(len(sizes))):
                rest, turns[axis] = divmod(rest, sizes[axis])
            box = tuple((piece.box[axis][turns[axis]],) for axis in range(len(sizes)))
            yield place, Piece(at_turn(piece.term, turns), box)


def _precise(
    term: Term, knotted: set[Ident], shapes: Mapping[Ident, tuple[int, ...]]
) -> Iterator[Node]:
    """Yield what a term needs, elements of split variables one by one where they are known."""
    for node in walk(term):
        if not isinstance(node, Symbol):
            continue
        at = [index.place for index in node.indexes if isinstance(index, AtPlace)]
        if node.ident not in knotted or len(at) < len(node.indexes):
            yield node.ident, None
            continue
        place = 0
        for size, index in zip(shapes[node.ident], at, strict=True):
            place = place * size + index
        yield node.ident, place


def _assignments(
    ordered: tuple[Node, ...],
    pieces: Pieces,
    single: Mapping[Node, Piece],
    shapes: Mapping[Ident, tuple[int, ...]],
) -> Iterator[Assignment]:
    wholes = {ident for ident, element in ordered if element is None}
    left: dict[Ident, int] = {}
    for ident, element in ordered:
        if element is not None:
            left[ident] = left.get(ident, 0) + 1
    for ident, element in ordered:
        if element is None:
            if ident not in left:
                yield Assignment(ident, pieces[ident])
            continue
        if not shapes[ident]:  # a scalar in the knot is computed whole
            yield Assignment(ident, pieces[ident])
            continue
        left[ident] -= 1
        whole = left[ident] == 0 and ident in wholes
        yield Assignment(ident, (single[ident, element],), element, whole)
