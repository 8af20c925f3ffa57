"""The three orders of a model: what is computed before the run, at its start, at each step.

Variables are ordered as wholes. Where they need each other as wholes and yet not element by
element (as in a chain of ages), they are computed in a loop that goes up or down a dimension, or,
where no such loop is, element by element.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

from cyclesim.compiler.flat import Assignment, Role, Statement, places_in
from cyclesim.compiler.folding import folded
from cyclesim.compiler.order import dependency_order, knots
from cyclesim.compiler.parts import Algebraic, Model, Piece
from cyclesim.compiler.sweeps import swept
from cyclesim.compiler.terms import (
    AtLoop,
    AtPlace,
    AtValue,
    Index,
    Literal,
    Places,
    Symbol,
    Term,
    at_turn,
    in_phase,
    walk,
)
from cyclesim.errors import Diagnostic
from cyclesim.names import Ident
from cyclesim.project import About

Node = tuple[Ident, int | None] | frozenset[Ident]
"""A variable as a whole (None), one of its elements, or variables computed in one loop."""

Pieces = Mapping[Ident, tuple[Piece, ...]]


@dataclass(frozen=True)
class Orders:
    """What is computed when.

    `fixed` are all variables known before the run starts, `bound` those that are parameters.
    """

    parameters: tuple[Ident, ...]
    constants: tuple[Statement, ...]
    initial: tuple[Statement, ...]
    steps: tuple[Statement, ...]
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
    told: list[frozenset[Ident]] = field(default_factory=list)

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
    ) -> tuple[Statement, ...]:
        """Return the statements that `roots` need, arrays in parts where they must be."""
        needs = {ident: _needs(own) for ident, own in pieces.items()}
        shapes = {part.about.ident: self.shape(part.about.dimensions) for part in self.model.parts}
        graph: dict[Node, tuple[Node, ...]] = {
            (ident, None): tuple((need, None) for need in found) for ident, found in needs.items()
        }
        loops: dict[frozenset[Ident], tuple[Statement, ...]] = {}
        single: dict[Node, Piece] = {}
        for knot in knots(pieces, needs):
            members = [ident for ident in pieces if ident in knot]
            found = swept(members, pieces, shapes)
            if found is not None:
                loops[knot] = found
                outside = (need for ident in members for need in needs[ident] if need not in knot)
                graph[knot] = tuple((need, None) for need in dict.fromkeys(outside))
                graph |= {(ident, None): (knot,) for ident in members}
                continue
            for ident in members:
                count = math.prod(shapes[ident])
                for element, piece in _elements(pieces[ident], shapes, ident):
                    single[ident, element] = piece
                    graph[ident, element] = tuple(_precise(piece.term, knot, shapes))
                graph[ident, None] = tuple((ident, element) for element in range(count))
        ordered, circles = dependency_order([(root, None) for root in roots], graph)
        for circle in circles:
            self.circle(circle, at_start)
        return tuple(_statements(ordered, pieces, single, loops))

    def shape(self, dimensions: tuple[Ident, ...]) -> tuple[int, ...]:
        sizes = {d.ident: len(d.elements) for d in self.model.project.dimensions}
        return tuple(sizes[dimension] for dimension in dimensions)

    def circle(self, circle: tuple[Node, ...], at_start: bool) -> None:
        """Note a circle, each set of variables once."""
        nodes = [node for node in circle if isinstance(node, tuple)]
        if any(element is not None for _, element in nodes):
            split = {ident for ident, element in nodes if element is not None}
            nodes = [node for node in nodes if node[1] is not None or node[0] not in split]
        nodes = [node for place, node in enumerate(nodes) if place == 0 or nodes[place - 1] != node]
        if len(nodes) == 1 or nodes[0] != nodes[-1]:
            nodes.append(nodes[0])
        parts = {part.about.ident: part.about for part in self.model.parts}
        about = parts[nodes[0][0]]
        chain = " <- ".join(f"'{self.name(parts[ident], element)}'" for ident, element in nodes)
        if at_start:
            message = f"the initial values need each other: {chain}"
            hint = "Give one of the stocks an initial value that does not need the others."
        else:
            message = f"the variables need each other in the same step: {chain}"
            hint = "Put a stock, a smooth or a delay into the circle."
        members = frozenset(ident for ident, _ in nodes)
        if not any(members <= told for told in self.told):
            self.told.append(members)
            found = Diagnostic("cycle", message, about.location, f"'{about.name}'", hint)
            self.diagnostics.append(found)

    def name(self, about: About, element: int | None) -> str:
        """Return the name of a variable, or of an element by its place among all."""
        if element is None or not about.dimensions:
            return about.name
        names: list[str] = []
        by_ident = {dimension.ident: dimension for dimension in self.model.project.dimensions}
        for dimension in reversed(about.dimensions):
            elements = by_ident[dimension].elements
            element, place = divmod(element, len(elements))
            names.insert(0, elements[place])
        return f"{about.name}[{','.join(names)}]"


def running(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Return pieces as they are once the run has begun."""
    return _phase(pieces, start=False)


