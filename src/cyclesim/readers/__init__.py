"""Model files into a `Project`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from cyclesim.errors import UsageError
from cyclesim.project import Project

__all__ = ["SUFFIXES", "read_model"]

_XMILE = ("cyclesim.readers.xmile", "read_xmile")
_READERS = {
    ".xmile": _XMILE,
    ".stmx": _XMILE,
    ".itmx": _XMILE,
    ".xml": _XMILE,
    ".mdl": ("cyclesim.readers.vensim", "read_vensim"),
}
"""Each format's module and function, imported when a file of it is read: start time is felt."""

SUFFIXES = tuple(_READERS)
"""What names of model files end in."""


def read_model(path: str | Path) -> Project:
    """Return what a model file says.

    Raises UsageError where there is no such file, ModelError where it cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"there is no model file '{path}'.")
    if path.suffix.casefold() not in _READERS:
        kinds = ", ".join(SUFFIXES)
        raise UsageError(f"'{path}' is not a model file: its name ends in none of {kinds}.")
    module, reader = _READERS[path.suffix.casefold()]
    project: Project = getattr(import_module(module), reader)(path.read_bytes(), str(path))
    return project
