"""The runs of a design as a table in the study's folder: CSV or Parquet, a column a number."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path as FilePath

import numpy as np

from cyclesim.errors import Diagnostic, Location
from cyclesim.names import canonical
from cyclesim.scenario.design_parts import Quantity
from cyclesim.scenario.document import Path
from cyclesim.scenario.frame import Frame
from cyclesim.scenario.model_reference import contained
from cyclesim.scenario.quantities import NotANumber, number_of

LARGEST = 4_000_000_000
MOST_FAULTS = 20

Asked = Callable[[str], "Quantity | tuple[str, str | None]"]


def table_of(
    name: str, quantity: Asked, path: Path, frame: Frame
) -> tuple[tuple[Quantity, ...], np.ndarray] | None:
    """Return the quantities of a file's columns and their numbers (quantity, run).

    A column `run` is passed over. What is wrong is noted, each faulty cell of a CSV at its place.
    """
    findings = frame.findings
    file = contained(name, frame.folder)
    if file is None:
        message = f"'{name}' lies outside the study's folder"
        findings.fault("outside", path, message, "Put it beside the study.")
        return None
    if not file.is_file() or file.suffix.casefold() not in (".csv", ".parquet"):
        message = f"there is no file '{name}' in the study's folder"
        if file.is_file():
            message = f"'{name}' is neither CSV nor Parquet"
        findings.fault("file", path, message)
        return None
    if file.stat().st_size > LARGEST:
        findings.fault("file", path, f"'{name}' is larger than {LARGEST:,} bytes")
        return None
    read = _csv if file.suffix.casefold() == ".csv" else _parquet
    columns = read(file, name, path, frame)
    if columns is None:
        return None
    columns.pop("run", None)
    made: list[Quantity] = []
    before = len(findings.diagnostics)
    for label in columns:
        found = quantity(label)
        if isinstance(found, tuple):
            findings.fault("file-column", path, f"'{name}', column '{label}': {found[0]}", found[1])
        elif found.varied in [other.varied for other in made]:
            findings.fault("file-column", path, f"'{name}' has two columns for '{found.label}'")
        else:
            made.append(found)
    if len(findings.diagnostics) > before:
        return None
    return tuple(made), np.array(list(columns.values()), dtype=float)


def _csv(file: FilePath, name: str, path: Path, frame: Frame) -> dict[str, Sequence[float]] | None:
    try:
        reader = csv.reader(io.StringIO(file.read_text("utf-8-sig"), newline=""), strict=True)
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except (csv.Error, UnicodeDecodeError) as error:
        frame.findings.fault("file", path, f"'{name}' is not CSV in UTF-8: {error}")
        return None
    except OSError as error:
        frame.findings.fault("file", path, f"'{name}' cannot be read: {error.strerror}")
        return None
    header = [cell.strip() for cell in rows[0][1]] if rows else []
    if len(rows) < 2 or len({canonical(cell) for cell in header}) < len(header):
        what = "has no rows" if len(rows) < 2 else "names a column twice"
        frame.findings.fault("file", path, f"'{name}' {what}")
        return None
    columns: dict[str, list[float]] = {cell: [] for cell in header}
    faults: list[Diagnostic] = []
    for line, row in rows[1:]:
        for place, label in enumerate(header):
            cell = row[place] if place < len(row) else ""
            try:
                columns[label].append(number_of(cell))
            except NotANumber as error:
                column = 1 + sum(len(each) + 1 for each in row[:place])
                where = Location(str(frame.folder / name), line, column)
                faults.append(Diagnostic("csv-cell", error.message, where, label, error.hint))
    frame.findings.diagnostics += faults[:MOST_FAULTS]
    if len(faults) > MOST_FAULTS:
        more = f"{len(faults) - MOST_FAULTS} more faults were found in '{name}'"
        frame.findings.fault("csv", path, more)
    return None if faults else dict(columns)


def _parquet(
    file: FilePath, name: str, path: Path, frame: Frame
) -> dict[str, Sequence[float]] | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(file)
    except (pa.ArrowException, OSError) as error:
        message = f"'{name}' cannot be read as Parquet: {str(error).splitlines()[0]}"
        frame.findings.fault("file", path, message)
        return None
    columns: dict[str, Sequence[float]] = {}
    for label in table.column_names:
        try:
            values = table[label].cast(pa.float64()).to_numpy()
        except pa.ArrowException:
            values = np.array([math.nan])
        if not len(values) or not np.isfinite(values).all():
            message = f"'{name}', column '{label}' holds what is not a number"
            frame.findings.fault("file-column", path, message, "Take out such rows.")
            return None
        columns[label] = values
    if not columns:
        frame.findings.fault("file", path, f"'{name}' has no columns")
        return None
    return columns
