"""Files of data beside a model: which may be read, and what their cells hold.

A model file is untrusted, and so is what it names: files are read from the model's own folder
and below, up to a size; no formula is worked out, no macro run and no link followed.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cyclesim.readers.external_cells import Cell, ExternalError, Sheet, TabError, cell_of_text
from cyclesim.readers.external_excel import MOST_CELLS, too_many_cells, xls_sheet, xlsx_sheet

MOST_BYTES = 32 * 2**20
_TEXT = frozenset({".csv", ".tab", ".tsv", ".txt"})
_READERS = {".xlsx": xlsx_sheet, ".xlsm": xlsx_sheet, ".xls": xls_sheet}


@dataclass(frozen=True)
class ExternalFiles:
    """The files of data that a model may name; each sheet is read once.

    `tags` are names that stand for files, as Vensim's settings give them.
    """

    model: str
    tags: Mapping[str, str] = field(default_factory=dict)
    read: dict[tuple[Path, str], Sheet] = field(default_factory=dict)

    def file(self, written: str) -> tuple[str, Path]:
        """Return a file as it is shown and as it truly lies. Raises ExternalError."""
        name = written.strip()
        if name.startswith("?"):
            if name.casefold() not in self.tags:
                message = f"the model's settings do not say which file '{name}' is"
                raise ExternalError(message, "Name the file itself.")
            name = self.tags[name.casefold()]
        name = name.replace("\\", "/")
        if not name:
            raise ExternalError("it names no file")
        if "://" in name:
            message = f"'{name}' is an address; only files beside the model are read"
            raise ExternalError(message, "Save it beside the model and name it there.")
        try:
            folder = Path(self.model).resolve().parent
            real = (folder / name).resolve()
            inside, there = real.is_relative_to(folder), real.is_file()
        except (OSError, ValueError, RuntimeError):  # a loop of links, a name that cannot be
            inside, there = True, False
        if not inside:
            message = f"'{name}' lies outside the model's own folder and is not read"
            raise ExternalError(message, "Copy it beside the model and name it there.")
        if not there:
            raise ExternalError(f"there is no file '{name}' beside the model")
        return name, real

    def sheet(self, name: str, real: Path, tab: str) -> Sheet:
        """Return a sheet of a workbook, or a text file, whose `tab` is what parts its fields.

        Raises ExternalError.
        """
        if (real, tab) not in self.read:
            self.read[real, tab] = _sheet(name, real, tab)
        return self.read[real, tab]


def _sheet(name: str, real: Path, tab: str) -> Sheet:
    suffix = real.suffix.casefold()
    if suffix not in _TEXT and suffix not in _READERS:
        kinds = ", ".join(sorted([*_TEXT, *_READERS]))
        raise ExternalError(f"'{name}' is not of a kind that is read: {kinds}")
    try:
        with real.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ExternalError(f"'{name}' cannot be read: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise ExternalError(f"'{name}' is larger than {MOST_BYTES // 2**20} MB and is not read")
    if suffix in _TEXT:
        return Sheet(f"'{name}'", _rows(name, content, _delimiter(name, tab, suffix)))
    return _READERS[suffix](name, content, tab)


def _delimiter(name: str, tab: str, suffix: str) -> str:
    if tab in ("", "\\t"):
        return "," if suffix == ".csv" and not tab else "\t"
    if len(tab) != 1 or tab in '"\r\n':
        message = f"'{name}' is a text file, and '{tab}' is not a character between fields"
        raise TabError(message, "Write ',' for the second argument.")
    return tab


def _rows(name: str, content: bytes, delimiter: str) -> list[list[Cell]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rows: list[list[Cell]] = []
    count = 0
    try:
        for fields in csv.reader(lines, delimiter=delimiter):
            count += len(fields)
            if count > MOST_CELLS:
                raise too_many_cells(name)
            rows.append([cell_of_text(each) for each in fields])
    except csv.Error as error:
        raise ExternalError(f"'{name}' cannot be read: {error}") from None
    return rows
