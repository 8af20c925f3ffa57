"""What the teaching page says: its commands exist, and its figures are those of the runs."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from cyclesim import library
from cyclesim.cli import cli
from tests.models.library_runs import study_run

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
FIGURES = [
    ("virtuous_or_vicious", "training cut", "Profit", 260, "-4,408"),
    ("virtuous_or_vicious", "baseline", "Profit", 260, "11,170"),
    ("virtuous_or_vicious", "training restored in time", "Service excellence score", 260, "24.9"),
    ("virtuous_or_vicious", "training restored late", "Service excellence score", 260, "9.1"),
    ("faster_pull", "redesign", "Profit", 26, "-1,745"),
    ("faster_pull", "redesign", "Profit", 156, "18,295"),
    ("faster_pull", "more staff", "Profit", 156, "1,348"),
    ("faster_pull", "tighter control", "Profit", 156, "-3,799"),
    ("airline_turnaround", "programme", "Customers", 260, "862,795"),
    ("promise_ahead_of_delivery", "promise more", "Profit", 260, "3,261"),
    ("promise_ahead_of_delivery", "deliver more", "Profit", 260, "27,203"),
    ("promise_ahead_of_delivery", "promise less", "Profit", 260, "10,018"),
    ("scanning_too_slowly", "looking away", "Contribution", 52, "114,678"),
    ("scanning_too_slowly", "looking away", "Contribution", 260, "35,238"),
    ("scanning_too_slowly", "every signal", "Contribution", 260, "38,454"),
]
BEHIND = [
    ("virtuous_or_vicious", "training cut", "baseline", "Profit", 11, "up to week 46"),
    ("scanning_too_slowly", "looking away", "faster market", "Contribution", 27, "until week 62"),
]


def test_its_commands_and_studies_exist():
    commands = re.findall(r"cyclesim ([a-z]+) ([a-z_]+)", TEXT)
    assert len(commands) > 6
    context = click.Context(cli)
    for command, study in commands:
        assert cli.get_command(context, command) is not None
        assert study in library.study_names()
    books = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert set(re.findall(r"notebooks/(\w+)\.ipynb", TEXT)) <= books


@pytest.mark.parametrize(("study", "scenario", "variable", "week", "said"), FIGURES)
def test_a_figure_is_that_of_the_run(
    study: str, scenario: str, variable: str, week: int, said: str
) -> None:
    results = study_run(study).results[scenario]
    value = float(results[variable][list(results.time).index(week)])
    places = len(said.partition(".")[2])
    assert f"{value:,.{places}f}" == said
    assert said in TEXT


@pytest.mark.parametrize(("study", "ahead", "behind", "variable", "since", "said"), BEHIND)
def test_it_looks_better_as_long_as_is_said(
    study: str, ahead: str, behind: str, variable: str, since: int, said: str
) -> None:
    results = study_run(study).results
    gain = results[ahead][variable] - results[behind][variable]
    week = int(said.rsplit(" ", 1)[1])
    assert (gain[since : week + 1] > 0).all()
    assert gain[week + 1] < 0
    assert said in TEXT
