"""One equation on its way from tree to term."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from cyclesim.compiler import test_inputs
from cyclesim.compiler.composed import COMPOSED
from cyclesim.compiler.conveyors import AT_START
from cyclesim.compiler.draws import DRAWS
from cyclesim.compiler.stateful import wrong_count
from cyclesim.compiler.subscripts import Subscripts
from cyclesim.compiler.terms import (
    DT,
    START,
    STOP,
    TIME,
    ZERO,
    AtStart,
    Draw,
    Index,
    Literal,
    Lookup,
    Reduce,
    Symbol,
    Term,
    apply,
)
from cyclesim.compiler.vectors import VECTORS, over_all
from cyclesim.expr import (
    Binary,
    Call,
    Conditional,
    Expr,
    Number,
    Reference,
    Slice,
    Subscripted,
    Unary,
    Wildcard,
)
from cyclesim.functions import FUNCTIONS, NOT_YET, Form, Function
from cyclesim.names import Ident, canonical, did_you_mean
from cyclesim.operations import INF, NAN
from cyclesim.project import GraphicalFunction, GraphicalKind

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
    "nan": Literal(NAN),
}

_REDUCTIONS = {
    "SUM": "sum", "PROD": "product", "MEAN": "mean", "STDDEV": "deviation", "MIN": "lowest",
    "MAX": "highest", "RANK": "rank", "SIZE": "size",
}  # fmt: skip


_OF_SEVERAL = {
    "MIN": "minimum", "MAX": "maximum", "SUM": "add", "PROD": "multiply", "MEAN": "add",
}  # fmt: skip


class Lowering(Subscripts):
    """One equation, for the part of a variable that its loops run over."""

    def term(self, expr: Expr) -> Term:
        """Return the term of an expression; a fault is noted and gives 0."""
        match expr:
            case Number(value=value):
                return Literal(value)
            case Reference():
                return self.reference(expr)
            case Subscripted(base=base):
                indexes = self.indexes(base, expr.subscripts, expr)
                return ZERO if indexes is None else Symbol(base.ident, indexes)
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
            case Call():
                return self.call(expr)
            case Wildcard() | Slice():
                return self.fault("subscripts", "this can only stand within square brackets", expr)

    def reference(self, reference: Reference) -> Term:
        """Return a name as the value it stands for."""
        ident, name = reference.ident, reference.name
        if reference.path:
            return self.qualified(reference)
        if ident in self.scope.known:
            if not self.scope.known[ident].dimensions:
                return Symbol(ident)
            indexes = self.implied(reference)
            return ZERO if indexes is None else Symbol(ident, indexes)
        if ident in _READINGS:
            return _READINGS[ident]
        number = self.element_number(ident)
        if number is not None:
            return number
        if ident in self.scope.tables:
            message = f"'{name}' is a graphical function and needs a value to look up"
            return self.fault("table", message, reference, f"Write {name}(x).")
        if ident in FUNCTIONS:
            usage = FUNCTIONS[ident].usage
            message = f"the function {name} is given no arguments"
            return self.fault("argument-count", message, reference, f"Write {usage}.")
        hint = did_you_mean(name, self.scope.names)
        return self.fault("unknown-name", f"no variable is called '{name}'", reference, hint)

    def qualified(self, reference: Reference) -> Term:
        """Return a variable of a module, or a dimension's element as a number."""
        whole = ".".join((*reference.path, reference.name))
        ident = canonical(whole)
        if ident in self.scope.known:
            inner = Reference(ident, whole, (), reference.span)
            return self.reference(inner)
        dimension = canonical(reference.path[0])
        if len(reference.path) == 1 and dimension in self.scope.dimensions:
            place = self.scope.dimensions.place(dimension, reference.ident)
            if place is not None:
                return Literal(float(place + 1))
            part = self.part_number(dimension, reference.ident)
            if part is not None:
                return part
            hint = did_you_mean(reference.name, self.scope.dimensions.elements[dimension])
            message = f"the dimension '{reference.path[0]}' has no element '{reference.name}'"
            return self.fault("subscripts", message, reference, hint)
        hint = did_you_mean(whole, self.scope.names)
        return self.fault("unknown-name", f"no variable is called '{whole}'", reference, hint)

    def call(self, call: Call) -> Term:
        """Return a call as the term of what it computes."""
        if call.function == AT_START:
            return apply("conveyor_at_start", *map(self.term, call.arguments))
        if call.function in self.scope.tables:
            return self.lookup(call.function, call, call.arguments)
        if call.function in FUNCTIONS:
            return self.function(FUNCTIONS[call.function], call)
        if call.function in self.scope.known:
            message = f"'{call.name}' is a variable without a graphical function"
            return self.fault("no-table", message, call, "Only a function can be called.")
        if call.function in NOT_YET:
            said = NOT_YET[call.function]
            message = f"the function {call.name} is not computed yet"
            return self.fault("not-yet", f"{message}{said.reason}", call, said.hint)
        known = [function.name for function in FUNCTIONS.values()]
        known += [str(ident) for ident in self.scope.tables]
        hint = did_you_mean(call.name, known)
        message = f"no function is called '{call.name}'"
        return self.fault("unknown-function", message, call, hint)

    def function(self, function: Function, call: Call) -> Term:
        """Return a call of a function of the language."""
        if function.name in _OF_SEVERAL and len(call.arguments) > 1:
            return self.of_several(function.name, [self.term(each) for each in call.arguments])
        if function.form is Form.ARRAY or function.name in _OF_SEVERAL:
            return self.reduction(function, call)
        if not function.least <= len(call.arguments) <= len(function.arguments):
            found = wrong_count(function, call, self.equation, self.about)
            self.scope.diagnostics.append(found)
            return ZERO
        if function.form in (Form.CLOCK, Form.NUMBER):
            return _READINGS[call.function]
        if function.form is Form.NOISE:
            return self.noise(function, call)
        if function.form is Form.LOOKUP:
            return self.named_lookup(function, call)
        if function.form is Form.VECTOR:
            return VECTORS[function.name](self, call)
        arguments = [self.term(argument) for argument in call.arguments]
        if function.name == "ACTIVE_INITIAL":
            return AtStart(arguments[0], arguments[1])
        if function.form is Form.TEST_INPUT:
            return TEST_INPUTS[function.name](*arguments)
        if function.form is Form.COMPOSED:
            return COMPOSED[function.name](*arguments)
        if function.operation == "safe_divide":
            return _safe_divide(arguments[0], arguments[1], (*arguments, ZERO)[2])
        return apply(function.operation, *arguments)

    def of_several(self, name: str, arguments: list[Term]) -> Term:
        """Return a function of arrays, given several values instead of an array."""
        operation = _OF_SEVERAL[name]
        total = arguments[0]
        for argument in arguments[1:]:
            total = apply(operation, total, argument)
        if name == "MEAN":
            return apply("divide", total, Literal(float(len(arguments))))
        return total

    def reduction(self, function: Function, call: Call) -> Term:
        """Return a function of arrays over all that its first argument runs through."""
        wanted = 2 if function.name == "RANK" else 1
        if len(call.arguments) != wanted:
            message = f"{function.name} is given {len(call.arguments)} arguments"
            return self.fault("argument-count", message, call, f"Write {function.usage}.")
        first = call.arguments[0]
        if function.name == "SIZE" and isinstance(first, Reference):
            elements = self.scope.dimensions.elements.get(first.ident)
            if elements is not None:
                return Literal(float(len(elements)))
        told = len(self.scope.diagnostics)
        made, bodies = over_all(self, (first,))
        if function.name == "SIZE":
            count = 1
            for _, turns in made:
                count *= turns
            return Literal(float(count))
        if not made and len(self.scope.diagnostics) > told:
            return ZERO  # what is wrong within is told, and may be why it goes over nothing
        if not made:
            usage = f"{function.name}(a, b) or {function.name}(x[*])"
            if function.name not in _OF_SEVERAL:
                usage = function.usage.replace("array", "x[*]")
            message = f"{function.name} goes over an array and is given one value"
            return self.fault("argument-count", message, call, f"Write {usage}.")
        extras = tuple(self.term(extra) for extra in call.arguments[1:])
        return Reduce(_REDUCTIONS[function.name], made, bodies, extras)

    def lookup(self, table: Ident, call: Call, arguments: tuple[Expr, ...]) -> Term:
        """Return a graphical function, called by its name."""
        if len(arguments) != 1:
            message = f"the graphical function '{call.name}' is given {len(arguments)} arguments"
            return self.fault("argument-count", message, call, f"Write {call.name}(x).")
        indexes: tuple[Index, ...] = ()
        if self.scope.tables[table].shape:
            found = [self.loop_over(dimension, set()) for dimension in self.scope.arrays[table]]
            indexes = tuple(index for index in found if index is not None)
            if len(indexes) < len(found):
                message = f"the graphical function '{call.name}' is an array and needs subscripts"
                return self.fault("subscripts", message, call)
        return Lookup(table, self.term(arguments[0]), indexes)

    def named_lookup(self, function: Function, call: Call) -> Term:
        """Return LOOKUP or LOOKUPINV of a graphical function."""
        first = call.arguments[0]
        table = first.base if isinstance(first, Subscripted) else first
        if not isinstance(table, Reference) or table.ident not in self.scope.tables:
            message = f"the first argument of {function.name} is not a graphical function"
            return self.fault("no-table", message, call)
        if function.name == "LOOKUPINV":
            inverse = self.inverse(table, call)
            if inverse is None:
                return ZERO
            table = replace(table, ident=inverse)
            first = replace(first, base=table) if isinstance(first, Subscripted) else table
        if isinstance(first, Subscripted):
            chosen = self.indexes(table, first.subscripts, first)
            return Lookup(table.ident, self.term(call.arguments[1]), chosen or ())
        return self.lookup(table.ident, call, call.arguments[1:])

    def inverse(self, table: Reference, call: Call) -> Ident | None:
        """Return the name of a graphical function's inverse, made where it is first needed.

        XMILE 1.0, section 3.5.3. There is one where the values rise, or fall, all along and the
        points are joined by lines.
        """
        ident = Ident(f"{table.ident} inverse")  # with its blank no name a modeller can write
        if ident not in self.scope.tables:
            found = self.scope.tables[table.ident]
            turned = [inverted(each) for each in found.graphicals]
            if any(each is None for each in turned):
                message = f"the graphical function '{table.name}' has no inverse"
                hint = "Its points must be joined by lines that rise, or fall, all along."
                self.fault("no-table", message, call, hint)
                return None
            whole = tuple(each for each in turned if each is not None)
            self.scope.tables[ident] = replace(found, graphicals=whole)
            self.scope.arrays[ident] = self.scope.arrays[table.ident]
        return ident

    def noise(self, function: Function, call: Call) -> Term:
        """Return a draw from a distribution."""
        seed: int | None = None
        given = list(call.arguments)
        if len(given) == len(function.arguments):
            last = given.pop()
            if not isinstance(last, Number) or last.value != int(last.value):
                message = f"the seed of {function.name} is not a whole number"
                return self.fault("seed", message, call, "Write the seed as a number.")
            seed = int(last.value) or None  # XMILE: 0 asks for no fixed seed
        draw = Draw(call.site, seed, self.element())
        return DRAWS[function.name](draw, *map(self.term, given))


def inverted(graphical: GraphicalFunction) -> GraphicalFunction | None:
    """Return the inverse of a graphical function, None where it has none."""
    points = sorted(zip(graphical.y, graphical.x, strict=True))
    x = tuple(point[1] for point in points)
    rising = all(a < b for a, b in pairwise(x)) or all(a > b for a, b in pairwise(x))
    apart = all(a < b for (a, _), (b, _) in pairwise(points))
    if graphical.kind is GraphicalKind.DISCRETE or not (rising and apart):
        return None
    return GraphicalFunction(graphical.kind, tuple(point[0] for point in points), x)


TEST_INPUTS: dict[str, Callable[..., Term]] = {
    "STEP": test_inputs.step,
    "RAMP": test_inputs.ramp,
    "PULSE": test_inputs.pulse,
    "UNIT_PULSE": test_inputs.unit_pulse,
    "PULSE_TRAIN": test_inputs.pulse_train,
}
"""Test inputs as terms, by the function's name."""


def _safe_divide(a: Term, b: Term, otherwise: Term) -> Term:
    return apply("select", apply("equal", b, ZERO), otherwise, apply("divide", a, b))
