"""Conveyors become stocks whose flows are read off a belt (docs/semantics.md, 4.8 to 4.11).

The stock stays a stock: its flows change it. What the flows are is held for a step as memory,
which the run renews from its belt; two kinds of hidden level tell the belt what a step brought:
what entered, and which share exponential leaks took.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from cyclesim.compiler.parts import (
    Algebraic,
    Buffer,
    Conveying,
    Kind,
    Leaking,
    Level,
    Memory,
    Origin,
)
from cyclesim.errors import Diagnostic
from cyclesim.expr import Binary, Call, Conditional, Expr, Number, Reference, Subscripted
from cyclesim.names import Ident
from cyclesim.project import About, Conveyor, Definition, Equation, Leak

Part = Level[Definition] | Algebraic[Definition] | Memory[Definition] | Buffer[Definition]

AT_START = Ident("conveyor at start")
"""What a conveyor gives in the first step; with its blanks it is no name a modeller can write."""

CONVEYOR = "conveyor"
"""What the origin of a conveyor's hidden parts calls the call that they stand for."""


def with_conveyors(
    parts: Iterable[Part], conveyors: Iterable[tuple[Ident, Conveyor]], leaks: Mapping[Ident, Leak]
) -> tuple[tuple[Part, ...], tuple[Conveying, ...], tuple[Diagnostic, ...]]:
    """Return the parts of a model with its conveyors put in, the conveyors, and what is wrong."""
    found = _Conveyors(list(parts), leaks)
    for stock, conveyor in conveyors:
        found.add(stock, conveyor)
    drained = {flow for each in found.made for flow in each.outflows} | found.faulty
    for flow in leaks:
        if flow not in drained:
            message = "it is a leak, and no conveyor names it among its outflows"
            hint = "Name it as an <outflow> of the conveyor that it leaks from, or drop <leak>."
            found.fault(found.part(flow).about, message, hint)
    return tuple(found.parts), tuple(found.made), tuple(found.faults)


@dataclass
class _Conveyors:
    parts: list[Part]
    leaks: Mapping[Ident, Leak]
    made: list[Conveying] = field(default_factory=list)
    faults: list[Diagnostic] = field(default_factory=list)
    faulty: set[Ident] = field(default_factory=set)

    def part(self, ident: Ident) -> Part:
        return next(part for part in self.parts if part.about.ident == ident)

    def fault(self, about: About, message: str, hint: str) -> None:
        found = Diagnostic("conveyor", message, about.location, f"'{about.name}'", hint)
        self.faults.append(found)

    def add(self, ident: Ident, conveyor: Conveyor) -> None:
        """Put in one conveyor, unless something is wrong with its flows."""
        stock = self.part(ident)
        assert isinstance(stock, Level)
        self.faulty.update(stock.outflows)
        maker = _Maker(self, stock, conveyor)
        maker.name_values()
        known = {part.about.ident: part for part in self.parts}
        flows = [known.get(flow) for flow in (*stock.inflows, *stock.outflows)]
        if any(not isinstance(flow, Algebraic) for flow in flows):
            return  # told with the flows of all stocks
        before = len(self.faults)
        for each in flows:
            if each is not None and each.about.dimensions != stock.about.dimensions:
                message = f"the flow '{each.about.name}' has other dimensions than the conveyor"
                self.fault(stock.about, message, "Give both the same dimensions.")
        ends = [flow for flow in stock.outflows if flow not in self.leaks]
        if len(ends) != 1:
            shown = ", ".join(f"'{known[flow].about.name}'" for flow in ends)
            message = f"a conveyor has one outflow at its end, not {len(ends)}"
            message += f": {shown}" if ends else ""
            hint = "Name one outflow without <leak>; mark each of the others with <leak>."
            self.fault(stock.about, message, hint)
        taken = {flow for each in self.made for flow in each.outflows}
        for flow in (each for each in stock.outflows if each in taken):
            message = f"the flow '{known[flow].about.name}' leaves another conveyor already"
            self.fault(stock.about, message, "Give each conveyor outflows of its own.")
        if len(self.faults) == before:
            self.made.append(maker.made(ends[0]))

    def replace(self, ident: Ident, formula: Expr, about: About) -> None:
        """Give a flow the value that its conveyor gives."""
        place = next(n for n, part in enumerate(self.parts) if part.about.ident == ident)
        flow = self.parts[place]
        assert isinstance(flow, Algebraic)
        source = flow.formula[0].equation.source
        definition = Definition(Equation(source, formula), about.dimensions)
        self.parts[place] = replace(flow, formula=(definition,), limited_below=False)


