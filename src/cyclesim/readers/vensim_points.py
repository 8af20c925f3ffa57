"""Numbers that a Vensim file lists: the points of graphical functions, constants of arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from cyclesim.errors import SourceText
from cyclesim.expr import ExpressionError
from cyclesim.expr.lexer import Token
from cyclesim.expr.tree import Span
from cyclesim.expr.vensim_tokens import vensim_tokens
from cyclesim.project import GraphicalFunction, GraphicalKind


@dataclass(frozen=True)
class Listed:
    """A number of a list, with the part of the text that it was read from."""

    value: float
    span: Span


class _Numbers:
    """Signed numbers between other tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.position = 0

    @property
    def current(self) -> Token:
        return self.tokens[self.position]

    def at(self, text: str) -> bool:
        return self.current.kind == "operator" and self.current.text == text

    def take(self, text: str) -> bool:
        if self.at(text):
            self.position += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise ExpressionError(f"expected '{text}'{self.found()}", self.current.span)

    def found(self) -> str:
        return f", found '{self.current.text}'" if self.current.text else ""

    def number(self) -> Listed:
        start = self.current.span.start
        sign = 1.0
        while self.at("-") or self.at("+"):
            sign = -sign if self.at("-") else sign
            self.position += 1
        token = self.current
        if token.kind != "number":
            raise ExpressionError(f"expected a number{self.found()}", token.span)
        if not math.isfinite(float(token.text)):
            message = f"{token.text} is beyond the largest number, about 1.8e308"
            raise ExpressionError(message, token.span)
        self.position += 1
        return Listed(sign * float(token.text), Span(start, token.span.end))

    def expect_end(self) -> None:
        if self.current.kind != "end":
            raise ExpressionError(f"expected ','{self.found()}", self.current.span)


def read_points(source: SourceText) -> GraphicalFunction:
    """Return the points of `([range],(x,y),...)` or `(x1,x2,...,y1,y2,...)`, sorted by x.

    Raises ExpressionError.
    """
    numbers = _Numbers(vensim_tokens(source.content))
    opened = numbers.current.span
    numbers.expect("(")
    if numbers.at("["):
        _pass_range(numbers)
        numbers.take(",")
    points = _pairs(numbers) if numbers.at("(") else _halves(numbers)
    if not numbers.take(")"):
        raise ExpressionError(f"'(' is not closed: expected ')'{numbers.found()}", opened)
    numbers.expect_end()
    if len(points) == 1:  # one point holds for every x
        points = [points[0], (points[0][0] + 1.0, points[0][1])]
    points.sort(key=lambda point: point[0])
    x, y = (tuple(point[axis] for point in points) for axis in (0, 1))
    return GraphicalFunction(GraphicalKind.CONTINUOUS, x, y)


def _pass_range(numbers: _Numbers) -> None:
    """Pass over what a graph of the function shows: its corners and reference points."""
    opened = numbers.current.span
    while not numbers.take("]"):
        if numbers.current.kind == "end":
            raise ExpressionError("'[' is not closed: expected ']'", opened)
        numbers.position += 1


def _pairs(numbers: _Numbers) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    while numbers.take("("):
        x = numbers.number().value
        numbers.expect(",")
        points.append((x, numbers.number().value))
        numbers.expect(")")
        if not numbers.take(","):
            break
    return points


def _halves(numbers: _Numbers) -> list[tuple[float, float]]:
    start = numbers.current.span
    values = [numbers.number().value]
    while numbers.take(","):
        values.append(numbers.number().value)
    if len(values) % 2:
        message = f"the graphical function has {len(values)} numbers, not as many x as y"
        raise ExpressionError(message, start)
    half = len(values) // 2
    return list(zip(values[:half], values[half:], strict=True))


def read_way(graphical: GraphicalFunction, way: str) -> GraphicalFunction:
    """Return a graphical function that goes on or holds its values.

    Forward means the value at the next point: backward, with x counted the other way.
    """
    if way == "extrapolated":
        return replace(graphical, kind=GraphicalKind.EXTRAPOLATE)
    if way == "backward":
        return replace(graphical, kind=GraphicalKind.DISCRETE)
    if way == "forward":
        x, y = tuple(-x for x in reversed(graphical.x)), tuple(reversed(graphical.y))
        return GraphicalFunction(GraphicalKind.DISCRETE, x, y)
    return graphical


def is_list(tokens: list[Token]) -> bool:
    """Return whether a right side lists numbers: it has a comma or semicolon outside brackets."""
    depth = 0
    for token in tokens:
        if token.kind != "operator":
            continue
        if token.text in ("(", "["):
            depth += 1
        elif token.text in (")", "]"):
            depth -= 1
        elif depth == 0 and token.text in (",", ";"):
            return True
    return False


def read_list(source: SourceText) -> list[list[Listed]]:
    """Return the rows of `1,2,3;4,5,6;`. Raises ExpressionError."""
    numbers = _Numbers(vensim_tokens(source.content))
    rows: list[list[Listed]] = []
    while numbers.current.kind != "end":
        row = [numbers.number()]
        while numbers.take(","):
            row.append(numbers.number())
        rows.append(row)
        if not numbers.take(";"):
            break
    numbers.expect_end()
    return rows


def read_tabbed(source: SourceText) -> list[list[Listed]]:
    """Return the rows of `TABBED ARRAY(...)`, a line of the file each. Raises ExpressionError."""
    numbers = _Numbers(vensim_tokens(source.content))
    numbers.position = 1
    opened = numbers.current.span
    numbers.expect("(")
    rows: list[list[Listed]] = []
    line = -1
    while not numbers.take(")"):
        if numbers.current.kind == "end":
            raise ExpressionError("'(' is not closed: expected ')'", opened)
        now = source.content.count("\n", 0, numbers.current.span.start)
        if now != line:
            rows.append([])
            line = now
        rows[-1].append(numbers.number())
        numbers.take(",")
    numbers.expect_end()
    return rows
