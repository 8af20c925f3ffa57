"""Every name is found and every call understood; equations become terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cyclesim.compiler import test_inputs
from cyclesim.compiler.expand import wrong_count
from cyclesim.compiler.parts import Algebraic, Buffer, Level, Memory, Model
from cyclesim.compiler.terms import (
    DT,
    START,
    STOP,
    TIME,
    ZERO,
    Draw,
    Literal,
    Lookup,
    Symbol,
    Term,
    apply,
)
from cyclesim.errors import Diagnostic, ModelError, in_file_order
from cyclesim.expr import Binary, Call, Conditional, Expr, Number, Reference, Subscripted, Unary
from cyclesim.functions import FUNCTIONS, INF, NOT_YET, Form, Function
from cyclesim.names import Ident, did_you_mean
from cyclesim.project import About, Equation

_OPERATIONS = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "^": "power", "mod": "modulo",
    "<": "less", "<=": "at_most", ">": "greater", ">=": "at_least", "=": "equal", "<>": "unequal",
    "and": "and", "or": "or",
}  # fmt: skip

_READINGS: dict[str, Term] = {
    "time": TIME,
    "dt": DT,
    "starttime": START,
    "stoptime": STOP,
    "pi": Literal(3.141592653589793),
    "inf": Literal(INF),
}

_TEST_INPUTS: dict[str, Callable[..., Term]] = {
    "STEP": test_inputs.step,
    "RAMP": test_inputs.ramp,
    "PULSE": test_inputs.pulse,
}


def resolve(expanded: Model[Equation]) -> Model[Term]:
    """Return the model with every equation a term over variables that exist.

    Raises ModelError with every unknown name, unknown function and wrong call.
    """
    names = {part.about.ident: part.about.name for part in expanded.parts}
    graphs = [variable.about.name for variable in expanded.project.variables]
    scope = _Scope(names, expanded, graphs)
    parts = tuple(_resolved(part, scope) for part in expanded.parts)
    _check_flows(expanded, scope)
    if scope.diagnostics:
        raise ModelError(in_file_order(scope.diagnostics))
    return Model(expanded.project, parts, expanded.tables)


Part = Level[Equation] | Algebraic[Equation] | Memory[Equation] | Buffer[Equation]
ResolvedPart = Level[Term] | Algebraic[Term] | Memory[Term] | Buffer[Term]


@dataclass
class _Scope:
    names: dict[Ident, str]
    model: Model[Equation]
    written: list[str]
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def visible(self) -> list[str]:
        """Return the names a modeller may have meant."""
        return self.written


def _resolved(part: Part, scope: _Scope) -> ResolvedPart:
    def lower(equation: Equation) -> Term:
        return _Lowering(scope, part.about, equation).term(equation.expr)

    match part:
        case Level(initial=initial, inflows=inflows, outflows=outflows):
            level = Level(part.about, lower(initial), inflows, outflows)
            return replace(level, non_negative=part.non_negative, origin=part.origin)
        case Algebraic(formula=formula, graphical=graphical, kind=kind, origin=origin):
            term = lower(formula)
            if graphical is not None:
                term = Lookup(part.about.ident, term)
            if part.limited_below:
                term = apply("maximum", ZERO, term)
            return Algebraic(part.about, term, kind, graphical, part.limited_below, origin)
        case Memory(initial=initial, update=update, origin=origin):
            renewed = lower(update) if update is not None else None
            return Memory(part.about, lower(initial), renewed, origin)
        case Buffer(origin=origin):
            return Buffer(
                part.about, lower(part.input), lower(part.delay), lower(part.initial), origin
            )


def _check_flows(model: Model[Equation], scope: _Scope) -> None:
    flows = {part.about.ident for part in model.parts if isinstance(part, Algebraic)}
    stocks = {part.about.ident: part for part in model.parts if isinstance(part, Level)}
    for variable in model.project.variables:
        part = stocks.get(variable.about.ident)
        if part is None:
            continue
        for equation in (*variable.inflows, *variable.outflows):  # type: ignore[union-attr]
            reference = equation.expr
            assert isinstance(reference, Reference)
            if reference.ident not in flows:
                scope.diagnostics.append(_no_flow(reference, equation, part.about, scope))


def _no_flow(reference: Reference, equation: Equation, about: About, scope: _Scope) -> Diagnostic:
    known = reference.ident in scope.names
    message = (
        f"'{scope.names[reference.ident]}' is a stock and cannot fill or drain another"
        if known
        else f"no flow is called '{reference.name}'"
    )
    flows = [part.about.name for part in scope.model.parts if isinstance(part, Algebraic)]
    hint = "Name a flow." if known else did_you_mean(reference.name, flows)
    return Diagnostic("unknown-flow", message, equation.source.location(), f"'{about.name}'", hint)


class _Lowering:
    """One equation on its way from tree to term."""

    def __init__(self, scope: _Scope, about: About, equation: Equation) -> None:
        self.scope = scope
        self.about = about
        self.equation = equation

    def term(self, expr: Expr) -> Term:
        match expr:
            case Number(value=value):
                return Literal(value)
            case Reference():
                return self.reference(expr)
            case Unary(operator="+", operand=operand):
                return self.term(operand)
            case Unary(operator=operator, operand=operand):
                return apply("negate" if operator == "-" else "not", self.term(operand))
            case Binary(operator="//", left=left, right=right):
                return _safe_divide(self.term(left), self.term(right), ZERO)
            case Binary(operator=operator, left=left, right=right):
                return apply(_OPERATIONS[operator], self.term(left), self.term(right))
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return apply("select", *map(self.term, (condition, then, otherwise)))
            case Subscripted():
                message = f"'{expr.base.name}' has subscripts, and arrays are not computed yet"
                return self.fault("arrays", message, expr)
            case Call():
                return self.call(expr)

    def fault(self, code: str, message: str, expr: Expr, hint: str | None = None) -> Term:
        source = self.equation.source
        where = source.location(expr.span.start)
        excerpt = source.excerpt(*expr.span)
        subject = f"'{self.about.name}'"
        self.scope.diagnostics.append(Diagnostic(code, message, where, subject, hint, excerpt))
        return ZERO

    def reference(self, reference: Reference) -> Term:
        if reference.path:
            whole = ".".join((*reference.path, reference.name))
            message = f"'{whole}' lies in a module, and modules are not computed yet"
            return self.fault("modules", message, reference)
        if reference.ident in self.scope.names:
            return Symbol(reference.ident)
        if reference.ident in _READINGS:
            return _READINGS[reference.ident]
        if reference.ident in self.scope.model.tables:
            message = f"'{reference.name}' is a graphical function and needs a value to look up"
            return self.fault("table", message, reference, f"Write {reference.name}(x).")
        if reference.ident in FUNCTIONS:
            usage = FUNCTIONS[reference.ident].usage
            message = f"the function {reference.name} is given no arguments"
            return self.fault("argument-count", message, reference, f"Write {usage}.")
        return self.fault(
            "unknown-name",
            f"no variable is called '{reference.name}'",
            reference,
            did_you_mean(reference.name, self.scope.visible()),
        )

    def call(self, call: Call) -> Term:
        if call.function in self.scope.model.tables:
            return self.lookup(call.function, call, call.arguments)
        if call.function in FUNCTIONS:
            return self.function(FUNCTIONS[call.function], call)
        if call.function in self.scope.names:
            message = f"'{call.name}' is a variable without a graphical function"
            return self.fault("no-table", message, call, "Only a function can be called.")
        if call.function in NOT_YET:
            return self.fault("not-yet", f"the function {call.name} is not computed yet", call)
        known = [function.name for function in FUNCTIONS.values()]
        known += [str(ident) for ident in self.scope.model.tables]
        advice = did_you_mean(call.name, known)
        return self.fault("unknown-function", f"no function is called '{call.name}'", call, advice)

    def function(self, function: Function, call: Call) -> Term:
        if not function.least <= len(call.arguments) <= len(function.arguments):
            found = wrong_count(function, call, self.equation, self.about)
            self.scope.diagnostics.append(found)
            return ZERO
        if function.form in (Form.CLOCK, Form.NUMBER):
            return _READINGS[call.function]
        if function.form is Form.NOISE:
            return self.noise(function, call)
        if function.form is Form.LOOKUP:
            return self.named_lookup(call)
        arguments = [self.term(argument) for argument in call.arguments]
        if function.form is Form.TEST_INPUT:
            return _TEST_INPUTS[function.name](*arguments)
        if function.operation == "safe_divide":
            return _safe_divide(arguments[0], arguments[1], (*arguments, ZERO)[2])
        return apply(function.operation, *arguments)

    def lookup(self, table: Ident, call: Call, arguments: tuple[Expr, ...]) -> Term:
        if len(arguments) != 1:
            message = f"the graphical function '{call.name}' is given {len(arguments)} arguments"
            return self.fault("argument-count", message, call, f"Write {call.name}(x).")
        return Lookup(table, self.term(arguments[0]))

    def named_lookup(self, call: Call) -> Term:
        table = call.arguments[0]
        if isinstance(table, Reference) and table.ident in self.scope.model.tables:
            return self.lookup(table.ident, call, call.arguments[1:])
        return self.fault(
            "no-table", "the first argument of LOOKUP is not a graphical function", call
        )

    def noise(self, function: Function, call: Call) -> Term:
        seed: int | None = None
        if len(call.arguments) == 3:
            given = call.arguments[2]
            if not isinstance(given, Number) or given.value != int(given.value):
                message = f"the seed of {function.name} is not a whole number"
                return self.fault("seed", message, call, "Write the seed as a number.")
            seed = int(given.value) or None  # XMILE: 0 asks for no fixed seed
        first, second = self.term(call.arguments[0]), self.term(call.arguments[1])
        draw = Draw(call.site, seed)
        if function.name == "RANDOM":
            return apply("add", first, apply("multiply", apply("subtract", second, first), draw))
        return apply("add", first, apply("multiply", second, apply("standard_normal", draw)))


def _safe_divide(a: Term, b: Term, otherwise: Term) -> Term:
    return apply("select", apply("equal", b, ZERO), otherwise, apply("divide", a, b))
