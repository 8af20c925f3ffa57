"""INTEG into stocks with the flows that fill and drain them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cyclesim.errors import SourceText
from cyclesim.expr import Binary, Expr, Number, Reference, Subscripted, Unary
from cyclesim.names import Ident, canonical
from cyclesim.project import About, Auxiliary, Definition, Equation, Flow, Stock, Variable
from cyclesim.readers.findings import Findings
from cyclesim.readers.vensim_parts import Formula, Integral, Part

CONTROL = frozenset(map(canonical, ("INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER")))
"""Variables that say how a run goes; they are no flows."""


@dataclass(frozen=True)
class Draft:
    """All that is said of one variable, before it is known whether it is a flow."""

    about: About
    parts: tuple[Part, ...]

    @property
    def integrals(self) -> tuple[Integral, ...]:
        """Return the parts that make it a stock."""
        return tuple(part for part in self.parts if isinstance(part, Integral))

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """Return the parts that are computed."""
        return tuple(part for part in self.parts if isinstance(part, Formula))


def made_variables(
    drafts: Mapping[Ident, Draft], time_units: str, findings: Findings
) -> dict[Ident, list[Variable]]:
    """Return for each draft the variables that it becomes: itself, and a flow made for it."""
    summed = {ident: _flows(draft, drafts) for ident, draft in drafts.items() if draft.integrals}
    flows = {flow for signs in summed.values() if signs is not None for flow in signs}
    made: dict[Ident, list[Variable]] = {}
    for ident, draft in drafts.items():
        if not draft.integrals:
            definitions = tuple(map(_definition, draft.formulas))
            kind = Flow if ident in flows else Auxiliary
            made[ident] = [kind(draft.about, definitions)]
        elif draft.formulas:
            name = draft.about.name
            message = "some elements are stocks and others have equations"
            findings.fault("mixed", message, draft.about.location, f"'{name}'")
            made[ident] = []
        else:
            made[ident] = list(_stock(draft, summed[ident], drafts, time_units))
    return made


def _definition(formula: Formula) -> Definition:
    return Definition(formula.equation, formula.subscripts, formula.excepts, formula.graphical)


def _stock(
    draft: Draft, signs: dict[Ident, int] | None, drafts: Mapping[Ident, Draft], time_units: str
) -> Iterator[Variable]:
    parts = draft.integrals
    initial = tuple(Definition(part.initial, part.subscripts, part.excepts) for part in parts)
    if signs is not None:
        named = {ident: _named(drafts[ident].about, parts[0].rate) for ident in signs}
        inflows = tuple(named[ident] for ident, sign in signs.items() if sign > 0)
        outflows = tuple(named[ident] for ident, sign in signs.items() if sign < 0)
        yield Stock(draft.about, initial, inflows, outflows)
        return
    about = _net_flow(draft.about, drafts, time_units)
    rates = tuple(Definition(part.rate, part.subscripts, part.excepts) for part in parts)
    yield Stock(draft.about, initial, (_named(about, parts[0].rate),))
    yield Flow(about, rates)


def _net_flow(stock: About, drafts: Mapping[Ident, Draft], time_units: str) -> About:
    name, number = f"{stock.name} net flow", 1
    while canonical(name) in drafts:
        number += 1
        name = f"{stock.name} net flow {number}"
    units = f"({stock.units})/({time_units})" if stock.units and time_units else None
    doc = f"What changes {stock.name}, made of its equation."
    return About(name, canonical(name), stock.location, units, doc, dimensions=stock.dimensions)


def _named(about: About, rate: Equation) -> Equation:
    where = rate.source.location()
    source = SourceText(about.name, where.path, ((0, where.line, where.column),))
    return Equation(source, Reference(about.ident, about.name))


def _flows(stock: Draft, drafts: Mapping[Ident, Draft]) -> dict[Ident, int] | None:
    """Return the flows of a stock, +1 for an inflow, where its rate is a plain sum of them.

    Each must have the stock's own dimensions and stand with the subscripts of the equation.
    """
    found: list[dict[Ident, int]] = []
    for part in stock.integrals:
        terms = _summed(part.rate.expr, 1)
        if terms is None:
            return None
        signs: dict[Ident, int] = {}
        for sign, term in terms:
            ident = _own(term, part.subscripts)
            if ident is None or ident in signs or not _may_flow(ident, stock.about, drafts):
                return None
            signs[ident] = sign
        found.append(signs)
    return found[0] if all(signs == found[0] for signs in found) else None


def _summed(expr: Expr, sign: int) -> list[tuple[int, Expr]] | None:
    match expr:
        case Number(value=0.0):
            return []
        case Reference() | Subscripted():
            return [(sign, expr)]
        case Unary(operator="+", operand=operand):
            return _summed(operand, sign)
        case Unary(operator="-", operand=operand):
            return _summed(operand, -sign)
        case Binary(operator="+" | "-" as operator, left=left, right=right):
            first = _summed(left, sign)
            second = _summed(right, sign if operator == "+" else -sign)
            return None if first is None or second is None else first + second
    return None


def _own(term: Expr, subscripts: tuple[Ident, ...]) -> Ident | None:
    if isinstance(term, Reference):
        return term.ident if not subscripts else None
    assert isinstance(term, Subscripted)  # all that a sum is made of
    given = tuple(each.ident for each in term.subscripts if isinstance(each, Reference))
    same = len(given) == len(term.subscripts) and given == subscripts
    return term.base.ident if same else None


def _may_flow(ident: Ident, stock: About, drafts: Mapping[Ident, Draft]) -> bool:
    flow = drafts.get(ident)
    if flow is None or flow.integrals or ident in CONTROL:
        return False
    return flow.about.dimensions == stock.dimensions
