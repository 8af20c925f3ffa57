"""GET DIRECT CONSTANTS and its kin: numbers, points and elements that stand in other files.

Values run to the right for the last dimension and downward for the one before it, a `*` behind
the cell the other way round; points of a series run along the axis that holds their x.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from cyclesim.expr import ExpressionError
from cyclesim.expr.lexer import Token
from cyclesim.expr.tree import Span
from cyclesim.names import canonical, displayed
from cyclesim.project import GraphicalFunction, GraphicalKind
from cyclesim.readers.external import ExternalFiles
from cyclesim.readers.external_cells import Area, Cell, ExternalError, Sheet, TabError, cell_name

T = TypeVar("T")
CONSTANTS, LOOKUPS, DATA, SUBSCRIPT = "constants", "lookups", "data", "subscript"
_WANTED = {
    CONSTANTS: ("file", "tab", "cell"),
    LOOKUPS: ("file", "tab", "row or column of x", "cell"),
    DATA: ("file", "tab", "row or column of time", "cell"),
    SUBSCRIPT: ("file", "tab", "first cell", "last cell", "prefix"),
}
CALLS = {
    canonical(f"GET {source} {kind.upper()}"): kind
    for kind in _WANTED
    for source in ("DIRECT", "XLS")
}
"""The functions that are read, and what each gives."""
_ODD = frozenset('[]",')
_MOST_ELEMENTS = 100_000


@dataclass(frozen=True)
class ExternalCall:
    """A call with the texts that it is given; `end` is the number of tokens it takes."""

    kind: str
    name: Token
    arguments: tuple[Token, ...]
    end: int

    def text(self, place: int) -> str:
        """Return an argument without its quotes."""
        return self.arguments[place].text[1:-1].strip()

    def at(self, place: int, read: Callable[[], T]) -> T:
        """Return what is read; what is wrong is told of one argument."""
        try:
            return read()
        except ExternalError as error:
            span = self.arguments[place].span
            raise ExpressionError(error.message, span, error.hint or None) from None


def external_call(tokens: list[Token], start: int = 0) -> ExternalCall | None:
    """Return the call that begins at a token, None where none does. Raises ExpressionError."""
    name = tokens[start]
    kind = CALLS.get(canonical(name.text)) if name.kind == "name" else None
    if kind is None or tokens[start + 1].text != "(":
        return None
    found: list[Token] = []
    place = start + 1
    while tokens[place].kind == "operator" and tokens[place].text in ("(", ","):
        if tokens[place + 1].kind != "string":
            message = f"{displayed(name.text)} is given what is not a text in single quotes"
            raise ExpressionError(message, tokens[place + 1].span, "Write '...'.")
        found.append(tokens[place + 1])
        place += 2
    if not (tokens[place].kind == "operator" and tokens[place].text == ")"):
        raise ExpressionError("'(' is not closed: expected ')'", tokens[start + 1].span)
    wanted = _WANTED[kind]
    if len(found) != len(wanted):
        shown = displayed(name.text)
        given = f"{len(found)} argument{'' if len(found) == 1 else 's'}"
        usage = ", ".join(f"'{each}'" for each in wanted)
        raise ExpressionError(f"{shown} is given {given}", name.span, f"Write {shown}({usage}).")
    return ExternalCall(kind, name, tuple(found), place + 1)


def whole_call(tokens: list[Token], *kinds: str) -> ExternalCall | None:
    """Return the call where it is the whole text, in brackets or not. Raises ExpressionError."""
    bracket = 1 if tokens[0].text == "(" and LOOKUPS in kinds else 0
    call = external_call(tokens, bracket)
    if call is None or call.kind not in kinds:
        return None
    rest = tokens[call.end]
    if bracket and rest.text == ")":
        rest = tokens[call.end + 1]
    elif bracket:
        raise ExpressionError("'(' is not closed: expected ')'", tokens[0].span)
    if rest.kind != "end":
        message = f"{displayed(call.name.text)} is not the whole equation"
        raise ExpressionError(message, rest.span, "Give it a variable of its own.")
    return call


def check_count(sizes: list[int], span: Span) -> None:
    """Refuse more elements than a model can hold, before they are listed."""
    count = 1
    for size in sizes:
        count *= size
    if count > _MOST_ELEMENTS:
        message = f"{count:,} elements are more than {_MOST_ELEMENTS:,}"
        raise ExpressionError(message, span)


def _sheet(call: ExternalCall, files: ExternalFiles) -> Sheet:
    name, real = call.at(0, lambda: files.file(call.text(0)))
    tab = call.arguments[1].text[1:-1].strip(" ")  # it may be a tabulator
    try:
        return files.sheet(name, real, tab)
    except ExternalError as error:
        span = call.arguments[1 if isinstance(error, TabError) else 0].span
        raise ExpressionError(error.message, span, error.hint or None) from None


def constants(call: ExternalCall, files: ExternalFiles, sizes: list[int]) -> list[float]:
    """Return the numbers for all elements, the last dimension running fastest."""
    if len(sizes) > 2:
        message = f"a table of numbers stands for {len(sizes)} dimensions"
        raise ExpressionError(message, call.name.span, "A table fills one dimension or two.")
    sheet = _sheet(call, files)
    written = call.text(2)
    turned = written.endswith("*")
    height, width = [1, 1, *sizes][-2:]
    if turned:
        height, width = width, height

    def read() -> list[float]:
        area = sheet.area(written.removesuffix("*"))
        _check_size(sheet, area, height, width)
        rows = [
            [sheet.number(area.top + row, area.left + column) for column in range(width)]
            for row in range(height)
        ]
        if turned:
            rows = [list(column) for column in zip(*rows, strict=True)]
        return [value for row in rows for value in row]

    return call.at(2, read)


def _check_size(sheet: Sheet, area: Area, height: int, width: int) -> None:
    """Refuse a named block that does not hold what is read from it."""
    if area.single or area.holds(area.top + height - 1, area.left + width - 1):
        return
    own = f"{area.bottom - area.top + 1} x {area.right - area.left + 1}"
    message = f"{sheet.shown}: the range has {own} cells where {height} x {width} are read"
    raise ExternalError(message, "A '*' behind the range's name turns rows into columns.")


def series(call: ExternalCall, files: ExternalFiles, count: int) -> list[GraphicalFunction]:
    """Return the points of each element's series; cells without a number are passed over."""
    sheet = _sheet(call, files)
    along_row, line, ends = call.at(2, lambda: sheet.axis(call.text(2)))
    return call.at(3, lambda: list(_series(call, sheet, along_row, line, ends, count)))


