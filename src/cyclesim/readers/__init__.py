"""Model files into a `Project`."""

from __future__ import annotations

from pathlib import Path

from cyclesim.errors import Diagnostic, Location, ModelError, UsageError
from cyclesim.project import Project
from cyclesim.readers.xmile import read_xmile

__all__ = ["read_model"]

XMILE_SUFFIXES = (".xmile", ".stmx", ".xml", ".itmx")


def read_model(path: str | Path) -> Project:
    """Return what a model file says.

    Raises UsageError where there is no such file, ModelError where it cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"there is no model file '{path}'.")
    if path.suffix.casefold() == ".mdl":
        message = "Vensim files are not read yet"
        hint = "Save the model as XMILE."
        raise ModelError([Diagnostic("format", message, Location(str(path), 1, 1), None, hint)])
    if path.suffix.casefold() not in XMILE_SUFFIXES:
        kinds = ", ".join(XMILE_SUFFIXES)
        raise UsageError(f"'{path}' is not a model file: its name ends in none of {kinds}.")
    return read_xmile(path.read_bytes(), str(path))
