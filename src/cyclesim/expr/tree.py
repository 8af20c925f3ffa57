"""The expression tree. Positions are kept for messages and never compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
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
class Wildcard:
    """All elements at a place of a subscript, or those of one dimension: `*`, `*:Sub`, `Dim!`."""

    dimension: Ident | None = None
    name: str = field(default="", compare=False)
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Slice:
    """The elements from one to another at a place of a subscript: `2:4`."""

    first: Expr
    last: Expr
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


Expr = Number | Reference | Subscripted | Wildcard | Slice | Unary | Binary | Conditional | Call


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
        case Slice(first=first, last=last):
            return (first, last)
    return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield the node and all below it, each parent before its operands."""
    yield expr
    for child in children(expr):
        yield from walk(child)


def references(expr: Expr) -> tuple[Reference, ...]:
    """Return every reference in the tree, left to right."""
    return tuple(node for node in walk(expr) if isinstance(node, Reference))


def rewritten(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Return the tree with `change` applied to each node, operands first.

    The base of a subscripted reference is changed only into another reference. What does not
    change is the very node it was: most equations pass through untouched.
    """
    before = children(expr)
    if before:
        after = tuple(rewritten(child, change) for child in before)
        if any(new is not old for new, old in zip(after, before, strict=True)):
            expr = _with_children(expr, after)
    return change(expr)


def _with_children(expr: Expr, after: tuple[Expr, ...]) -> Expr:
    match expr:
        case Unary():
            return replace(expr, operand=after[0])
        case Binary():
            return replace(expr, left=after[0], right=after[1])
        case Conditional():
            return replace(expr, condition=after[0], then=after[1], otherwise=after[2])
        case Call():
            return replace(expr, arguments=after)
        case Subscripted(base=base):
            kept = after[0] if isinstance(after[0], Reference) else base
            return replace(expr, base=kept, subscripts=after[1:])
        case Slice():
            return replace(expr, first=after[0], last=after[1])
    return expr