def _phase(pieces: tuple[Piece, ...], start: bool) -> tuple[Piece, ...]:
    if not any(piece.phased for piece in pieces):
        return pieces
    return tuple(replace(piece, term=in_phase(piece.term, start)) for piece in pieces)


def _needs(pieces: Iterable[Piece]) -> tuple[Ident, ...]:
    return tuple(dict.fromkeys(need for piece in pieces for need in piece.symbols))


def _elements(
    pieces: Iterable[Piece], shapes: Mapping[Ident, tuple[int, ...]], ident: Ident
) -> Iterator[tuple[int, Piece]]:
    """Yield a piece for each element, its loops standing still."""
    for piece in pieces:
        for place, spot in zip(places_in(shapes[ident], piece.box), _turns(piece), strict=True):
            box = tuple((places[turn],) for places, turn in zip(piece.box, spot, strict=True))
            term = folded(at_turn(piece.term, dict(enumerate(spot))), shapes)
            yield place, Piece(term, box)


def _turns(piece: Piece) -> Iterator[tuple[int, ...]]:
    return product(*(range(len(places)) for places in piece.box))


def _precise(
    term: Term, knot: frozenset[Ident], shapes: Mapping[Ident, tuple[int, ...]]
) -> Iterator[Node]:
    """Yield what a term needs, elements of split variables one by one where they are known."""
    for node in walk(term):
        if not isinstance(node, Symbol):
            continue
        if node.ident not in knot:
            yield node.ident, None
            continue
        shape = shapes[node.ident]
        box = tuple(_reached(index, size) for index, size in zip(node.indexes, shape, strict=True))
        places = places_in(shape, box)
        if not shape or len(places) == math.prod(shape) > 1:
            yield node.ident, None
        else:
            yield from ((node.ident, place) for place in places)


def _reached(index: Index, size: int) -> Places:
    """Return the places that an index may point at, all where it depends on a value."""
    match index:
        case AtPlace(place=place):
            return (place,)
        case AtLoop(places=places):
            return places
        case AtValue():
            return range(size)


def _statements(
    ordered: tuple[Node, ...],
    pieces: Pieces,
    single: Mapping[Node, Piece],
    loops: Mapping[frozenset[Ident], tuple[Statement, ...]],
) -> Iterator[Statement]:
    looped = {ident for knot in loops for ident in knot}
    begun: set[Ident] = set()
    for node in ordered:
        if isinstance(node, frozenset):
            yield from loops[node]
            continue
        ident, element = node
        if element is None:
            if ident not in looped and (ident, 0) not in single:
                yield Assignment(ident, pieces[ident])
        elif not single[node].box:  # a scalar in a knot is computed whole
            yield Assignment(ident, (single[node],))
        else:
            yield Assignment(ident, (single[node],), part=True, first=ident not in begun)
            begun.add(ident)
