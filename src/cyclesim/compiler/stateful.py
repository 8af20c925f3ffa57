"""What functions that hide state are replaced by: stocks, flows, memory and buffers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cyclesim.compiler.parts import Algebraic, Buffer, Kind, Level, Memory, Origin
from cyclesim.errors import Diagnostic
from cyclesim.expr import Binary, Call, Conditional, Expr, Number, Reference, Subscripted
from cyclesim.functions import Function
from cyclesim.names import Ident
from cyclesim.project import About, Definition, Equation

Part = Level[Definition] | Algebraic[Definition] | Memory[Definition] | Buffer[Definition]


@dataclass
class Site:
    """The equation that a call stands in; `loops` are the dimensions that it runs over."""

    about: About
    equation: Equation
    loops: tuple[Ident, ...]
    parts: list[Part]
    diagnostics: list[Diagnostic]
    numbers: dict[int, int] = field(default_factory=dict)

    def number(self, call: Call) -> int:
        """Return the number of a call within its equation, wherever in the file that stands."""
        return self.numbers.setdefault(call.site, len(self.numbers) + 1)

    def maker(self, call_name: str, call: Call) -> Maker:
        """Return what makes the parts of one call."""
        return Maker(self, call_name, call)

    def fault(self, code: str, message: str, call: Call, hint: str | None = None) -> None:
        """Note a fault of a call."""
        source = self.equation.source
        where, excerpt = source.location(call.span.start), source.excerpt(*call.span)
        subject = f"'{self.about.name}'"
        self.diagnostics.append(Diagnostic(code, message, where, subject, hint, excerpt))


def wrong_count(function: Function, call: Call, equation: Equation, about: About) -> Diagnostic:
    """Return the finding that a call has too few or too many arguments."""
    given = len(call.arguments)
    return Diagnostic(
        "argument-count",
        f"{function.name} is given {given} argument{'' if given == 1 else 's'}",
        equation.source.location(call.span.start),
        f"'{about.name}'",
        f"Write {function.usage}.",
        equation.source.excerpt(*call.span),
    )


class Maker:
    """Makes the hidden parts of one call, of the dimensions that its equation runs over."""

    def __init__(self, site: Site, call_name: str, call: Call) -> None:
        self.site = site
        self.call_name = call_name
        self.call = call

    def about(self, role: str) -> About:
        """Return what is said of a hidden part."""
        owner = self.site.about
        number = self.site.number(self.call)
        name = f"{owner.name} ({self.call_name} {number}: {role})"
        location = self.site.equation.source.location(self.call.span.start)
        # An identifier with blanks is none that a modeller can write.
        ident = Ident(f"{owner.ident} {self.call_name.casefold()} {number} {role}")
        return About(name, ident, location, owner.units, dimensions=self.site.loops)

    def origin(self, role: str) -> Origin:
        """Return where a hidden part came from."""
        return Origin(self.site.about.ident, self.call_name, role)

    def reference(self, role: str) -> Expr:
        """Return a hidden part as it is read in an equation."""
        about = self.about(role)
        reference = Reference(about.ident, about.name)
        if not self.site.loops:
            return reference
        return Subscripted(reference, tuple(Reference(i, str(i)) for i in self.site.loops))

    def definition(self, expr: Expr) -> tuple[Definition, ...]:
        """Return the equation of a hidden part, for all its elements."""
        return (Definition(Equation(self.site.equation.source, expr), self.site.loops),)

    def auxiliary(self, role: str, formula: Expr, kind: Kind = Kind.AUXILIARY) -> Expr:
        """Make an auxiliary or flow and return it as it is read."""
        part = Algebraic(self.about(role), self.definition(formula), kind, origin=self.origin(role))
        self.site.parts.append(part)
        return self.reference(role)

    def stock(self, role: str, initial: Expr, inflow: Expr | None, outflow: Expr | None) -> None:
        """Make a stock between two flows."""
        inflows = (_ident(inflow),) if inflow is not None else ()
        outflows = (_ident(outflow),) if outflow is not None else ()
        about, origin = self.about(role), self.origin(role)
        part = Level(about, self.definition(initial), inflows, outflows, False, origin)
        self.site.parts.append(part)

    def memory(self, role: str, initial: Expr, update: Expr | None) -> Expr:
        """Make a memory and return it as it is read."""
        renewed = self.definition(update) if update is not None else ()
        about, origin = self.about(role), self.origin(role)
        self.site.parts.append(Memory(about, self.definition(initial), renewed, origin))
        return self.reference(role)

    def argument(self, index: int, role: str) -> Expr:
        """Return an argument, under a name of its own where it is more than a name or number."""
        given = self.call.arguments[index]
        if isinstance(given, Reference | Number | Subscripted):
            return given
        return self.auxiliary(role, given)

    def given(self, index: int) -> Expr | None:
        """Return an optional argument, None where it is not given."""
        return self.call.arguments[index] if len(self.call.arguments) > index else None

    def order(self, index: int) -> int:
        """Return a literal order; anything else is a fault and counts as 1."""
        given = self.call.arguments[index]
        if isinstance(given, Number) and given.value == int(given.value) and 1 <= given.value <= 99:
            return int(given.value)
        message = f"the order of {self.call_name} is not a whole number from 1 to 99"
        self.site.fault("order", message, self.call, "Write the order as a number.")
        return 1


def _ident(expr: Expr) -> Ident:
    reference = expr.base if isinstance(expr, Subscripted) else expr
    assert isinstance(reference, Reference)  # made by this module
    return reference.ident


def _times(left: Expr, right: Expr) -> Expr:
    return Binary("*", left, right)


def _over(left: Expr, right: Expr) -> Expr:
    return Binary("/", left, right)


def _minus(left: Expr, right: Expr) -> Expr:
    return Binary("-", left, right)


def _plus(left: Expr, right: Expr) -> Expr:
    return Binary("+", left, right)


def _number(value: float) -> Expr:
    return Number(float(value))


def _smooth(maker: Maker, order: int, initial: Expr | None) -> Expr:
    given = maker.argument(0, "input")
    time = maker.argument(1, "averaging time")
    stage_time = time if order == 1 else maker.auxiliary("stage time", _over(time, _number(order)))
    source = given
    for stage in range(1, order + 1):
        level = maker.reference(f"stage {stage}")
        rate = _over(_minus(source, level), stage_time)
        change = maker.auxiliary(f"change {stage}", rate, Kind.FLOW)
        maker.stock(f"stage {stage}", initial if initial is not None else given, change, None)
        source = level
    return source


def _delay(maker: Maker, order: int, initial: Expr | None) -> Expr:
    given = maker.argument(0, "input")
    time = maker.argument(1, "delay time")
    stage_time = time if order == 1 else maker.auxiliary("stage time", _over(time, _number(order)))
    inflow = maker.auxiliary("inflow", given, Kind.FLOW)
    for stage in range(1, order + 1):
        level = maker.reference(f"stage {stage}")
        outflow = maker.auxiliary(f"outflow {stage}", _over(level, stage_time), Kind.FLOW)
        content = _times(initial if initial is not None else given, stage_time)
        maker.stock(f"stage {stage}", content, inflow, outflow)
        inflow = outflow
    return inflow


def _trend(maker: Maker, initial_trend: Expr | None) -> Expr:
    """Return the fractional growth rate of the input (XMILE 1.0, TREND)."""
    given = maker.argument(0, "input")
    time = maker.argument(1, "averaging time")
    average = maker.reference("average")
    change = maker.auxiliary("change", _over(_minus(given, average), time), Kind.FLOW)
    growth = _times(initial_trend if initial_trend is not None else _number(0), time)
    maker.stock("average", _over(given, _plus(_number(1), growth)), change, None)
    return _over(_minus(given, average), _times(average, time))


def _forecast(maker: Maker) -> Expr:
    given = maker.argument(0, "input")
    horizon = maker.argument(2, "horizon")
    trend = maker.auxiliary("trend", _trend(maker, maker.given(3)))
    return _times(given, _plus(_number(1), _times(trend, horizon)))


def _initial(maker: Maker) -> Expr:
    return maker.memory("value at the start", maker.call.arguments[0], None)


def _previous(maker: Maker) -> Expr:
    now, first = maker.call.arguments
    return maker.memory("value one step before", first, now)


def _sample(maker: Maker) -> Expr:
    """Return the input while the condition holds, afterwards what it was last."""
    condition, given, first = maker.call.arguments
    held = maker.reference("value held")
    sampled = Conditional(condition, given, held)
    maker.memory("value held", first, sampled)
    return sampled


def _net_present_value(maker: Maker) -> Expr:
    """Return a stream's discounted sum, this step's share included (Vensim's NPV)."""
    stream, rate = maker.argument(0, "stream"), maker.argument(1, "discount rate")
    discount, total = maker.reference("discount factor"), maker.reference("sum")
    step = Reference(Ident("dt"), "DT")
    lost = _over(_times(discount, rate), _plus(_number(1), _times(rate, step)))
    fading = maker.auxiliary("fading", lost, Kind.FLOW)
    maker.stock("discount factor", _number(1), None, fading)
    adding = maker.auxiliary("adding", _times(stream, discount), Kind.FLOW)
    maker.stock("sum", maker.call.arguments[2], adding, None)
    now = _times(_times(stream, step), discount)
    return _times(_plus(total, now), maker.call.arguments[3])


def _pipeline(maker: Maker) -> Expr:
    given = maker.argument(0, "input")
    initial = maker.given(2)
    about, origin = maker.about("value a delay before"), maker.origin("value a delay before")
    delay = maker.definition(maker.call.arguments[1])
    before = maker.definition(initial if initial is not None else given)
    maker.site.parts.append(Buffer(about, maker.definition(given), delay, before, origin))
    return maker.reference("value a delay before")


EXPANSIONS: dict[str, Callable[[Maker], Expr]] = {
    "SMTH1": lambda maker: _smooth(maker, 1, maker.given(2)),
    "SMTH3": lambda maker: _smooth(maker, 3, maker.given(2)),
    "SMTHN": lambda maker: _smooth(maker, maker.order(2), maker.given(3)),
    "DELAY1": lambda maker: _delay(maker, 1, maker.given(2)),
    "DELAY3": lambda maker: _delay(maker, 3, maker.given(2)),
    "DELAYN": lambda maker: _delay(maker, maker.order(2), maker.given(3)),
    "TREND": lambda maker: _trend(maker, maker.given(2)),
    "FORCST": _forecast,
    "INIT": _initial,
    "PREVIOUS": _previous,
    "DELAY": _pipeline,
    "SAMPLE_IF_TRUE": _sample,
    "VENSIM_NPV": _net_present_value,
}
"""What replaces a call, by the function's name."""
