"""A model's variables into agreements of units: their equations, and flows at their stocks."""

from __future__ import annotations

from collections.abc import Mapping

from cyclesim.compiler.unit_agreements import (
    TIME,
    Agreement,
    Filling,
    Ledger,
    Quantity,
    Rule,
    Site,
    atom,
)
from cyclesim.compiler.unit_reading import Reading, full_ident
from cyclesim.expr import Reference, Subscripted
from cyclesim.names import Ident
from cyclesim.project import (
    About,
    Auxiliary,
    Conveyor,
    Definition,
    Equation,
    Flow,
    Macro,
    Stock,
    Variable,
)
from cyclesim.units import DIMENSIONLESS, Unit

_MACRO_DEPTH = 20


def agreements(variables: tuple[Variable, ...], macros: tuple[Macro, ...]) -> list[Agreement]:
    """Return what the equations of a model ask of units, in the order of the file."""
    equations = _Equations(variables, macros)
    for variable in variables:
        equations.read(variable, variable.about, {}, None)
    ledger = equations.ledger
    for flow, (site, fillings) in ledger.fillings.items():
        members = [Quantity(each.stock / TIME, each.equation.expr) for each in fillings]
        ledger.add(Rule.FLOW, site, members, flow, "", tuple(fillings))
    return ledger.agreements


class _Equations:
    def __init__(self, variables: tuple[Variable, ...], macros: tuple[Macro, ...]) -> None:
        abouts = {variable.about.ident: variable.about for variable in variables}
        by_ident = {macro.ident: macro for macro in macros}
        self.ledger = Ledger(abouts, by_ident, self.macro_value)
        self.depth = 0
        self.driven = _driven(variables)

    def read(
        self, variable: Variable, owner: About, local: Mapping[Ident, Quantity], macro: str | None
    ) -> None:
        """Note what the equations of one variable ask; findings are told of its owner."""
        ident = variable.about.ident
        own = local[ident].unit if ident in local else Unit.named(atom(ident))
        local = {**local, Ident("self"): Quantity(own, None)}
        match variable:
            case Stock():
                self.equations(variable.initial, owner, own, local, macro, "initial value")
                if variable.conveyor is not None:
                    self.conveyor(variable.conveyor, owner, own, local, macro)
                for fills, flows in ((True, variable.inflows), (False, variable.outflows)):
                    for equation in flows:
                        name = variable.about.name
                        filling = Filling(own, name, fills, equation)
                        self.filling(filling, Site(owner, equation, macro), local)
            case Flow() if ident in self.driven:
                self.fraction(variable.definitions, owner, self.driven[ident], local, macro)
            case Flow() | Auxiliary():
                self.equations(variable.definitions, owner, own, local, macro, "equation")

    def equations(
        self,
        definitions: tuple[Definition, ...],
        owner: About,
        own: Unit,
        local: Mapping[Ident, Quantity],
        macro: str | None,
        what: str,
    ) -> None:
        """Note what the equations of one variable ask, each for part of an array."""
        for definition in definitions:
            site = Site(owner, definition.equation, macro)
            reading = Reading(self.ledger, site, local)
            if definition.graphical is not None:
                reading.quantity(definition.equation.expr)
                continue
            terms = reading.terms(definition.equation.expr)
            self.ledger.add(Rule.EQUATION, site, terms, own, what)

    def fraction(
        self,
        definitions: tuple[Definition, ...],
        owner: About,
        asked: Unit | None,
        local: Mapping[Ident, Quantity],
        macro: str | None,
    ) -> None:
        """Note what the fraction of a leak must be; what leaves at the end asks nothing."""
        for definition in definitions:
            reading = Reading(self.ledger, Site(owner, definition.equation, macro), local)
            if asked is not None and definition.graphical is None:
                reading.asked(definition.equation.expr, asked, "the fraction that leaks")

    def conveyor(
        self,
        conveyor: Conveyor,
        owner: About,
        stock: Unit,
        local: Mapping[Ident, Quantity],
        macro: str | None,
    ) -> None:
        """Note what the equations of a conveyor ask."""
        asked = (
            (conveyor.length, TIME, "the transit time"),
            (conveyor.capacity, stock, "the capacity"),
            (conveyor.inflow_limit, stock / TIME, "the inflow limit"),
            (conveyor.sample, DIMENSIONLESS, "the condition for a sample"),
        )
        for equation, unit, what in asked:
            if equation is not None:
                reading = Reading(self.ledger, Site(owner, equation, macro), local)
                reading.asked(equation.expr, unit, what)

    def filling(self, filling: Filling, site: Site, local: Mapping[Ident, Quantity]) -> None:
        """Note that a flow fills or drains a stock."""
        flow = Reading(self.ledger, site, local).quantity(filling.equation.expr).unit
        owner = site.about if site.macro else self.owner(filling.equation, site.about)
        place = Site(owner, site.equation, site.macro)
        self.ledger.fillings.setdefault(flow, (place, []))[1].append(filling)

    def owner(self, flow: Equation, stock: About) -> About:
        """Return what is said of a flow named in a stock."""
        expr = flow.expr.base if isinstance(flow.expr, Subscripted) else flow.expr
        if not isinstance(expr, Reference):
            return stock
        return self.ledger.abouts.get(full_ident(expr), stock)

    def macro_value(self, macro: Macro, arguments: list[Quantity], site: Site) -> Quantity:
        """Return the quantity of a macro, from its own copy of its variables."""
        if self.depth > _MACRO_DEPTH:
            return Quantity(self.ledger.fresh(macro.name), None)
        self.depth += 1
        outside, self.driven = self.driven, _driven(macro.variables)
        local: dict[Ident, Quantity] = {}
        for variable in macro.variables:
            ident = variable.about.ident
            local[ident] = Quantity(self.ledger.fresh(variable.about.name), None)
        for place, (ident, default) in enumerate(macro.parameters):
            if place < len(arguments):
                local[ident] = arguments[place]
            elif default is not None:
                inner = Site(site.about, default, macro.name)
                local[ident] = Reading(self.ledger, inner, dict(local)).quantity(default.expr)
            else:
                local[ident] = Quantity(DIMENSIONLESS, None)
        for variable in macro.variables:
            self.read(variable, site.about, local, macro.name)
        inner = Site(site.about, macro.equation, macro.name)
        value = Reading(self.ledger, inner, local).quantity(macro.equation.expr)
        self.depth -= 1
        self.driven = outside
        return value


def _driven(variables: tuple[Variable, ...]) -> dict[Ident, Unit | None]:
    """Return the flows that conveyors give, with the unit of the fraction of each leak."""
    leaks = {v.about.ident for v in variables if isinstance(v, Flow) and v.leak is not None}
    found: dict[Ident, Unit | None] = {}
    for stock in variables:
        if isinstance(stock, Stock) and stock.conveyor is not None:
            fraction = TIME**-1 if stock.conveyor.exponential else DIMENSIONLESS
            for flow in stock.outflows:
                if isinstance(flow.expr, Reference):
                    ident = full_ident(flow.expr)
                    found[ident] = fraction if ident in leaks else None
    return found
