"""Faulty studies, each beside everything that is said of it.

`CYCLESIM_REGENERATE=1 pytest tests/errors/test_faulty_studies.py` writes the messages anew; the
difference is then read like any other change.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cyclesim.errors import DiagnosticError
from cyclesim.scenario import read_study

STUDIES = Path(__file__).parent / "studies"
NAMES = sorted(path.name for path in STUDIES.glob("*.yaml"))


def test_there_are_faulty_studies() -> None:
    assert len(NAMES) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_everything_wrong_is_said(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(STUDIES)  # messages show the path as given: here the bare name
    with pytest.raises(DiagnosticError) as refused:
        read_study(name)
    said = f"{refused.value}\n"
    expected = (STUDIES / name).with_suffix(".txt")
    if os.environ.get("CYCLESIM_REGENERATE") == "1":
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
