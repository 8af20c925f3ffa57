"""What is run and where results go: names and paths given, and new files."""

from __future__ import annotations

import contextlib
import errno
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cyclesim import library
from cyclesim.errors import RunError, UsageError
from cyclesim.files import write_whole
from cyclesim.names import did_you_mean

MODEL_SUFFIXES = (".xmile", ".stmx", ".itmx", ".xml", ".mdl")
STUDY_SUFFIXES = (".yaml", ".yml")
ANSWERS_FOLDER = "assessments"
_OWN = "write one (docs/study-files.md), or begin with `cyclesim new`"
_NO_STUDIES = ("checks.yaml", "assessment.yaml")

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def find_model(given: str) -> Path:
    """Return the model's file: the path given, or the library model of that name.

    Raises UsageError where there is neither.
    """
    path = Path(given)
    if path.is_file() and path.suffix.casefold() not in STUDY_SUFFIXES:
        return path
    if given in library.model_names():
        return library.model_path(given)
    if path.is_file() or given in library.study_names():
        raise UsageError(f"'{given}' is a study. `cyclesim run {given}` runs it.")
    if path.is_dir():
        raise UsageError(f"'{given}' is a folder. {_inside(path, MODEL_SUFFIXES)}")
    beside = _beside(path, MODEL_SUFFIXES)
    raise UsageError(
        f"there is no model '{given}'. {_advice(given, library.model_names(), beside)}"
    )


def find_study(given: str) -> Path:
    """Return the study's file: the path given, or the library study of that name.

    Raises UsageError where there is neither.
    """
    path = Path(given)
    if path.is_file() and path.suffix.casefold() not in MODEL_SUFFIXES:
        return path
    if given in library.study_names():
        return library.study_path(given)
    if path.is_file() or given in library.model_names():
        studies = ", ".join(studies_of(given))
        hint = f"Studies of it: {studies}." if studies else f"For a study, {_OWN}."
        raise UsageError(f"'{given}' is a model. `cyclesim simulate {given}` runs it. {hint}")
    if path.is_dir():
        raise UsageError(f"'{given}' is a folder. {_inside(path, STUDY_SUFFIXES)}")
    beside = _beside(path, STUDY_SUFFIXES)
    raise UsageError(
        f"there is no study '{given}'. {_advice(given, library.study_names(), beside)}"
    )


def studies_of(model: str) -> list[str]:
    """Return the library's studies of a library model."""
    line = re.compile(rf"^model: *{re.escape(model)} *$", re.MULTILINE)
    paths = {name: library.study_path(name) for name in library.study_names()}
    return [name for name, path in paths.items() if line.search(path.read_text("utf-8"))]


def find_all(given: str) -> list[Path]:
    """Return the models and studies of a file, a folder or a library name.

    Raises UsageError where there are none.
    """
    path = Path(given)
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if _is_ours(file.relative_to(path)))
        files = [file for file in found if file.is_file()]
        if not files:
            raise UsageError(f"'{path}' holds no model and no study.")
        return files
    if path.is_file():
        return [path]
    if given in library.model_names():
        return [library.model_path(given)]
    if given in library.study_names():
        return [library.study_path(given)]
    beside = _beside(path, (*MODEL_SUFFIXES, *STUDY_SUFFIXES))
    names = (*library.model_names(), *library.study_names())
    raise UsageError(
        f"there is no model, study or folder '{given}'. {_advice(given, names, beside)}"
    )


def _is_ours(path: Path) -> bool:
    """Return whether a path inside a folder is a model's or a study's, and not hidden."""
    hidden = any(part.startswith(".") for part in path.parts)  # .venv and .git are full of files
    ours = path.suffix.casefold() in (*MODEL_SUFFIXES, *STUDY_SUFFIXES)
    return ours and not hidden and path.name not in _NO_STUDIES


def _inside(folder: Path, suffixes: tuple[str, ...]) -> str:
    found = [
        str(file)
        for file in _listed(folder)
        if file.suffix.casefold() in suffixes and file.name not in _NO_STUDIES
    ]
    return f"Name a file in it: {', '.join(found[:4])}." if found else "Name a file."


def _beside(path: Path, suffixes: tuple[str, ...]) -> list[str]:
    return [str(file) for file in _listed(path.parent) if file.suffix.casefold() in suffixes]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _advice(given: str, names: Iterable[str], beside: Iterable[str]) -> str:
    known = tuple(names)
    return did_you_mean(given, (*known, *beside)) or f"The library has {', '.join(known)}."


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write a file into a RunError that names it and says what to do."""
    try:
        yield
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> RunError:
    reason = (error.strerror or str(error)).rstrip(".")
    advice = "Free some space, or write" if error.errno in _FULL else "Write"
    return RunError(
        f"'{path}' could not be written: {reason[:1].lower()}{reason[1:]}. "
        f"{advice} elsewhere with --out."
    )


def refuse_taken_file(path: Path, force: bool) -> None:
    """Raise UsageError where the file exists and `force` does not allow to replace it."""
    if path.is_dir():
        raise UsageError(f"'{path}' is a folder. Name a file.")
    _refuse_file_as_folder(path.parent)
    if path.exists() and not force:
        raise UsageError(f"'{path}' is already there. Name another file, or add --force.")


def refuse_taken_folder(folder: Path, names: Iterable[str], force: bool) -> None:
    """Raise UsageError where the folder holds one of the files, unless `force` replaces it."""
    _refuse_file_as_folder(folder)
    taken = [name for name in names if (folder / name).exists()]
    if taken and not force:
        raise UsageError(
            f"'{folder}' already holds {' and '.join(taken)}. Name another folder, or add --force."
        )


def _refuse_file_as_folder(folder: Path) -> None:
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            raise UsageError(f"'{path}' is a file, not a folder. Name a folder.")


def write_new(path: Path, text: str, force: bool = False) -> None:
    """Write a file so that it is whole or not there; one that is there is left alone.

    Raises UsageError where the file exists and `force` does not allow to replace it.
    """
    refuse_taken_file(path, force)
    with writing(path):
        write_whole(path, text)


def write_folder(folder: Path, texts: Mapping[str, str], force: bool = False) -> None:
    """Write files by their names into a folder, each as `write_new` does."""
    for name, text in texts.items():
        write_new(folder / name, text, force)


def fresh_folder(stem: str) -> Path:
    """Return a folder of that name that is not there yet, numbered from the second on."""
    for number in itertools.count(1):
        folder = Path(stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise _not_written(folder, error) from error
        return folder
    raise AssertionError  # the count does not end
