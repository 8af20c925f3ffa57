"""Sheets of .xlsx and .xls workbooks; the only file that needs openpyxl and xlrd.

Values are those that were saved: nothing is computed, no link is followed, no macro is run.
"""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any
from xml.parsers import expat

from cyclesim.names import did_you_mean
from cyclesim.readers.external_cells import Area, Cell, ExternalError, Sheet, TabError

MOST_CELLS = 2_000_000
_MOST_UNPACKED = 128 * 2**20


def too_many_cells(name: str) -> ExternalError:
    """Return what is said of a file whose table is too large."""
    return ExternalError(f"'{name}' has more than {MOST_CELLS:,} cells and is not read")


def xlsx_sheet(name: str, content: bytes, tab: str) -> Sheet:
    """Return a sheet of an .xlsx workbook. Raises ExternalError."""
    openpyxl = _package("openpyxl", name)
    try:
        _check_parts(name, content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl does not keep: it is only read
            book = openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=True, keep_links=False
            )
            title = _title(name, tab, [each.title for each in book.worksheets])
            sheet = next(each for each in book.worksheets if each.title == title)
            sheet.reset_dimensions()  # what the file says of its size is not believed
            rows = _filled(name, sheet.iter_rows(values_only=True))
            named = [*book.defined_names.items(), *getattr(sheet, "defined_names", {}).items()]
            areas = {key.casefold(): area for key, each in named if (area := _range(each, title))}
            book.close()
    except ExternalError:
        raise
    except Exception as error:  # what a damaged file makes openpyxl raise may be anything
        raise _damaged(name, error) from None
    return Sheet(f"'{name}', sheet '{title}'", rows, areas)


def xls_sheet(name: str, content: bytes, tab: str) -> Sheet:
    """Return a sheet of an .xls workbook. Raises ExternalError."""
    xlrd = _package("xlrd", name)
    try:
        book = xlrd.open_workbook(
            file_contents=content, on_demand=True, ragged_rows=True, logfile=io.StringIO()
        )
        title = _title(name, tab, book.sheet_names())
        number = book.sheet_names().index(title)
        sheet = book.sheet_by_index(number)
        values = ((_xls_value(each) for each in row) for row in sheet.get_rows())
        rows = _filled(name, values)
        areas = {}
        for each in book.name_obj_list:
            if each.scope in (-1, number) and (area := _xls_range(each, number)) is not None:
                areas[each.name.casefold()] = area
    except ExternalError:
        raise
    except Exception as error:  # as above
        raise _damaged(name, error) from None
    return Sheet(f"'{name}', sheet '{title}'", rows, areas)


def _package(package: str, name: str) -> Any:
    try:
        return import_module(package)
    except ImportError:
        message = f"to read '{name}', the package {package} is needed, which is not installed"
        raise ExternalError(message, 'Run: python -m pip install "cyclesim[excel]"') from None


def _damaged(name: str, error: Exception) -> ExternalError:
    return ExternalError(f"'{name}' cannot be read as a workbook: {error or type(error).__name__}")


def _check_parts(name: str, content: bytes) -> None:
    """Refuse what unpacks to far more than it is, and document types with their entities."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        if sum(part.file_size for part in parts.infolist()) > _MOST_UNPACKED:
            raise ExternalError(f"'{name}' is too large when unpacked and is not read")
        for part in parts.namelist():
            if not part.casefold().endswith((".xml", ".rels")):
                continue
            parser = expat.ParserCreate()
            parser.StartDoctypeDeclHandler = _refuse_doctype(name)
            parser.Parse(parts.read(part), True)


def _refuse_doctype(name: str) -> Any:
    def refuse(*_: object) -> None:
        raise ExternalError(f"'{name}' holds a document type and is not read")

    return refuse


def _title(name: str, tab: str, titles: list[str]) -> str:
    """Return the title of the sheet that is meant; its case does not matter."""
    if tab in titles:
        return tab
    for title in titles:
        if title.casefold() == tab.strip().casefold():
            return title
    shown = ", ".join(f"'{title}'" for title in titles[:5])
    hint = did_you_mean(tab, titles) or f"Its sheets are {shown}."
    raise TabError(f"'{name}' has no sheet '{tab}'", hint)


def _filled(name: str, rows: Iterable[Iterable[object]]) -> list[list[Cell]]:
    found: list[list[Cell]] = []
    count = 0
    for row in rows:
        cells = list(_cells(row))
        count += len(cells) + 1
        if count > MOST_CELLS:
            raise too_many_cells(name)
        found.append(cells)
    return found


def _cells(row: Iterable[object]) -> Iterator[Cell]:
    for value in row:
        if value is None or (isinstance(value, str) and not value.strip()):
            yield None
        elif isinstance(value, int | float) and not isinstance(value, bool):
            number = float(value) if abs(value) < 1e308 else math.inf
            yield number if math.isfinite(number) else str(value)
        else:
            yield str(value)


def _range(defined: Any, title: str) -> Area | None:
    """Return the block of this sheet that a name of an .xlsx workbook stands for."""
    openpyxl_cells = import_module("openpyxl.utils.cell")
    found = list(defined.destinations) if defined.type == "RANGE" else []
    if len(found) != 1 or found[0][0] != title:
        return None
    left, top, right, bottom = openpyxl_cells.range_boundaries(found[0][1])
    if None in (left, top, right, bottom):
        return None
    return Area(top - 1, left - 1, bottom - 1, right - 1)


def _xls_value(cell: Any) -> object:
    """Return a number, a text or None; an .xls file marks dates, truth values and errors."""
    empty, text, number, blank = 0, 1, 2, 6
    if cell.ctype in (empty, blank):
        return None
    return cell.value if cell.ctype in (text, number) else f"{cell.value} (no number)"


def _xls_range(defined: Any, number: int) -> Area | None:
    """Return the block of this sheet that a name of an .xls workbook stands for."""
    found = getattr(defined, "result", None)
    if found is None or found.kind != -1 or not found.value:
        return None
    block = found.value[0]
    if block.coords[:2] != (number, number + 1):
        return None
    _, _, top, bottom, left, right = block.coords
    return Area(top, left, bottom - 1, right - 1)
