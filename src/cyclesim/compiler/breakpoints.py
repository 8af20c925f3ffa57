"""Times at which equations jump or bend, found in the equations themselves.

A comparison, a minimum or a maximum of two values that are linear in time turns where the two
meet; a floor or a remainder turns again and again; a graphical function turns at its points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from cyclesim.compiler.flat import Breakpoint
from cyclesim.compiler.parts import Table
from cyclesim.compiler.terms import (
    MOVING,
    ONE,
    ZERO,
    Apply,
    Clock,
    Literal,
    Lookup,
    Term,
    apply,
    loops_of,
    moves,
    symbols,
    walk,
)
from cyclesim.names import Ident

_TURNING = frozenset(
    {"less", "at_most", "greater", "at_least", "equal", "unequal", "minimum", "maximum"}
)


class _Line(NamedTuple):
    """slope * time + intercept; a slope of None is none at all."""

    slope: Term | None
    intercept: Term


def breakpoints(
    terms: Iterable[Term], fixed: frozenset[Ident], tables: Mapping[Ident, Table]
) -> tuple[Breakpoint, ...]:
    """Return where the terms jump or bend in time, as far as it is known before the run.

    `fixed` names the variables that are computed before the run starts. Times that differ from
    element to element are left to the solver's own error control.
    """
    found: dict[Breakpoint, None] = {}
    for term in terms:
        for node in walk(term):
            found.update(dict.fromkeys(_of(node, fixed, tables)))
    return tuple(found)


def _of(node: Term, fixed: frozenset[Ident], tables: Mapping[Ident, Table]) -> Iterator[Breakpoint]:
    if isinstance(node, Lookup):
        line = _line(node.argument, fixed)
        if line is not None and line.slope is not None:
            points = {x for graphical in tables[node.table].graphicals for x in graphical.x}
            for x in sorted(points):
                yield Breakpoint(_root(line, _Line(None, Literal(x))))
        return
    if not isinstance(node, Apply):
        return
    if node.operation in _TURNING:
        left, right = (_line(argument, fixed) for argument in node.arguments)
        if left and right and (left.slope is None) != (right.slope is None):
            yield Breakpoint(_root(left, right))
    elif node.operation in ("absolute", "sign"):
        line = _line(node.arguments[0], fixed)
        if line is not None and line.slope is not None:
            yield Breakpoint(_root(line, _Line(None, ZERO)))
    elif node.operation in ("floor", "round"):
        line = _line(node.arguments[0], fixed)
        if line is not None and line.slope is not None:
            first = ZERO if node.operation == "floor" else Literal(0.5)
            yield Breakpoint(_root(line, _Line(None, first)), apply("divide", ONE, line.slope))
    elif node.operation == "modulo":
        line, period = (_line(argument, fixed) for argument in node.arguments)
        if line and period and line.slope is not None and period.slope is None:
            interval = apply("divide", period.intercept, line.slope)
            yield Breakpoint(_root(line, _Line(None, ZERO)), interval)


def _root(left: _Line, right: _Line) -> Term:
    """Return the time at which two lines meet, one of which is level."""
    if left.slope is None:
        left, right = right, left
    assert left.slope is not None
    return apply("divide", apply("subtract", right.intercept, left.intercept), left.slope)


def _line(term: Term, fixed: frozenset[Ident]) -> _Line | None:
    """Return a term as a line in time, or None where it is not one."""
    if not moves(term):
        known = all(s in fixed for s in symbols(term)) and not loops_of(term)
        return _Line(None, term) if known else None
    if isinstance(term, Clock) and term.reading in MOVING:
        return _Line(ONE, ZERO)
    if isinstance(term, Apply) and term.operation == "negate":
        term = Apply("subtract", (ZERO, *term.arguments))
    if not isinstance(term, Apply) or len(term.arguments) != 2:
        return None
    left, right = (_line(argument, fixed) for argument in term.arguments)
    if left is None or right is None:
        return None
    return _combined(term.operation, left, right)


def _combined(operation: str, left: _Line, right: _Line) -> _Line | None:
    if operation in ("add", "subtract"):
        intercept = apply(operation, left.intercept, right.intercept)
        if right.slope is None:
            return _Line(left.slope, intercept)
        if left.slope is None:
            slope = apply("negate", right.slope) if operation == "subtract" else right.slope
            return _Line(slope, intercept)
        return _Line(apply(operation, left.slope, right.slope), intercept)
    if operation == "multiply" and left.slope is None:
        left, right = right, left
    if operation in ("multiply", "divide") and right.slope is None and left.slope is not None:
        slope = apply(operation, left.slope, right.intercept)
        return _Line(slope, apply(operation, left.intercept, right.intercept))
    return None
