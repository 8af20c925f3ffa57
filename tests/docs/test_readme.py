"""The README's blocks run in order, print what it says they print, and name what exists."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from cyclesim import library
from cyclesim.cli import _COMMANDS
from cyclesim.errors import StudyError
from cyclesim.study import read_study, run_study

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", TEXT, re.DOTALL)


def test_the_python_block_prints_what_the_next_block_shows() -> None:
    place = next(i for i, (language, _) in enumerate(BLOCKS) if language == "python")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(BLOCKS[place][1], "README.md", "exec"), {})
    assert printed.getvalue() == BLOCKS[place + 1][1]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    block = next(text for language, text in BLOCKS if language == "yaml")
    monkeypatch.chdir(tmp_path)
    path = Path("study.yaml")
    path.write_text(block, encoding="utf-8")
    return path


def test_the_study_runs_and_what_it_expects_holds(study: Path) -> None:
    found = run_study(study)
    assert found.verdicts
    assert all(verdict.held for verdict in found.verdicts)


def test_a_misspelt_name_is_told_as_the_readme_says(study: Path) -> None:
    wrong = study.read_text(encoding="utf-8").replace("Recognition share", "Recogniton share")
    study.write_text(wrong, encoding="utf-8")
    with pytest.raises(StudyError) as told:
        read_study(study)
    expected = next(text for _, text in BLOCKS if text.startswith("study.yaml:"))
    assert f"{told.value}\n" == expected


def test_every_command_is_listed_and_every_listed_command_exists() -> None:
    listed = re.findall(r"^\| `cyclesim (\w+)", TEXT, re.MULTILINE)
    assert listed == list(_COMMANDS)


def test_every_model_study_and_file_named_is_there() -> None:
    for name in (*library.model_names(), *library.study_names()):
        assert f"`{name}`" in TEXT
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (ROOT / target).exists(), target


def test_the_commands_of_the_two_platforms_do_the_same() -> None:
    commands = [line for _, text in BLOCKS for line in text.splitlines() if "-m venv" in line]
    posix = [line for line in commands if line.startswith("python3")]
    windows = [line for line in commands if line.startswith("py ")]
    assert len(posix) == len(windows) == 2
    for ours, theirs in zip(posix, windows, strict=True):
        plain = theirs.replace("py -m", "python3 -m", 1).replace(".venv\\Scripts\\", ".venv/bin/")
        assert plain == ours
