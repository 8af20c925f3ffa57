"""Each faulty model beside the exact words with which it is refused.

CYCLESIM_REGENERATE=1 writes what is said now into the .txt files; read them as a diff. A file
whose name begins with when_run reads well and shows its fault only in a run.
"""

from __future__ import annotations

import os
import re
from html import unescape
from pathlib import Path

import pytest

import cyclesim
from cyclesim.errors import CyclesimError, Diagnostic, ModelError
from cyclesim.simulation import load, simulate

MODELS = Path(__file__).parent / "models"
SOURCES = sorted(path for path in MODELS.iterdir() if path.suffix in (".xmile", ".mdl"))
NAMES = [path.name for path in SOURCES]
REGENERATE = os.environ.get("CYCLESIM_REGENERATE") == "1"


def told(name: str) -> CyclesimError:
    """Return what is raised for a model; paths are shown as bare names."""
    try:
        simulate(load(name), estimate_error=False)
    except CyclesimError as error:
        return error
    raise AssertionError(f"nothing is wrong with {name}")


@pytest.fixture(autouse=True)
def _among_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_a_faulty_model_is_refused_in_these_words(name: str) -> None:
    expected = MODELS / name.replace(Path(name).suffix, ".txt")
    said = f"{told(name)}\n"
    if REGENERATE:
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_of_the_file_is_found_before_the_run(name: str) -> None:
    assert isinstance(told(name), ModelError) != name.startswith("when_run")


def _rest_of_line(found: Diagnostic) -> str:
    """Return the file's text from the place of a finding to the end of its line."""
    assert found.location is not None
    text = Path(found.location.path).read_bytes().decode("utf-8-sig", errors="replace")
    line = text.split("\n")[found.location.line - 1].rstrip("\r")
    assert 1 <= found.location.column <= len(line) + 1
    return line[found.location.column - 1 :]


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_points_at_the_very_character(name: str) -> None:
    error = told(name)
    if not isinstance(error, ModelError):
        return
    for found in error.diagnostics:
        rest = _rest_of_line(found)
        if found.excerpt is not None:
            shown = found.excerpt
            underlined = shown.line[shown.offset : shown.offset + shown.width]
            # What is missing at the end of an equation is pointed at just behind it.
            assert unescape(rest).startswith(underlined or "<")
        elif found.code not in ("xml", "doctype", "format"):
            assert rest
            assert not rest[0].isspace()


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("several")])
def test_all_faults_of_a_stage_are_told_at_once_in_the_order_of_the_file(name: str) -> None:
    error = told(name)
    assert isinstance(error, ModelError)
    places = [found.location for found in error.diagnostics]
    assert len(places) >= 3
    assert places == sorted(places)  # type: ignore[type-var]


def test_every_file_has_its_words_and_every_words_their_file() -> None:
    assert {path.stem for path in SOURCES} == {path.stem for path in MODELS.glob("*.txt")}


def test_every_kind_of_finding_is_shown_by_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    package = Path(cyclesim.__file__).parent
    code = re.compile(r'(?:\bfault|\bDiagnostic)\(\s*"([a-z-]+)"')
    written = {
        found
        for folder in ("readers", "compiler")
        for source in (package / folder).glob("*.py")
        for found in code.findall(source.read_text(encoding="utf-8"))
    }
    shown: set[str] = set()
    for folder in ("models", "models_arrays", "mdl"):
        monkeypatch.chdir(MODELS.parent / folder)
        files = [path for kind in ("xmile", "mdl") for path in Path().glob(f"*.{kind}")]
        for file in files:
            shown |= {found.code for found in getattr(told(str(file)), "diagnostics", ())}
    assert written - shown == set()
