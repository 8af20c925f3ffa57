"""What can be worked out before a run: control variables, orders of delays, seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from cyclesim.expr import Binary, Call, Conditional, Expr, Number, Reference, Unary
from cyclesim.functions import FUNCTIONS, Form
from cyclesim.names import Ident
from cyclesim.operations import OPERATIONS

_ARITHMETIC: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
_COMPARISONS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "and": lambda a, b: bool(a and b),
    "or": lambda a, b: bool(a or b),
}
_DEPTH = 60


class Values:
    """Values of scalar equations that need no run, as exact fractions of what was written.

    Where `time` is given, equations are worked out at that time; `first` are the values that
    INIT looks back to.
    """

    def __init__(
        self,
        equations: Mapping[Ident, Expr],
        time: Fraction | None = None,
        first: Values | None = None,
    ) -> None:
        self.equations = equations
        self.time = time
        self.first = first
        self.found: dict[Ident, Fraction | None] = {}

    def of(self, expr: Expr, depth: int = 0) -> Fraction | None:
        """Return the value of an equation, None where only a run can tell."""
        if depth > _DEPTH:
            return None
        match expr:
            case Number(value=value):
                return _fraction(value)
            case Reference(ident=ident, path=()):
                return self.named(ident, depth)
            case Unary(operand=operand, operator=operator):
                return _unary(operator, self.of(operand, depth + 1))
            case Binary(operator=operator, left=left, right=right):
                return _binary(operator, self.of(left, depth + 1), self.of(right, depth + 1))
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                chosen = self.of(condition, depth + 1)
                if chosen is None:
                    return None
                return self.of(then if chosen else otherwise, depth + 1)
            case Call():
                return self.call(expr, depth + 1)
        return None

    def named(self, ident: Ident, depth: int) -> Fraction | None:
        """Return the value of a variable; one that reads itself has none."""
        if ident not in self.equations:
            return self.time if ident == "time" else None
        if ident not in self.found:
            self.found[ident] = None
            self.found[ident] = self.of(self.equations[ident], depth + 1)
        return self.found[ident]

    def call(self, call: Call, depth: int) -> Fraction | None:
        """Return the value of a function that neither remembers nor draws."""
        if call.function == "init" and len(call.arguments) == 1:
            return (self.first or self).of(call.arguments[0], depth)
        arguments = [self.of(argument, depth) for argument in call.arguments]
        if call.function == "step" and self.time is not None and len(arguments) == 2:
            height, start = arguments
            if height is None or start is None:
                return None
            return height if start <= self.time else Fraction(0)
        function = FUNCTIONS.get(call.function)
        if function is None or function.form is not Form.OPERATION:
            return None
        if function.operation not in OPERATIONS or len(arguments) != len(function.arguments):
            return None
        try:
            known = [float(value) for value in arguments if value is not None]
        except OverflowError:
            return None
        if len(known) != len(arguments):
            return None
        return _fraction(OPERATIONS[function.operation].scalar(*known))


def _fraction(value: float) -> Fraction | None:
    return Fraction(repr(value)) if math.isfinite(value) else None


def _unary(operator: str, value: Fraction | None) -> Fraction | None:
    if value is None or operator == "+":
        return value
    return Fraction(not value) if operator == "not" else -value


def _binary(operator: str, left: Fraction | None, right: Fraction | None) -> Fraction | None:
    if left is None or right is None:
        return None
    if operator in _COMPARISONS:
        return Fraction(_COMPARISONS[operator](left, right))
    if operator == "/" and right == 0:
        return None
    if operator in _ARITHMETIC:
        return _ARITHMETIC[operator](left, right)
    if operator == "^":
        try:
            return _fraction(OPERATIONS["power"].scalar(float(left), float(right)))
        except OverflowError:
            return None
    return None
