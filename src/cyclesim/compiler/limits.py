"""Non-negative stocks: outflows are limited to what there is (docs/semantics.md, section 4).

An outflow takes at most what the stock holds for one step, with what flows in during the step
and less what outflows named before it take. An inflow that runs backwards is limited the same
way, before any outflow. The limited flow is the flow: what it fills gets no more, so that mass
is conserved, and the limit holds in every Runge-Kutta stage, which keeps the stock at or above
zero under Euler, RK2 and RK4.
"""

from __future__ import annotations

from dataclasses import replace

from cyclesim.compiler.order import reachable
from cyclesim.compiler.parts import Algebraic, Buffer, Conveying, Level, Memory, Model, Piece
from cyclesim.compiler.terms import DT, ZERO, AtLoop, Symbol, Term, apply
from cyclesim.names import Ident

Part = Level[Piece] | Algebraic[Piece] | Memory[Piece] | Buffer[Piece]


def limited_inflows(model: Model[Piece]) -> Model[Piece]:
    """Return the model in which no more enters a conveyor than its capacity and limit allow.

    Inflows claim what there is room for in the order in which they are named. What comes off
    another conveyor is never kept back, and takes room before them.
    """
    formulas = {p.about.ident: p.formula for p in model.parts if isinstance(p, Algebraic)}
    limits = _Limits(formulas, {p.about.ident: bool(p.about.dimensions) for p in model.parts})
    driven = {flow for conveyor in model.conveyors for flow in conveyor.outflows}
    for conveyor in model.conveyors:
        limits.limit_inflows(conveyor, driven)
    return replace(model, parts=limits.parts_of(model))


def limited_outflows(model: Model[Piece]) -> Model[Piece]:
    """Return the model in which no outflow empties a non-negative stock below zero.

    An inflow that itself depends on the outflow in the same step is not counted on.
    """
    limits = _Limits(
        {part.about.ident: part.formula for part in model.parts if isinstance(part, Algebraic)},
        {part.about.ident: bool(part.about.dimensions) for part in model.parts},
    )
    for part in sorted(model.parts, key=lambda part: part.about.ident):
        if isinstance(part, Level) and part.non_negative:
            limits.limit(part)
    return replace(model, parts=limits.parts_of(model))


class _Limits:
    def __init__(self, pieces: dict[Ident, tuple[Piece, ...]], arrays: dict[Ident, bool]) -> None:
        self.pieces = pieces
        self.arrays = arrays
        self.needs = {ident: self.needed(ident) for ident in pieces}

    def needed(self, ident: Ident) -> tuple[Ident, ...]:
        found = (need for piece in self.pieces[ident] for need in piece.symbols)
        return tuple(dict.fromkeys(found))

    def limit(self, level: Level[Piece]) -> None:
        """Let the flows of a stock claim what it holds in turn, each leaving what remains."""
        claimed: list[tuple[Ident, bool]] = []
        for flow in self.in_turn([*level.inflows, *level.outflows]):
            filling = flow in level.inflows
            self.pieces[flow] = tuple(
                replace(piece, term=self.bounded(level, piece, claimed, filling))
                for piece in self.pieces[flow]
            )
            self.needs[flow] = self.needed(flow)
            claimed.append((flow, filling))

    def bounded(
        self, level: Level[Piece], piece: Piece, claimed: list[tuple[Ident, bool]], filling: bool
    ) -> Term:
        left = apply("divide", self.here(level.about.ident, piece), DT)
        for other, gain in claimed:
            left = apply("add" if gain else "subtract", left, self.here(other, piece))
        most = apply("maximum", ZERO, left)
        if filling:  # an inflow that runs backwards takes no more than there is
            return apply("maximum", piece.term, apply("negate", most))
        return apply("minimum", piece.term, most)

    def limit_inflows(self, conveyor: Conveying, driven: set[Ident]) -> None:
        """Let the inflows of a conveyor claim in turn what it has room for."""
        if conveyor.capacity is None and conveyor.inflow_limit is None:
            return
        first = [flow for flow in conveyor.inflows if flow in driven]
        claimed: list[Ident] = []
        for flow in (flow for flow in conveyor.inflows if flow not in driven):
            self.pieces[flow] = tuple(
                replace(piece, term=self.admitted(conveyor, piece, first, claimed))
                for piece in self.pieces[flow]
            )
            claimed.append(flow)

    def admitted(
        self, conveyor: Conveying, piece: Piece, first: list[Ident], claimed: list[Ident]
    ) -> Term:
        """Return an inflow as far as there is room, others having claimed theirs."""
        term = piece.term
        if conveyor.inflow_limit is not None:
            left = self.here(conveyor.inflow_limit, piece)
            for other in claimed:
                left = apply("subtract", left, self.here(other, piece))
            term = apply("minimum", term, apply("maximum", ZERO, left))
        if conveyor.capacity is not None:
            held = self.here(conveyor.stock, piece)
            room = apply("subtract", self.here(conveyor.capacity, piece), held)
            left = apply("divide", room, DT)
            for flow in conveyor.outflows:
                left = apply("add", left, self.here(flow, piece))
            for other in (*first, *claimed):
                left = apply("subtract", left, self.here(other, piece))
            term = apply("minimum", term, apply("maximum", ZERO, left))
        return term

    def parts_of(self, model: Model[Piece]) -> tuple[Part, ...]:
        """Return the parts of a model with what they have become."""
        return tuple(
            replace(part, formula=self.pieces[part.about.ident])
            if isinstance(part, Algebraic)
            else part
            for part in model.parts
        )

    def in_turn(self, flows: list[Ident]) -> list[Ident]:
        """Return flows in the order of their claims: as named, but what one needs comes first."""
        waiting, ordered = list(flows), []
        while waiting:
            free = (
                flow
                for flow in waiting
                if not (reachable(flow, self.needs) - {flow}) & set(waiting)
            )
            ordered.append(next(free, waiting[0]))
            waiting.remove(ordered[-1])
        return ordered

    def here(self, ident: Ident, piece: Piece) -> Term:
        """Return a variable of the same dimensions, at the element that a piece is at."""
        if not self.arrays[ident]:
            return Symbol(ident)
        return Symbol(ident, tuple(AtLoop(n, places) for n, places in enumerate(piece.box)))
