"""Values over time from a CSV file in the study's folder."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from io import StringIO

from cyclesim.compiler import FlatVariable
from cyclesim.errors import Diagnostic, Location
from cyclesim.names import did_you_mean
from cyclesim.scenario.change_schema import DataChange
from cyclesim.scenario.document import Path
from cyclesim.scenario.frame import Frame, range_complaint
from cyclesim.scenario.model_reference import contained
from cyclesim.scenario.quantities import NotANumber, number_of

LARGEST = 20_000_000
MOST_FAULTS = 20

Series = tuple[tuple[float, ...], tuple[float, ...]]


def series(keys: DataChange, variable: FlatVariable, path: Path, frame: Frame) -> Series | None:
    """Return times and values of two columns; note what is wrong with them."""
    text = _text(keys.csv, path, frame)
    if text is None:
        return None
    try:
        reader = csv.reader(StringIO(text, newline=""), strict=True)
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        frame.findings.fault("csv", (*path, "csv"), f"'{keys.csv}' is not CSV: {error}")
        return None
    if not rows:
        frame.findings.fault("csv", (*path, "csv"), f"'{keys.csv}' is empty")
        return None
    header = rows[0][1]
    known = True
    for key, column in (("time", keys.time), ("column", keys.column)):
        if column not in header:
            hint = did_you_mean(column, header) or f"It has {', '.join(header)}."
            message = f"'{keys.csv}' has no column '{column}'"
            frame.findings.fault("csv-column", (*path, key), message, hint)
            known = False
    if not known:
        return None
    places = header.index(keys.time), header.index(keys.column)
    table = _Table(str(frame.folder / keys.csv), header, places, variable)
    for line, row in rows[1:]:
        if any(row):
            table.add(line, row)
    frame.findings.diagnostics += table.faults(frame.findings.document.location((*path, "csv")))
    return (tuple(table.times), tuple(table.values)) if table.times and not table.found else None


def _text(name: str, path: Path, frame: Frame) -> str | None:
    at = (*path, "csv")
    file = contained(name, frame.folder)
    if file is None:
        message = f"'{name}' lies outside the study's folder"
        frame.findings.fault("outside", at, message, "Put the data beside the study.")
        return None
    try:
        if not file.is_file():
            frame.findings.fault("csv", at, f"there is no file '{name}' in the study's folder")
            return None
        if file.stat().st_size > LARGEST:
            frame.findings.fault("csv", at, f"'{name}' is larger than {LARGEST:,} bytes")
            return None
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        frame.findings.fault("csv", at, f"'{name}' is not UTF-8 text", "Save it as UTF-8.")
    except OSError as error:
        frame.findings.fault("csv", at, f"'{name}' cannot be read: {error.strerror}")
    return None


@dataclass
class _Table:
    path: str
    header: list[str]
    places: tuple[int, int]
    variable: FlatVariable
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    found: list[Diagnostic] = field(default_factory=list)

    def add(self, line: int, row: list[str]) -> None:
        time, value = (self.cell(line, row, place) for place in self.places)
        if time is None or value is None:
            return
        complaint = range_complaint(self.variable, value)
        if complaint is not None:
            self.fault(line, row, self.places[1], *complaint)
        if self.times and time <= self.times[-1]:
            message = f"time {time:g} does not come after {self.times[-1]:g}"
            self.fault(line, row, self.places[0], message, "Sort the rows by time, each time once.")
            return
        self.times.append(time)
        self.values.append(value)

    def cell(self, line: int, row: list[str], place: int) -> float | None:
        text = row[place] if place < len(row) else ""
        if not text:
            self.fault(line, row, place, "the cell is empty", "Give a number, or delete the row.")
            return None
        try:
            return number_of(text)
        except NotANumber as error:
            self.fault(line, row, place, error.message, error.hint)
            return None

    def fault(self, line: int, row: list[str], place: int, message: str, hint: str | None) -> None:
        column = 1 + sum(len(cell) + 1 for cell in row[:place])
        where = Location(self.path, line, column)
        self.found.append(Diagnostic("csv-cell", message, where, self.header[place], hint))

    def faults(self, read_at: Location) -> list[Diagnostic]:
        """Return the first faults, and how many more there are."""
        if not self.times and not self.found:
            message = "the file has a header and no rows"
            return [Diagnostic("csv", message, Location(self.path, 1, 1))]
        if len(self.found) <= MOST_FAULTS:
            return self.found
        more = f"{len(self.found) - MOST_FAULTS} more faults were found in '{self.path}'"
        return [*self.found[:MOST_FAULTS], Diagnostic("csv", more, read_at)]
