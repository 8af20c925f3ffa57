"""`cyclesim new` lays out a project that is well from the first minute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cyclesim.cli import main
from cyclesim.compiler.check_units import check_units
from cyclesim.readers import read_model
from cyclesim.simulation import load, simulate


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run("new", "help_desk") == 0
    return tmp_path / "help_desk"


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(left.value.code or 0)


def test_what_it_makes_passes_check(made: Path) -> None:
    assert run("check", str(made)) == 0


def test_the_name_becomes_the_title(made: Path) -> None:
    assert read_model(made / "model.xmile").name == "Help desk"
    assert "# Help desk" in (made / "README.md").read_text(encoding="utf-8")


def test_its_units_agree(made: Path) -> None:
    assert check_units(read_model(made / "model.xmile")) == ()


def test_littles_law_holds_at_any_staffing(made: Path) -> None:
    # Little 1961: in the long run what waits is the rate of arrival times the wait.
    results = simulate(load(made / "model.xmile"), {"Staffing level": 0.9}, stop=2000)
    waiting, rate = results["Requests waiting"][-1], results["Arriving"][-1]
    assert np.isclose(waiting, rate * results["Waiting time"][-1], rtol=1e-9)


def test_nothing_there_is_replaced(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in made.iterdir()}
    assert run("new", "help_desk") == 2
    assert "'help_desk' is already there" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in made.iterdir()} == before


@pytest.mark.parametrize("name", ["aux", "2nd", "a/b*", "..", "con"])
def test_a_name_that_cannot_be_a_folder_everywhere_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("new", name) == 2
    assert list(tmp_path.iterdir()) == []
