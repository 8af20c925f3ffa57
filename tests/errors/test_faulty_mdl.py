"""Each faulty Vensim file beside the exact words with which it is refused.

CYCLESIM_REGENERATE=1 writes what is said now into the .txt files; read them as a diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cyclesim.errors import ModelError
from cyclesim.readers import read_model

MODELS = Path(__file__).parent / "mdl"
NAMES = sorted(path.name for path in MODELS.glob("*.mdl"))
REGENERATE = os.environ.get("CYCLESIM_REGENERATE") == "1"


def refused(name: str) -> ModelError:
    """Return what is raised for a file; paths are shown as bare names."""
    with pytest.raises(ModelError) as caught:
        read_model(name)
    return caught.value


@pytest.fixture(autouse=True)
def _among_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_a_faulty_file_is_refused_in_these_words(name: str) -> None:
    said = f"{refused(name)}\n"
    words = Path(name).with_suffix(".txt")
    if REGENERATE:
        words.write_text(said, encoding="utf-8")
    assert said == words.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_points_at_the_very_character(name: str) -> None:
    lines = Path(name).read_text(encoding="utf-8").split("\n")
    for found in refused(name).diagnostics:
        assert found.location is not None
        rest = lines[found.location.line - 1][found.location.column - 1 :]
        if found.excerpt is not None:
            shown = found.excerpt
            assert rest.startswith(shown.line[shown.offset : shown.offset + shown.width])
        elif found.message != "the model has no variables":
            assert rest
            assert not rest[0].isspace()


def test_all_faults_of_a_file_are_told_at_once_in_its_order() -> None:
    places = [found.location for found in refused("several_faults.mdl").diagnostics]
    assert len(places) == 4
    assert places == sorted(places)  # type: ignore[type-var]


def test_every_file_has_its_words_and_all_words_their_file() -> None:
    words = {path.stem for path in MODELS.glob("*.txt")}
    assert {Path(name).stem for name in NAMES} == words