def _series(
    call: ExternalCall, sheet: Sheet, along_row: bool, line: int, ends: Area | None, count: int
) -> Iterator[GraphicalFunction]:
    area = sheet.area(call.text(3))
    if not area.single:
        _check_size(sheet, area, count if along_row else 1, 1 if along_row else count)

    def cell(across: int, along: int) -> tuple[int, int]:
        return (across, along) if along_row else (along, across)

    start, stop = (area.left, sheet.width) if along_row else (area.top, len(sheet.rows))
    first = area.top if along_row else area.left
    for limit in [each for each in (ends, area) if each is not None and not each.single]:
        stop = min(stop, (limit.right if along_row else limit.bottom) + 1)
    if ends is not None and start != (ends.left if along_row else ends.top):
        message = f"{sheet.shown}: the data do not begin where the range '{call.text(2)}' does"
        raise ExternalError(message)
    along = [each for each in range(start, stop) if _is_number(sheet.at(*cell(line, each)))]
    for one, two in pairwise(along):
        if sheet.number(*cell(line, two)) <= sheet.number(*cell(line, one)):
            there = cell_name(*cell(line, two))
            message = f"{sheet.shown}, cell {there} does not lie above the number before it"
            raise ExternalError(message, "Put the numbers of the axis in rising order.")
    for element in range(first, first + count):
        found = [each for each in along if _is_number(sheet.at(*cell(element, each)))]
        if not found:
            there = cell_name(*cell(element, start))
            message = f"{sheet.shown} has no points from cell {there} on"
            raise ExternalError(message)
        x = tuple(sheet.number(*cell(line, each)) for each in found)
        y = tuple(sheet.number(*cell(element, each)) for each in found)
        if len(x) == 1:  # one point holds for every x
            x, y = (x[0], x[0] + 1.0), (y[0], y[0])
        yield GraphicalFunction(GraphicalKind.CONTINUOUS, x, y)


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, float)


def elements(call: ExternalCall, files: ExternalFiles) -> list[str]:
    """Return the elements of a dimension, across and then down; empty cells are passed over."""
    sheet = _sheet(call, files)
    area = call.at(2, lambda: sheet.area(call.text(2)))
    bottom, right = call.at(3, lambda: _last(call.text(3), area, sheet))
    prefix = call.arguments[4].text[1:-1]
    found: list[str] = []
    for row in range(area.top, min(bottom + 1, len(sheet.rows))):
        for column in range(area.left, min(right + 1, len(sheet.rows[row]))):
            value = sheet.at(row, column)
            if value is None:
                continue
            name = prefix + (f"{value:.15g}" if isinstance(value, float) else value)
            if _ODD & set(name) or not name.isprintable():
                message = f"{sheet.shown}, cell {cell_name(row, column)}: no element can be named"
                raise ExpressionError(f"{message} '{name[:40]}'", call.arguments[2].span)
            found.append(name)
            if len(found) > _MOST_ELEMENTS:
                message = f"the dimension has more than {_MOST_ELEMENTS:,} elements"
                raise ExpressionError(message, call.name.span)
    if not found:
        message = f"{sheet.shown} names no element from cell {call.text(2)} on"
        raise ExpressionError(message, call.arguments[2].span)
    return found


def _last(written: str, first: Area, sheet: Sheet) -> tuple[int, int]:
    """Return the last row and column of elements: a cell, or the end of a row or column."""
    if not written and first.single:
        raise ExternalError("where the elements end is not said", "Name the last cell.")
    if not written:
        return first.bottom, first.right
    if written.casefold() in sheet.names or not (written.isdigit() or written.isalpha()):
        last = sheet.area(written)
        return last.bottom, last.right
    along_row, line, _ = sheet.axis(written)
    return (line, sheet.width - 1) if along_row else (len(sheet.rows) - 1, line)
