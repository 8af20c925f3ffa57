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
from cyclesim.compiler.parts import Algebraic, Level, Model, Piece
from cyclesim.compiler.terms import DT, ZERO, AtLoop, Symbol, Term, apply
from cyclesim.names import Ident


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
    parts = tuple(
        replace(part, formula=limits.pieces[part.about.ident])
        if isinstance(part, Algebraic)
        else part
        for part in model.parts
    )
    return replace(model, parts=parts)


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