_ROLES = {
    "length": "transit time",
    "capacity": "capacity",
    "inflow_limit": "inflow limit",
    "sample": "sample",
}


@dataclass
class _Maker:
    """Makes the parts of one conveyor; `values` are those of its equations, by their field."""

    all: _Conveyors
    stock: Level[Definition]
    conveyor: Conveyor
    values: dict[str, Ident] = field(default_factory=dict)

    def name_values(self) -> None:
        """Make a value of its own of each of the conveyor's equations."""
        for name, role in _ROLES.items():
            equation = getattr(self.conveyor, name)
            if equation is not None:
                about = self.about(role)
                formula = (Definition(equation, about.dimensions),)
                part = Algebraic(about, formula, origin=self.origin(about))
                self.values[name] = self.add(part)

    def made(self, end: Ident) -> Conveying:
        transit = self.transit()
        entering = self.level("what enters in a step", self.stock.inflows)
        for flow in self.stock.inflows:
            self.bound_below(flow)
        exponential = self.conveyor.exponential
        flows = [flow for flow in self.stock.outflows if flow in self.all.leaks]
        fractions = list(self.fractions(flows))
        held = [self.memory(f"fraction leaked {n}", f, f) for n, f in enumerate(fractions, 1)]
        zones = [self.all.leaks[flow] for flow in flows]
        start: list[Expr] = [
            Number(float(exponential)),
            Reference(Ident("dt"), "DT"),
            self.read(self.stock.about.ident),
            self.read(transit),
        ]
        for memory, zone in zip(held, zones, strict=True):
            start += [self.read(memory), Number(zone.start), Number(zone.end)]
        leaving = self.given("what leaves", 0, start)
        rest = self.read(leaving)
        leaks: list[Leaking] = []
        for flow, fraction, memory in zip(flows, fractions, held, strict=True):
            leaks.append(self.leak(len(leaks) + 1, flow, fraction, memory, start))
            ending = leaks[-1].ending
            if ending is not None:
                rest = Binary("-", rest, Binary("*", fraction, self.read(ending)))
        self.all.replace(end, rest, self.stock.about)
        return Conveying(
            stock=self.stock.about.ident,
            outflow=end,
            inflows=self.stock.inflows,
            transit=transit,
            entering=entering,
            leaving=leaving,
            leaks=tuple(leaks),
            exponential=exponential,
            capacity=self.values.get("capacity"),
            inflow_limit=self.values.get("inflow_limit"),
        )

    def leak(
        self, number: int, flow: Ident, fraction: Expr, held: Ident, start: list[Expr]
    ) -> Leaking:
        """Make what the conveyor gives of one leak, and give the flow its value."""
        zone = self.all.leaks[flow]
        amount = self.given(f"what leaks {number}", 2 * number - 1, start)
        value = self.read(amount)
        ending, leaked = None, None
        if self.conveyor.exponential:
            value = Binary("*", fraction, value)
            ending = self.given(f"what leaks last {number}", 2 * number, start)
            leaked = self.level(f"share leaked in a step {number}", (_ident(fraction),))
        self.all.replace(flow, value, self.stock.about)
        return Leaking(flow, zone.start, zone.end, held, amount, ending, leaked)

    def transit(self) -> Ident:
        """Make the transit time; where it is sampled, the last one stays until the next."""
        length = self.read(self.values["length"])
        renewed = length
        if "sample" in self.values:
            sample = self.read(self.values["sample"])
            held = self.read(self.about("transit time held").ident)
            renewed = Conditional(sample, length, held)
        return self.memory("transit time held", length, renewed)

    def fractions(self, flows: list[Ident]) -> Iterator[Expr]:
        """Make the fraction of each leak: not below 0, and together no more than there is."""
        left: Expr = Number(1.0)
        if flows and self.conveyor.exponential:
            # A memory, since this bound is no reason for a result to depend on the step.
            once = Binary("/", Number(1.0), Reference(Ident("dt"), "DT"))
            left = self.read(self.memory("most that leaks", once, None))
        for number, flow in enumerate(flows, 1):
            given = self.all.part(flow)
            assert isinstance(given, Algebraic)
            about = self.about(f"fraction {number}")
            self.add(Algebraic(about, given.formula, origin=self.origin(about)))
            within = _call("MAX", Number(0.0), _call("MIN", self.read(about.ident), left))
            found = self.computed(f"fraction within bounds {number}", within)
            left = Binary("-", left, found)
            yield found

    def bound_below(self, ident: Ident) -> None:
        """Keep an inflow at or above zero: nothing is taken off a conveyor at its entry."""
        place = next(n for n, part in enumerate(self.all.parts) if part.about.ident == ident)
        flow = self.all.parts[place]
        assert isinstance(flow, Algebraic)
        self.all.parts[place] = replace(flow, limited_below=True)

    # Parts

    def about(self, role: str) -> About:
        own = self.stock.about
        name = f"{own.name} (conveyor: {role})"
        ident = Ident(f"{own.ident} conveyor {role}")
        return About(name, ident, own.location, dimensions=own.dimensions)

    def origin(self, about: About) -> Origin:
        role = about.name.removeprefix(self.stock.about.name)
        return Origin(self.stock.about.ident, CONVEYOR, role)

    def add(self, part: Part) -> Ident:
        self.all.parts.append(part)
        return part.about.ident

    def definition(self, expr: Expr) -> tuple[Definition, ...]:
        source = self.conveyor.length.source
        return (Definition(Equation(source, expr), self.stock.about.dimensions),)

    def read(self, ident: Ident) -> Expr:
        """Return a part of the conveyor as it is read in its equations."""
        reference = Reference(ident, str(ident))
        if not self.stock.about.dimensions:
            return reference
        loops = tuple(Reference(each, str(each)) for each in self.stock.about.dimensions)
        return Subscripted(reference, loops)

    def computed(self, role: str, expr: Expr) -> Expr:
        about = self.about(role)
        return self.read(
            self.add(
                Algebraic(about, self.definition(expr), Kind.AUXILIARY, origin=self.origin(about))
            )
        )

    def memory(self, role: str, initial: Expr, update: Expr | None) -> Ident:
        about = self.about(role)
        renewed = self.definition(update) if update is not None else ()
        return self.add(Memory(about, self.definition(initial), renewed, self.origin(about)))

    def given(self, role: str, number: int, start: list[Expr]) -> Ident:
        """Make what the conveyor gives in each step; the run renews it."""
        first = Call(AT_START, str(AT_START), (Number(float(number)), *start))
        return self.memory(role, first, None)

    def level(self, role: str, inflows: tuple[Ident, ...]) -> Ident:
        about = self.about(role)
        zero = self.definition(Number(0.0))
        return self.add(Level(about, zero, inflows, (), False, self.origin(about)))


def _call(name: str, *arguments: Expr) -> Expr:
    return Call(Ident(name.casefold()), name, arguments)


def _ident(expr: Expr) -> Ident:
    reference = expr.base if isinstance(expr, Subscripted) else expr
    assert isinstance(reference, Reference)  # made by this module
    return reference.ident
