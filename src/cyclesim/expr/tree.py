"""The expression tree. Positions are kept for messages and never compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cyclesim.names import Ident


class Span(NamedTuple):
    """The part of an equation's text that a node was read from."""

    start: int
    end: int


NOWHERE = Span(0, 0)


@dataclass(frozen=True)
class Number:
    """A number as written."""

    value: float
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Reference:
    """A variable by name; `path` names the modules it lies in, outermost first."""

    ident: Ident
    name: str = field(compare=False)
    path: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Subscripted:
    """A variable with subscripts in square brackets."""

    base: Reference
    subscripts: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Unary:
    """`-`, `+` or `not` before an operand."""

    operator: str
    operand: Expr
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Binary:
    """Two operands with an operator between them; comparisons give 1 or 0."""

    operator: str
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Conditional:
    """IF condition THEN then ELSE otherwise."""

    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Call:
    """A function, or a graphical function by its name, applied to arguments.

    `site` numbers the calls of a model in source order: noise is drawn by it.
    """

    function: Ident
    name: str = field(compare=False)
    arguments: tuple[Expr, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)
    site: int = field(default=0, compare=False)


Expr = Number | Reference | Subscripted | Unary | Binary | Conditional | Call


def children(expr: Expr) -> tuple[Expr, ...]:
    """Return the operands of a node, left to right."""
    match expr:
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Call(arguments=arguments):
            return arguments
        case Subscripted(base=base, subscripts=subscripts):
            return (base, *subscripts)
    return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield the node and all below it, each parent before its operands."""
    yield expr
    for child in children(expr):
        yield from walk(child)


def references(expr: Expr) -> tuple[Reference, ...]:
    """Return every reference in the tree, left to right."""
    return tuple(node for node in walk(expr) if isinstance(node, Reference))
