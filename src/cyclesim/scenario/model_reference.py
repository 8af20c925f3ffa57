"""The model that a study names: one of the library, or a file beside the study."""

from __future__ import annotations

from pathlib import Path as FilePath

from cyclesim import library
from cyclesim.compiler import CompiledModel, compile_model
from cyclesim.errors import UsageError
from cyclesim.names import did_you_mean
from cyclesim.readers import SUFFIXES, read_model
from cyclesim.scenario.findings import Findings

AT = ("model",)


def model_of(name: str, folder: FilePath, findings: Findings) -> CompiledModel | None:
    """Return the model of a name or a path; note where there is none.

    Raises ModelError with everything wrong in the model.
    """
    if name in library.model_names():
        return compile_model(read_model(library.model_path(name)))
    if "/" not in name and "." not in name:
        message = f"the library has no model '{name}'"
        known = ", ".join(library.model_names()) or "none"
        hint = did_you_mean(name, library.model_names()) or f"Its models: {known}."
        findings.fault("model", AT, message, hint)
        return None
    path = contained(name, folder)
    if path is None:
        message = f"'{name}' lies outside the study's folder"
        findings.fault("outside", AT, message, "Put the model beside the study.")
        return None
    if not path.is_file():
        beside = [file.name for file in sorted(folder.iterdir()) if file.suffix in SUFFIXES]
        message = f"there is no file '{name}' in the study's folder"
        findings.fault("model", AT, message, did_you_mean(name, beside))
        return None
    try:
        return compile_model(read_model(path))
    except (UsageError, OSError) as error:
        sentence = str(error) if isinstance(error, UsageError) else f"'{name}' cannot be read"
        findings.fault("model", AT, sentence)
        return None


def contained(name: str, folder: FilePath) -> FilePath | None:
    """Return a file of a folder by its relative path, None where that leads out of the folder."""
    try:
        path = folder / name
        inside = path.resolve().is_relative_to(folder.resolve())
        path.is_file()
    except (OSError, ValueError, RuntimeError):  # a circle of links, a name no system can hold
        return None
    return path if inside else None
