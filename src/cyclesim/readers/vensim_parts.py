"""The parts that the equations of one variable make, and those whose numbers lie in files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from cyclesim.errors import SourceText
from cyclesim.expr import Expr, ExpressionError, Number, Reference, Unary
from cyclesim.expr.tree import Span
from cyclesim.names import Ident, canonical
from cyclesim.project import Equation, GraphicalFunction
from cyclesim.readers.external import ExternalFiles
from cyclesim.readers.vensim_external import (
    CONSTANTS,
    ExternalCall,
    check_count,
    constants,
    series,
)
from cyclesim.readers.vensim_points import read_way
from cyclesim.readers.vensim_statement import Statement
from cyclesim.readers.vensim_subscripts import Subscripts

_WAYS = {":LOOK FORWARD:": "forward", ":HOLD BACKWARD:": "backward"}
"""How data are read between their points; else by lines."""


@dataclass(frozen=True)
class Formula:
    """An equation for the part of a variable that its subscripts name."""

    equation: Equation
    subscripts: tuple[Ident, ...]
    excepts: tuple[tuple[Ident, ...], ...] = ()
    graphical: GraphicalFunction | None = None


@dataclass(frozen=True)
class Integral:
    """INTEG(rate, initial) for the part of a stock that its subscripts name."""

    rate: Equation
    initial: Equation
    subscripts: tuple[Ident, ...]
    excepts: tuple[tuple[Ident, ...], ...] = ()


Part = Formula | Integral


def spread(
    statement: Statement, subscripts: Subscripts
) -> tuple[list[int], list[tuple[Ident, ...]]]:
    """Return the sizes of the dimensions that a left side names, and all its elements.

    The last dimension runs fastest. Raises ExpressionError where they are too many.
    """
    words = statement.subscripts
    places = [subscripts.covered(word.ident) or () for word in words]
    sizes = [
        len(place)
        for place, word in zip(places, words, strict=True)
        if word.ident in subscripts.elements
    ]
    check_count(sizes, Span(0, len(statement.right.content)))
    return sizes, list(product(*places))


def external_points(
    statement: Statement, call: ExternalCall, subscripts: Subscripts, files: ExternalFiles
) -> list[tuple[tuple[Ident, ...], GraphicalFunction]]:
    """Return the points of each element of a graphical function. Raises ExpressionError."""
    sizes, elements = spread(statement, subscripts)
    return list(zip(elements, series(call, files, prod(sizes)), strict=True))


def external_parts(
    statement: Statement, call: ExternalCall, subscripts: Subscripts, files: ExternalFiles
) -> Iterator[Part]:
    """Yield one equation for each element whose value or series stands in another file."""
    sizes, elements = spread(statement, subscripts)
    sets = [[subscripts.covered(word.ident) or () for word in hole]
            for hole in statement.excepts]  # fmt: skip
    left_out = {element for hole in sets for element in product(*hole)}
    where = statement.right.location(call.name.span.start)

    def equation(text: str, expr: Expr) -> Equation:
        return Equation(SourceText(text, where.path, ((0, where.line, where.column),)), expr)

    if call.kind == CONSTANTS:
        for element, value in zip(elements, constants(call, files, sizes), strict=True):
            if element not in left_out:
                yield Formula(equation(f"{value:.15g}", Number(value)), element)
        return
    if statement.way == ":RAW:":
        message = "raw data have no value between their points, which is not computed yet"
        raise ExpressionError(message, call.name.span, "Write :INTERPOLATE: for :RAW:.")
    time: Expr = Reference(canonical("TIME"), "TIME")
    forward = statement.way == ":LOOK FORWARD:"
    asked = equation("-TIME", Unary("-", time)) if forward else equation("TIME", time)
    way = _WAYS.get(statement.way, "")
    for element, points in zip(elements, series(call, files, prod(sizes)), strict=True):
        if element not in left_out:
            yield Formula(asked, element, (), read_way(points, way))
