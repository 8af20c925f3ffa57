"""Each faulty file on arrays, modules, macros and includes beside the words that refuse it.

CYCLESIM_REGENERATE=1 writes what is said now into the .txt files; read them as a diff. The
folder `parts` holds what the files include.
"""

from __future__ import annotations

import os
from html import unescape
from pathlib import Path

import pytest

from cyclesim.errors import Diagnostic, ModelError
from cyclesim.simulation import load

MODELS = Path(__file__).parent / "models_arrays"
NAMES = sorted(path.name for path in MODELS.glob("*.xmile"))
REGENERATE = os.environ.get("CYCLESIM_REGENERATE") == "1"


def told(name: str) -> ModelError:
    """Return what is raised for a model; paths are shown as bare names."""
    with pytest.raises(ModelError) as caught:
        load(name)
    return caught.value


@pytest.fixture(autouse=True)
def _among_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_a_faulty_file_is_refused_in_these_words(name: str) -> None:
    words = Path(name).with_suffix(".txt")
    said = f"{told(name)}\n"
    if REGENERATE:
        words.write_text(said, encoding="utf-8")
    assert said == words.read_text(encoding="utf-8")


def _rest_of_line(found: Diagnostic) -> str:
    assert found.location is not None
    lines = Path(found.location.path).read_text(encoding="utf-8").split("\n")
    return lines[found.location.line - 1][found.location.column - 1 :]


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_points_at_the_very_character(name: str) -> None:
    for found in told(name).diagnostics:
        rest = _rest_of_line(found)
        if found.excerpt is not None:
            shown = found.excerpt
            underlined = shown.line[shown.offset : shown.offset + shown.width]
            # What is missing at the end of an equation is pointed at just behind it.
            assert unescape(rest).startswith(underlined or "<")
        else:
            assert rest
            assert not rest[0].isspace()


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    places = [found.location for found in told("several_in_arrays_and_modules.xmile").diagnostics]
    assert len(places) == 6
    assert places == sorted(places)  # type: ignore[type-var]


def test_every_file_has_its_words_and_all_words_their_file() -> None:
    words = {path.stem for path in MODELS.glob("*.txt")}
    assert {Path(name).stem for name in NAMES} == words
