"""The causal graph of a model: what each value in a feedback loop is computed from.

A node is one value of a run, a scalar or an element of an array, numbered by its row in results.
Only values that lie on a loop are there: constants and what merely drives or watches the loops
are left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from cyclesim.compiler import FlatModel, FlatVariable, Piece, Role
from cyclesim.compiler.flat import places_in
from cyclesim.compiler.folding import folded
from cyclesim.compiler.order import knots
from cyclesim.compiler.terms import DT, AtLoop, AtPlace, Index, Symbol, Term, at_turn, walk
from cyclesim.errors import UsageError
from cyclesim.names import Ident

MOST_LINKS = 50_000
"""A graph with more links is refused: each costs an evaluation of an equation over the run."""


class LinkKind(Enum):
    """How a cause works on its effect."""

    EQUATION = "computed from it at the same time"
    FLOW = "a flow fills or drains a stock"
    STEP = "remembered for one step"
    DELAY = "kept for a fixed delay"


@dataclass(frozen=True)
class Node:
    """One value: its row in results, its full name and the variable that it belongs to."""

    row: int
    name: str
    variable: FlatVariable

    @property
    def state(self) -> bool:
        """Return whether it carries something from one step to the next."""
        return self.variable.role in (Role.LEVEL, Role.MEMORY, Role.BUFFER)

    @property
    def hidden(self) -> bool:
        """Return whether the compiler made it, as part of a delay or a smooth."""
        return self.variable.hidden


@dataclass(frozen=True)
class Equation:
    """What a value is computed from; a memory or buffer takes it in `lag` before.

    `inputs` are the rows that it reads, constants left out.
    """

    target: int
    term: Term
    inputs: tuple[int, ...]
    lag: Term | None = None


@dataclass(frozen=True)
class NetFlow:
    """The flows of a stock, (row, sign): 1 fills it, -1 drains it."""

    target: int
    flows: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Link:
    """One cause and one effect, by row."""

    source: int
    target: int
    kind: LinkKind


@dataclass(frozen=True)
class CausalGraph:
    """Everything that lies on a loop; `partitions` are the sets of rows that reach one another.

    `links` are in the order of `equations`, each with its inputs, then of `net_flows`.
    """

    flat: FlatModel
    nodes: Mapping[int, Node]
    equations: tuple[Equation, ...]
    net_flows: tuple[NetFlow, ...]
    links: tuple[Link, ...]
    partitions: tuple[frozenset[int], ...]


def causal_graph(flat: FlatModel) -> CausalGraph:
    """Return the causal graph of a model, its values that lie on no loop left out.

    Raises UsageError where the graph has more than `MOST_LINKS` links.
    """
    finder = _Finder(flat)
    every = finder.needs()
    on_loops = frozenset(itertools.chain.from_iterable(knots(every, every)))
    equations, net_flows = finder.elements(on_loops)
    arrows: dict[int, tuple[int, ...]] = {each.target: each.inputs for each in equations}
    arrows |= {each.target: tuple(row for row, _ in each.flows) for each in net_flows}
    partitions = tuple(sorted(knots(arrows, arrows), key=min))
    home = {row: number for number, rows in enumerate(partitions) for row in rows}

    def within(target: int, source: int) -> bool:
        return target in home and home.get(source) == home[target]

    kept = tuple(
        Equation(e.target, e.term, tuple(row for row in e.inputs if within(e.target, row)), e.lag)
        for e in equations
        if e.target in home
    )
    # A flow from outside the partition stays: it is part of the stock's net flow.
    kept_flows = tuple(each for each in net_flows if each.target in home)
    links = [Link(row, e.target, _kind(flat, finder, e)) for e in kept for row in e.inputs]
    links += (
        Link(row, each.target, LinkKind.FLOW)
        for each in kept_flows
        for row, _ in each.flows
        if within(each.target, row)
    )
    nodes = {row: finder.node(row) for row in home}
    return CausalGraph(flat, nodes, kept, kept_flows, tuple(links), partitions)


def needs(flat: FlatModel) -> dict[Ident, tuple[Ident, ...]]:
    """Return what each variable that moves is computed from, stocks from their flows."""
    return _Finder(flat).needs()


def computed(flat: FlatModel, ident: Ident) -> tuple[tuple[Equation, ...], tuple[NetFlow, ...]]:
    """Return what each element of a variable is computed from: equations, or a stock's flows.

    Nothing for what does not move.
    """
    return _Finder(flat).elements(frozenset({ident}))


def _kind(flat: FlatModel, finder: _Finder, equation: Equation) -> LinkKind:
    if equation.lag is None:
        return LinkKind.EQUATION
    role = finder.owner(equation.target).role
    return LinkKind.STEP if role is Role.MEMORY else LinkKind.DELAY


class _Finder:
    def __init__(self, flat: FlatModel) -> None:
        self.flat = flat
        self.owners = [
            (variable, offset) for variable in flat.variables for offset in range(variable.size)
        ]
        self.moving = {
            variable.ident
            for variable in flat.variables
            if variable.role not in (Role.PARAMETER, Role.CONSTANT)
        }
        self.formulas: dict[Ident, tuple[Piece, ...]] = {}
        for statement in flat.steps:
            for each in statement.assignments:
                self.formulas[each.ident] = self.formulas.get(each.ident, ()) + each.pieces
        self.lags: dict[Ident, tuple[Piece, ...] | None] = {}
        for rule in flat.memories:
            self.formulas[rule.ident], self.lags[rule.ident] = rule.update, None
        for ring in flat.buffers:
            self.formulas[ring.ident], self.lags[ring.ident] = ring.input, ring.delay
        self.shapes = {variable.ident: variable.shape for variable in flat.variables}
        self.count = 0

    def owner(self, row: int) -> FlatVariable:
        return self.owners[row][0]

    def node(self, row: int) -> Node:
        variable, offset = self.owners[row]
        return Node(row, variable.columns[offset], variable)

    def needs(self) -> dict[Ident, tuple[Ident, ...]]:
        """Return what each variable that moves is computed from, as whole variables."""
        found = {
            ident: tuple(
                dict.fromkeys(
                    need for piece in pieces for need in piece.symbols if need in self.moving
                )
            )
            for ident, pieces in self.formulas.items()
        }
        return found | {rule.ident: (*rule.inflows, *rule.outflows) for rule in self.flat.levels}

    def elements(
        self, wanted: frozenset[Ident]
    ) -> tuple[tuple[Equation, ...], tuple[NetFlow, ...]]:
        equations = tuple(
            equation
            for ident, pieces in self.formulas.items()
            if ident in wanted
            for equation in self.of_variable(ident, pieces)
        )
        places, net_flows = self.flat.places, []
        for rule in self.flat.levels:
            if rule.ident not in wanted:
                continue
            ends = [(ident, 1) for ident in rule.inflows] + [(i, -1) for i in rule.outflows]
            for offset in range(self.flat.by_ident[rule.ident].size):
                flows = tuple((places[ident] + offset, sign) for ident, sign in ends)
                net_flows.append(NetFlow(places[rule.ident] + offset, flows))
        return equations, tuple(net_flows)

    def of_variable(self, ident: Ident, pieces: tuple[Piece, ...]) -> Iterator[Equation]:
        variable, first = self.flat.by_ident[ident], self.flat.places[ident]
        for number, piece in enumerate(pieces):
            spots = places_in(variable.shape, piece.box)
            turns = itertools.product(*(range(len(places)) for places in piece.box))
            for spot, turn in zip(spots, turns, strict=True):
                # Which element it needs often follows from the place, as in y[R-1].
                term = folded(at_turn(piece.term, dict(enumerate(turn))), self.shapes)
                lag = self.lag(ident, number, dict(enumerate(turn)))
                inputs = tuple(dict.fromkeys(self.inputs(term)))
                self.count += len(inputs)
                if self.count > MOST_LINKS:
                    raise UsageError(
                        f"the model has more than {MOST_LINKS:,} causal links on loops, element "
                        "by element: too many to be scored. Analyse a model with fewer elements."
                    )
                yield Equation(first + spot, term, inputs, lag)

    def lag(self, ident: Ident, number: int, turn: Mapping[int, int]) -> Term | None:
        if ident not in self.lags:
            return None
        delays = self.lags[ident]
        if delays is None:
            return DT
        return at_turn(delays[min(number, len(delays) - 1)].term, turn)

    def inputs(self, term: Term) -> Iterator[int]:
        """Yield the rows that a term reads, all that a computed subscript may name."""
        for node in walk(term):
            if isinstance(node, Symbol) and node.ident in self.moving:
                shape = self.flat.by_ident[node.ident].shape
                box = tuple(map(_places, node.indexes, shape))
                first = self.flat.places[node.ident]
                yield from (first + spot for spot in places_in(shape, box))


def _places(index: Index, size: int) -> tuple[int, ...]:
    match index:
        case AtPlace(place=place):
            return (place,)
        case AtLoop(places=places):
            return tuple(places)
    return tuple(range(size))
