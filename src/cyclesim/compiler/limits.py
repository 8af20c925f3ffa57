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
from cyclesim.compiler.parts import Algebraic, Level, Model
from cyclesim.compiler.terms import DT, ZERO, Symbol, Term, apply, symbols
from cyclesim.names import Ident


def limited_outflows(model: Model[Term]) -> Model[Term]:
    """Return the model in which no outflow empties a non-negative stock below zero.

    An inflow that itself depends on the outflow in the same step is not counted on.
    """
    formulas = {
        part.about.ident: part.formula for part in model.parts if isinstance(part, Algebraic)
    }
    needs = {ident: symbols(term) for ident, term in formulas.items()}
    for part in sorted(model.parts, key=lambda part: part.about.ident):
        if isinstance(part, Level) and part.non_negative:
            _limit(part, formulas, needs)
    parts = tuple(
        replace(part, formula=formulas[part.about.ident]) if isinstance(part, Algebraic) else part
        for part in model.parts
    )
    return Model(model.project, parts, model.tables)


def _limit(
    level: Level[Term], formulas: dict[Ident, Term], needs: dict[Ident, tuple[Ident, ...]]
) -> None:
    left: Term = apply("divide", Symbol(level.about.ident), DT)
    for flow in _in_turn([*level.inflows, *level.outflows], needs):
        most = apply("maximum", ZERO, left)
        if flow in level.inflows:
            formulas[flow] = apply("maximum", formulas[flow], apply("negate", most))
            left = apply("add", left, Symbol(flow))
        else:
            formulas[flow] = apply("minimum", formulas[flow], most)
            left = apply("subtract", left, Symbol(flow))
        needs[flow] = symbols(formulas[flow])


def _in_turn(flows: list[Ident], needs: dict[Ident, tuple[Ident, ...]]) -> list[Ident]:
    """Return the flows of a stock in the order of their claims: as named, but needs come first."""
    waiting, ordered = list(flows), []
    while waiting:
        free = (f for f in waiting if not (reachable(f, needs) - {f}) & set(waiting))
        ordered.append(next(free, waiting[0]))
        waiting.remove(ordered[-1])
    return ordered
