"""Statements over measures: read with the model's grammar, computed with its operations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from cyclesim.checks.parts import Judged, Statement
from cyclesim.expr import (
    Binary,
    Call,
    Conditional,
    Expr,
    ExpressionError,
    Number,
    Reference,
    Span,
    Unary,
    parse,
    references,
    to_text,
    walk,
)
from cyclesim.functions import FUNCTIONS, Form
from cyclesim.names import Ident, did_you_mean
from cyclesim.operations import OPERATIONS
from cyclesim.scenario.quantities import as_written

_COMPARISONS = {
    "<": "less", "<=": "at_most", ">": "greater", ">=": "at_least", "=": "equal", "<>": "unequal",
}  # fmt: skip
_BINARY = {
    **_COMPARISONS,
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "^": "power", "mod": "modulo",
    "and": "and", "or": "or",
}  # fmt: skip
_CALLED = {
    ident: function.operation
    for ident, function in FUNCTIONS.items()
    if function.form is Form.OPERATION and function.operation in OPERATIONS
}
_DIGITS = 4
_MOST_DIGITS = 15


@dataclass(frozen=True)
class Complaint:
    """What is wrong with a statement, and which part of its text."""

    message: str
    span: Span
    hint: str | None = None


def statement_of(text: str, measures: Mapping[Ident, str]) -> Statement | tuple[Complaint, ...]:
    """Return a statement over measures known by name, or everything that is wrong with it."""
    try:
        expr = parse(text)
    except ExpressionError as error:
        return (Complaint(error.message, error.span, error.hint),)
    complaints = (*_unknown(expr, measures), *_misplaced(expr))
    if complaints:
        return complaints
    idents = tuple(dict.fromkeys(reference.ident for reference in references(expr)))
    if not idents:
        whole = Span(0, len(text))
        return (Complaint("no measure is in it", whole, "A statement is about the model."),)
    return Statement(text, expr, idents)


def value_of(expr: Expr, values: Mapping[Ident, float]) -> float:
    """Return the value of an expression over measures; a truth is 1 or 0."""
    match expr:
        case Number(value=value):
            return value
        case Reference(ident=ident):
            return values[ident]
        case Unary(operator="+", operand=operand):
            return value_of(operand, values)
        case Unary(operator=operator, operand=operand):
            name = "negate" if operator == "-" else "not"
            return OPERATIONS[name].scalar(value_of(operand, values))
        case Binary(operator=operator, left=left, right=right):
            sides = value_of(left, values), value_of(right, values)
            return OPERATIONS[_BINARY[operator]].scalar(*sides)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            parts = (value_of(each, values) for each in (condition, then, otherwise))
            return OPERATIONS["select"].scalar(*parts)
        case Call(function=function, arguments=arguments):
            operation = OPERATIONS[_CALLED[function]].scalar
            given = [value_of(each, values) for each in arguments]
            return reduce(operation, given) if function in ("min", "max") else operation(*given)
    raise AssertionError(expr)


def truth(statement: Statement, values: Mapping[Ident, float]) -> bool | None:
    """Return whether a statement holds, None where a measure is missing or is no number."""
    if any(math.isnan(values.get(ident, math.nan)) for ident in statement.measures):
        return None
    return bool(value_of(statement.expr, values))


def judged(statement: Statement, values: Mapping[Ident, float], why: Mapping[Ident, str]) -> Judged:
    """Return whether a statement holds; `why` says of a measure why it has no value."""
    for ident in statement.measures:
        if ident in why:
            return Judged(statement, None, f"{statement.text} cannot be judged: {why[ident]}")
    held = bool(value_of(statement.expr, values))
    sides = "; ".join(_sides(statement.expr, values, held))
    return Judged(statement, held, f"{statement.text} {_verb(held)}: {sides}")


def margin(statement: Statement, values: Mapping[Ident, float]) -> float:
    """Return how clearly the first comparison of a statement holds: above 0 where it does."""
    first = next(e for e in walk(statement.expr) if _is_comparison(e))
    assert isinstance(first, Binary)
    left, right = value_of(first.left, values), value_of(first.right, values)
    if first.operator in ("<", "<="):
        return right - left
    if first.operator in (">", ">="):
        return left - right
    return -abs(left - right) if first.operator == "=" else abs(left - right)


def told(number: float, *others: float) -> str:
    """Return a number with as many digits as it takes to tell it from the others."""
    digits = _DIGITS
    while digits < _MOST_DIGITS and any(
        other != number and f"{other:.{digits}g}" == f"{number:.{digits}g}" for other in others
    ):
        digits += 1
    if math.isinf(number):
        return "infinity" if number > 0 else "-infinity"
    if abs(number) >= 10**digits:
        return as_written(float(round(number)))
    return as_written(float(f"{number:.{digits}g}"))


def _verb(held: bool) -> str:
    return "holds" if held else "does not hold"


def _sides(expr: Expr, values: Mapping[Ident, float], held: bool) -> Iterator[str]:
    """Yield the numbers of the comparisons that decide whether an expression holds."""
    match expr:
        case Binary(operator="and" | "or" as operator, left=left, right=right):
            parts = [(each, bool(value_of(each, values))) for each in (left, right)]
            # A true AND, and a false OR, rest on both; otherwise on those that say the same.
            both = held == (operator == "and")
            for part, truth in parts:
                if both or truth == held:
                    yield from _sides(part, values, truth)
        case Unary(operator="not", operand=operand):
            yield from _sides(operand, values, not held)
        case Binary(operator=operator, left=left, right=right) if operator in _COMPARISONS:
            a, b = value_of(left, values), value_of(right, values)
            yield f"{told(a, b)} against {told(b, a)}"
        case _:
            yield to_text(expr)


def _unknown(expr: Expr, measures: Mapping[Ident, str]) -> Iterator[Complaint]:
    for node in walk(expr):
        match node:
            case Reference(ident=ident, name=name, span=span) if ident not in measures:
                hint = did_you_mean(name, measures.values())
                known = "Take it from a run under 'measures'."
                yield Complaint(f"no measure is called '{name}'", span, hint or known)
            case Call(function=function, name=name, arguments=arguments, span=span):
                yield from _wrong_call(function, name, len(arguments), span)
            case Number() | Reference() | Unary() | Conditional():
                continue
            case Binary(operator=operator, span=span):
                if operator not in _BINARY:
                    yield Complaint(f"'{operator}' has no place in a statement", span)
            case _:
                yield Complaint("measures are numbers and have no subscripts", node.span)


def _wrong_call(function: Ident, name: str, count: int, span: Span) -> Iterator[Complaint]:
    if function not in _CALLED:
        hint = did_you_mean(name, _CALLED) or "MIN, MAX, ABS, EXP, LN and SQRT are there."
        yield Complaint(f"a statement cannot call '{name}'", span, hint)
        return
    needed = len(FUNCTIONS[function].arguments)
    several = function in ("min", "max") and count >= 2
    if count != needed and not several:
        yield Complaint(
            f"{name} is given {count} of {needed} argument{'s' if needed != 1 else ''}",
            span,
            f"Write {FUNCTIONS[function].usage}.",
        )


def _is_comparison(expr: Expr) -> bool:
    return isinstance(expr, Binary) and expr.operator in _COMPARISONS


def _misplaced(expr: Expr) -> Iterator[Complaint]:
    """Yield numbers where a truth belongs, and truths where a number belongs."""
    match expr:
        case Binary(operator="and" | "or", left=left, right=right):
            yield from _misplaced(left)
            yield from _misplaced(right)
        case Unary(operator="not", operand=operand):
            yield from _misplaced(operand)
        case _ if not _is_comparison(expr):
            message = f"'{to_text(expr)}' is a number, neither true nor false"
            yield Complaint(message, expr.span, "Compare it: a > b, a <= b, a = b.")
        case Binary(left=left, right=right):
            for side in (left, right):  # NOT binds before >, and a < b < c is (a < b) < c
                if _is_truth(side):
                    message = f"'{to_text(side)}' is true or false, and is compared with a number"
                    hint = "Write NOT (a > b), or a < b AND b < c."
                    yield Complaint(message, side.span, hint)


def _is_truth(expr: Expr) -> bool:
    logical = isinstance(expr, Binary) and expr.operator in ("and", "or")
    return logical or _is_comparison(expr) or (isinstance(expr, Unary) and expr.operator == "not")
