"""Expression trees back into equation text that parses to the same tree."""

from __future__ import annotations

import re

from cyclesim.expr.tree import (
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

_PRECEDENCE = {
    "or": 1, "and": 2, "=": 3, "<>": 3, "<": 4, "<=": 4, ">": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "mod": 6, "^": 8,
}  # fmt: skip
_UNARY, _ATOM = 7, 9
_PLAIN = re.compile(r"[^\W\d][\w$]*\Z")
_RESERVED = frozenset({"if", "then", "else", "and", "or", "not", "mod"})


def to_text(expr: Expr) -> str:
    """Return the equation of a tree, with no bracket more than it needs."""
    return _render(expr)[0]


def _render(expr: Expr) -> tuple[str, int]:
    match expr:
        case Number(value=value):
            return number_text(value), _ATOM if value >= 0 else _UNARY
        case Reference():
            return ".".join([*(_name(part) for part in expr.path), _name(expr.name)]), _ATOM
        case Subscripted(base=base, subscripts=subscripts):
            return f"{to_text(base)}[{_list(subscripts)}]", _ATOM
        case Wildcard(name=name):
            return f"*:{_name(name)}" if name else "*", _ATOM
        case Slice(first=first, last=last):
            return f"{to_text(first)}:{to_text(last)}", _ATOM
        case Call(name=name, arguments=arguments):
            return f"{_called(name)}({_list(arguments)})", _ATOM
        case Unary(operator=operator, operand=operand):
            sign = "NOT " if operator == "not" else operator
            return f"{sign}{_bracketed(operand, _UNARY)}", _UNARY
        case Binary(operator=operator, left=left, right=right):
            return _binary(operator, left, right), _PRECEDENCE[operator]
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            text = f"IF {to_text(condition)} THEN {to_text(then)} ELSE {to_text(otherwise)}"
            return text, 0


def _binary(operator: str, left: Expr, right: Expr) -> str:
    level = _PRECEDENCE[operator]
    if operator == "^":  # right to left; its exponent may carry a sign
        return f"{_bracketed(left, _ATOM)} ^ {_bracketed(right, _UNARY)}"
    shown = operator.upper() if operator in _RESERVED else operator
    return f"{_bracketed(left, level)} {shown} {_bracketed(right, level + 1)}"


def _bracketed(expr: Expr, least: int) -> str:
    text, level = _render(expr)
    return text if level >= least else f"({text})"


def _list(items: tuple[Expr, ...]) -> str:
    return ", ".join(to_text(item) for item in items)


def _name(name: str) -> str:
    joined = name.replace(" ", "_")
    if name == "*" or (_PLAIN.match(joined) and joined.casefold() not in _RESERVED):
        return joined
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _called(name: str) -> str:
    """Return a function's name: its words joined, those of modules behind dots."""
    return ".".join(_name(part) for part in name.split("."))


def number_text(value: float) -> str:
    """Return the shortest decimal that reads back as `value`, whole numbers without a point."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)
