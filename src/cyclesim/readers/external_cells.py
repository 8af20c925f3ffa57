"""Cells of a table by the names that a spreadsheet gives them: `B2`, `A`, `4`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cyclesim.names import did_you_mean

Cell = float | str | None
"""What a cell holds: a number, a text that is none, or nothing."""

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})\Z")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z", re.ASCII)
_LETTERS = re.compile(r"[A-Za-z]{1,3}\Z")
_ROW = re.compile(r"[1-9][0-9]{0,6}\Z", re.ASCII)


class ExternalError(Exception):
    """What is wrong with a file of data, and what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class TabError(ExternalError):
    """What is wrong with the sheet or delimiter that is asked for."""


@dataclass(frozen=True)
class Area:
    """A block of cells; rows and columns count from 0, the last ones belong to it."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def single(self) -> bool:
        """Return whether it is one cell, from which on all may be read."""
        return self.top == self.bottom and self.left == self.right

    def holds(self, row: int, column: int) -> bool:
        """Return whether a cell lies in it."""
        return self.top <= row <= self.bottom and self.left <= column <= self.right


@dataclass(frozen=True)
class Sheet:
    """A table of cells, with the blocks that have names; `shown` says which file it is."""

    shown: str
    rows: Sequence[Sequence[Cell]]
    names: Mapping[str, Area] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Return the number of columns of the widest row."""
        return max((len(row) for row in self.rows), default=0)

    def at(self, row: int, column: int) -> Cell:
        """Return what a cell holds."""
        inside = row < len(self.rows) and column < len(self.rows[row])
        return self.rows[row][column] if inside else None

    def number(self, row: int, column: int) -> float:
        """Return the number in a cell. Raises ExternalError where there is none."""
        found = self.at(row, column)
        if isinstance(found, float):
            return found
        what = "is empty" if found is None else f"holds '{found[:40]}'"
        message = f"{self.shown}, cell {cell_name(row, column)} {what} where a number is expected"
        raise ExternalError(message)

    def area(self, written: str) -> Area:
        """Return the cell or the named block that a text names. Raises ExternalError."""
        text = written.strip()
        if (named := self.names.get(text.casefold())) is not None:
            return named
        match = _REFERENCE.match(text)
        if match is None:
            hint = did_you_mean(text, list(self.names)) or "Write it as B2."
            message = f"{self.shown} has no cell and no named range '{text}'"
            raise ExternalError(message, hint)
        row, column = int(match[2]) - 1, column_number(match[1])
        return Area(row, column, row, column)

    def axis(self, written: str) -> tuple[bool, int, Area | None]:
        """Return whether x runs along a row, the number of that row or column, and its ends.

        Raises ExternalError.
        """
        text = written.strip()
        if (named := self.names.get(text.casefold())) is not None:
            if named.single or (named.top != named.bottom and named.left != named.right):
                message = f"{self.shown}: the range '{text}' is neither a row nor a column"
                raise ExternalError(message)
            along_row = named.top == named.bottom
            return along_row, named.top if along_row else named.left, named
        if _ROW.match(text):
            return True, int(text) - 1, None
        if _LETTERS.match(text):
            return False, column_number(text), None
        message = f"{self.shown} has no row, column or named range '{text}'"
        raise ExternalError(message, "Write 1 for a row or A for a column.")


def column_number(letters: str) -> int:
    """Return the number of a column, A being 0."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def cell_name(row: int, column: int) -> str:
    """Return a cell's name as spreadsheets write it, (1, 1) being B2."""
    letters, rest = "", column + 1
    while rest:
        rest, place = divmod(rest - 1, 26)
        letters = chr(ord("A") + place) + letters
    return f"{letters}{row + 1}"


def cell_of_text(text: str) -> Cell:
    """Return what a field of a text file holds."""
    text = text.strip()
    if not text:
        return None
    value = float(text) if _NUMBER.match(text) else math.inf
    return value if math.isfinite(value) else text
