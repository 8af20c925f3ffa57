"""Functions that hide state become stocks, flows and memory that remember the call."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cyclesim.compiler.parts import Algebraic, Buffer, Kind, Level, Memory, Model, Origin
from cyclesim.errors import Diagnostic, ModelError, in_file_order
from cyclesim.expr import Binary, Call, Conditional, Expr, Number, Reference, Subscripted, Unary
from cyclesim.functions import FUNCTIONS, Form, Function
from cyclesim.names import Ident
from cyclesim.project import About, Auxiliary, Equation, Flow, Graph, Project, Stock

Part = Level[Equation] | Algebraic[Equation] | Memory[Equation] | Buffer[Equation]


def expand(project: Project) -> Model[Equation]:
    """Return the model with every stateful function replaced by parts that hold its state.

    Raises ModelError with every faulty call.
    """
    expander = _Expander(frozenset(variable.about.ident for variable in project.variables))
    for variable in project.variables:
        expander.add(variable)
    if expander.diagnostics:
        raise ModelError(in_file_order(expander.diagnostics))
    tables = {
        variable.about.ident: variable.graphical
        for variable in project.variables
        if not isinstance(variable, Stock) and variable.graphical is not None
    }
    return Model(project, tuple(expander.parts), tables)


@dataclass
class _Expander:
    names: frozenset[Ident]
    parts: list[Part] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def add(self, variable: Stock | Flow | Auxiliary | Graph) -> None:
        """Append a variable and, after it, what its calls are replaced by."""
        match variable:
            case Stock(about=about):
                place = len(self.parts)
                initial = _Calls(self, about, variable.initial).expanded()
                inflows = tuple(_ident(flow) for flow in variable.inflows)
                outflows = tuple(_ident(flow) for flow in variable.outflows)
                level = Level(about, initial, inflows, outflows, variable.non_negative)
                self.parts.insert(place, level)
            case Flow(about=about) | Auxiliary(about=about):
                place = len(self.parts)
                formula = _Calls(self, about, variable.equation).expanded()
                is_flow = isinstance(variable, Flow)
                kind = Kind.FLOW if is_flow else Kind.AUXILIARY
                below = isinstance(variable, Flow) and variable.non_negative
                part = Algebraic(about, formula, kind, variable.graphical, below)
                self.parts.insert(place, part)


def _ident(flow: Equation) -> Ident:
    assert isinstance(flow.expr, Reference)  # the reader refuses anything else
    return flow.expr.ident


class _Calls:
    """The stateful calls of one equation, replaced from the inside outwards."""

    def __init__(self, owner: _Expander, about: About, equation: Equation) -> None:
        self.owner = owner
        self.about = about
        self.equation = equation
        self.numbers: dict[int, int] = {}

    def number(self, call: Call) -> int:
        """Return the number of a call within its equation, wherever in the file that stands."""
        return self.numbers.setdefault(call.site, len(self.numbers) + 1)

    def expanded(self) -> Equation:
        return Equation(self.equation.source, self.rewrite(self.equation.expr))

    def rewrite(self, expr: Expr) -> Expr:
        match expr:
            case Reference(ident="self", path=()) if "self" not in self.owner.names:
                return replace(expr, ident=self.about.ident, name=self.about.name)
            case Unary(operand=operand):
                return replace(expr, operand=self.rewrite(operand))
            case Binary(left=left, right=right):
                return replace(expr, left=self.rewrite(left), right=self.rewrite(right))
            case Conditional():
                return replace(
                    expr,
                    condition=self.rewrite(expr.condition),
                    then=self.rewrite(expr.then),
                    otherwise=self.rewrite(expr.otherwise),
                )
            case Subscripted(subscripts=subscripts):
                return replace(expr, subscripts=tuple(map(self.rewrite, subscripts)))
            case Call(arguments=arguments):
                return self.call(replace(expr, arguments=tuple(map(self.rewrite, arguments))))
        return expr

    def call(self, call: Call) -> Expr:
        function = FUNCTIONS.get(call.function)
        if function is None or function.form not in (Form.STOCKS, Form.MEMORY, Form.BUFFER):
            return call
        if not function.least <= len(call.arguments) <= len(function.arguments):
            self.owner.diagnostics.append(wrong_count(function, call, self.equation, self.about))
            return call
        return _EXPANSIONS[function.name](_Maker(self, function, call))

    def fault(self, code: str, message: str, call: Call, hint: str | None = None) -> None:
        self.owner.diagnostics.append(
            Diagnostic(
                code,
                message,
                self.equation.source.location(call.span.start),
                f"'{self.about.name}'",
                hint,
                self.equation.source.excerpt(*call.span),
            )
        )


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


def _number(value: float) -> Number:
    return Number(float(value))


def _times(left: Expr, right: Expr) -> Expr:
    return Binary("*", left, right)


def _over(left: Expr, right: Expr) -> Expr:
    return Binary("/", left, right)


def _minus(left: Expr, right: Expr) -> Expr:
    return Binary("-", left, right)


def _plus(left: Expr, right: Expr) -> Expr:
    return Binary("+", left, right)


class _Maker:
    """Makes the hidden parts of one call."""

    def __init__(self, calls: _Calls, function: Function, call: Call) -> None:
        self.calls = calls
        self.function = function
        self.call = call
        self.parts = calls.owner.parts

    def argument(self, index: int, role: str) -> Expr:
        """Return an argument, under a name of its own where it is more than a name or number."""
        given = self.call.arguments[index]
        if isinstance(given, Reference | Number):
            return given
        return self.auxiliary(role, given)

    def optional(self, index: int, otherwise: Expr) -> Expr:
        return self.call.arguments[index] if len(self.call.arguments) > index else otherwise

    def named(self, role: str) -> tuple[About, Origin]:
        owner = self.calls.about
        call = self.function.name
        number = self.calls.number(self.call)
        name = f"{owner.name} ({call} {number}: {role})"
        ident = Ident(f"{owner.ident} {call.casefold()} {number} {role}")
        location = self.calls.equation.source.location(self.call.span.start)
        return About(name, ident, location, owner.units), Origin(owner.ident, call, role)

    def equation(self, expr: Expr) -> Equation:
        return Equation(self.calls.equation.source, expr)

    def auxiliary(self, role: str, formula: Expr, kind: Kind = Kind.AUXILIARY) -> Reference:
        about, origin = self.named(role)
        self.parts.append(Algebraic(about, self.equation(formula), kind, origin=origin))
        return Reference(about.ident, about.name)

    def stock(
        self, role: str, initial: Expr, inflow: Reference | None, outflow: Reference | None
    ) -> None:
        about, origin = self.named(role)
        inflows = (inflow.ident,) if inflow else ()
        outflows = (outflow.ident,) if outflow else ()
        self.parts.append(Level(about, self.equation(initial), inflows, outflows, False, origin))

    def reference(self, role: str) -> Reference:
        about, _ = self.named(role)
        return Reference(about.ident, about.name)

    def order(self, index: int) -> int:
        """Return a literal order; anything else is a fault and counts as 1."""
        given = self.call.arguments[index]
        if isinstance(given, Number) and given.value == int(given.value) and 1 <= given.value <= 99:
            return int(given.value)
        self.calls.fault(
            "order",
            f"the order of {self.function.name} is not a whole number from 1 to 99",
            self.call,
            "Write the order as a number.",
        )
        return 1


def _smooth(maker: _Maker, order: int, initial: Expr | None) -> Expr:
    given = maker.argument(0, "input")
    time = maker.argument(1, "averaging time")
    stage_time = time if order == 1 else maker.auxiliary("stage time", _over(time, _number(order)))
    source = given
    for stage in range(1, order + 1):
        role = f"stage {stage}"
        level = maker.reference(role)
        change = maker.auxiliary(
            f"change {stage}", _over(_minus(source, level), stage_time), Kind.FLOW
        )
        maker.stock(role, initial if initial is not None else given, change, None)
        source = level
    return source


def _delay(maker: _Maker, order: int, initial: Expr | None) -> Expr:
    given = maker.argument(0, "input")
    time = maker.argument(1, "delay time")
    stage_time = time if order == 1 else maker.auxiliary("stage time", _over(time, _number(order)))
    inflow = maker.auxiliary("inflow", given, Kind.FLOW)
    for stage in range(1, order + 1):
        role = f"stage {stage}"
        level = maker.reference(role)
        outflow = maker.auxiliary(f"outflow {stage}", _over(level, stage_time), Kind.FLOW)
        content = _times(initial if initial is not None else given, stage_time)
        maker.stock(role, content, inflow, outflow)
        inflow = outflow
    return inflow


def _trend_of(maker: _Maker, initial_trend: Expr) -> Expr:
    """Return the fractional growth rate of the input (XMILE 1.0, TREND)."""
    given = maker.argument(0, "input")
    time = maker.argument(1, "averaging time")
    average = maker.reference("average")
    change = maker.auxiliary("change", _over(_minus(given, average), time), Kind.FLOW)
    start = _over(given, _plus(_number(1), _times(initial_trend, time)))
    maker.stock("average", start, change, None)
    return _over(_minus(given, average), _times(average, time))


def _forecast(maker: _Maker) -> Expr:
    given = maker.argument(0, "input")
    horizon = maker.argument(2, "horizon")
    trend = maker.auxiliary("trend", _trend_of(maker, maker.optional(3, _number(0))))
    return _times(given, _plus(_number(1), _times(trend, horizon)))


def _initial(maker: _Maker) -> Expr:
    about, origin = maker.named("value at the start")
    maker.parts.append(Memory(about, maker.equation(maker.call.arguments[0]), None, origin))
    return Reference(about.ident, about.name)


def _previous(maker: _Maker) -> Expr:
    about, origin = maker.named("value one step before")
    now, first = (maker.equation(argument) for argument in maker.call.arguments)
    maker.parts.append(Memory(about, first, now, origin))
    return Reference(about.ident, about.name)


def _pipeline(maker: _Maker) -> Expr:
    given = maker.argument(0, "input")
    about, origin = maker.named("value a delay before")
    initial = maker.equation(maker.optional(2, given))
    delay = maker.equation(maker.call.arguments[1])
    maker.parts.append(Buffer(about, maker.equation(given), delay, initial, origin))
    return Reference(about.ident, about.name)


def _given(maker: _Maker, index: int) -> Expr | None:
    return maker.call.arguments[index] if len(maker.call.arguments) > index else None


_EXPANSIONS = {
    "SMTH1": lambda maker: _smooth(maker, 1, _given(maker, 2)),
    "SMTH3": lambda maker: _smooth(maker, 3, _given(maker, 2)),
    "SMTHN": lambda maker: _smooth(maker, maker.order(2), _given(maker, 3)),
    "DELAY1": lambda maker: _delay(maker, 1, _given(maker, 2)),
    "DELAY3": lambda maker: _delay(maker, 3, _given(maker, 2)),
    "DELAYN": lambda maker: _delay(maker, maker.order(2), _given(maker, 3)),
    "TREND": lambda maker: _trend_of(maker, maker.optional(2, _number(0))),
    "FORCST": _forecast,
    "INIT": _initial,
    "PREVIOUS": _previous,
    "DELAY": _pipeline,
}
