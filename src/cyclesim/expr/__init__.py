"""Equations as trees: what the readers parse into and the compiler starts from."""

from cyclesim.expr.parser import ExpressionError, parse
from cyclesim.expr.text import to_text
from cyclesim.expr.tree import (
    Binary,
    Call,
    Conditional,
    Expr,
    Number,
    Reference,
    Slice,
    Span,
    Subscripted,
    Unary,
    Wildcard,
    references,
    walk,
)

__all__ = [
    "Binary",
    "Call",
    "Conditional",
    "Expr",
    "ExpressionError",
    "Number",
    "Reference",
    "Slice",
    "Span",
    "Subscripted",
    "Unary",
    "Wildcard",
    "parse",
    "references",
    "to_text",
    "walk",
]
