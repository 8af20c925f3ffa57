"""`cyclesim loops`: what it says, what it writes, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from cyclesim.cli import cli
from cyclesim.errors import StudyError, UsageError
from tests.models_in_text import aux, flow, stock, xmile

BASS = xmile(
    stock("potential", 999999, (), "adopting"),
    stock("adopters", 1, "adopting"),
    aux("share", "adopters / 1000000"),
    flow("adopting", "1.5 * potential * share"),
    stop=15, dt="1/16", time_units="year",
)  # fmt: skip

STUDY = """\
title: Adoption
model: model.xmile
outputs:
  adopters: up
scenarios:
  as it is: {title: As it is}
  slow:
    title: Slow
    initial: {adopters: 10}
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "model.xmile"
    file.write_text(BASS, encoding="utf-8")
    return file


def answer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[str, str]:
    cli.main(["loops", *map(str, arguments)], standalone_mode=False)
    found = capsys.readouterr()
    return found.out, found.err


def test_it_says_which_loop_and_when(model: Path, capsys: pytest.CaptureFixture[str]):
    name = "Word of mouth=adopters>share>adopting"
    out, _ = answer(capsys, model, "--name", name)
    assert "R1 'Word of mouth' (reinforcing) carries 95 % of the change." in out
    assert "B1, balancing, " in out
    assert "potential -> adopting -> potential" in out


def test_names_come_from_the_readme_beside_the_model(
    model: Path, capsys: pytest.CaptureFixture[str]
):
    table = (
        "| loop | chain |\n|---|---|\n"
        "| R7 Talk | adopters, share, adopting, adopters |\n| B1 Empty | everyone, adopting |\n"
    )
    (model.parent / "README.md").write_text(f"# Model\n\n{table}\n", encoding="utf-8")
    out, _ = answer(capsys, model)
    assert "R1 'Talk' (reinforcing)" in out
    assert "Empty" not in out


def test_tables_hold_what_the_analysis_says(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "tables"
    out, err = answer(capsys, model, "--json", "--out", folder)
    told = json.loads(out)
    assert json.loads((folder / "loops.json").read_text(encoding="utf-8")) == told
    assert f"into {folder}" in err
    with (folder / "relative_scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][0] == "time"
    assert [head.split()[0] for head in rows[0][1:]] == [loop["mark"] for loop in told["loops"]]
    columns = list(zip(*rows[1:], strict=True))
    assert [float(value) for value in columns[1]] == told["loops"][0]["relative"]
    assert [float(value) for value in columns[0]] == told["time"]
    assert len((folder / "loops.csv").read_text(encoding="utf-8").splitlines()) == 3
    with pytest.raises(UsageError, match=r"already holds loops\.csv"):
        cli.main(["loops", str(model), "--out", str(folder)], standalone_mode=False)


def test_a_study_is_analysed_by_scenario(model: Path, capsys: pytest.CaptureFixture[str]):
    study = model.parent / "study.yaml"
    study.write_text(STUDY, encoding="utf-8")
    out, err = answer(capsys, study)
    assert "scenario 'as it is'; others with --scenario: slow" in err
    assert "2 loops through potential, adopters" in out
    later, err = answer(capsys, study, "--scenario", "slow")
    assert "others" not in err
    assert later != out
    with pytest.raises(UsageError, match=r"no scenario 'slo'.*Did you mean 'slow'"):
        answer(capsys, study, "--scenario", "slo")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "slow"], "is a model and has no scenarios"),
        (["--name", "x"], "is not of the form NAME=A>B"),
        (["--name", "x=adopter"], "Did you mean 'adopters'"),
        (["--through", "share"], "'share' is no stock that lies on a loop"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: list[str], words: str, model: Path):
    with pytest.raises(UsageError, match=words):
        cli.main(["loops", str(model), *arguments], standalone_mode=False)


def test_a_folder_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="is a folder"):
        cli.main(["loops", str(tmp_path)], standalone_mode=False)


def test_it_says_why_a_variable_changed(model: Path, capsys: pytest.CaptureFixture[str]):
    chosen = ("--why", "adopters", "--from", "1", "--to", "9")
    out, _ = answer(capsys, model, *chosen)
    assert out.startswith("adopters rise from ")
    assert "closes the loop" in out
    told = json.loads(answer(capsys, model, *chosen, "--json")[0])
    assert (told["from"], told["to"], told["trace"]["name"]) == (1, 9, "adopters")
    shares = [each["share"] for each in told["trace"]["inputs"]]
    assert sum(shares) + told["trace"]["pace"] + told["trace"]["rest"] == pytest.approx(1)


def test_times_without_a_variable_are_refused(model: Path):
    with pytest.raises(UsageError, match="belong to --why"):
        cli.main(["loops", str(model), "--from", "1"], standalone_mode=False)


def test_a_stock_begins_where_it_is_told_to(model: Path, capsys: pytest.CaptureFixture[str]):
    plain, _ = answer(capsys, model)
    later, _ = answer(capsys, model, "--initial", "adopters=5000")
    assert plain != later
    study = model.parent / "study.yaml"
    study.write_text(STUDY, encoding="utf-8")
    with pytest.raises(UsageError, match="--initial is for a model"):
        answer(capsys, study, "--initial", "adopters=5")


def test_a_study_names_loops_and_the_stocks_to_look_through(
    model: Path, capsys: pytest.CaptureFixture[str]
):
    study = model.parent / "study.yaml"
    named = "loops:\n  names:\n    Word of mouth: [adopters, share, adopting]\n"
    study.write_text(STUDY + named, encoding="utf-8")
    assert "'Word of mouth' (reinforcing)" in answer(capsys, study)[0]
    study.write_text(f"{STUDY}loops: {{through: [adopters]}}\n", encoding="utf-8")
    assert "among adopters" in answer(capsys, study)[0]


def test_a_study_that_names_what_is_not_there_is_refused(model: Path):
    study = model.parent / "study.yaml"
    study.write_text(
        f"{STUDY}loops:\n  name: {{}}\n  names:\n    Fame: [adopter]\n  through: [Nobody]\n",
        encoding="utf-8",
    )
    with pytest.raises(StudyError) as refused:
        cli.main(["loops", str(study)], standalone_mode=False)
    told = str(refused.value)
    assert "study.yaml:11:3: loops.name: no key is called 'name'" in told
    assert "study.yaml:13:12: loops.names.Fame[1]: no variable is called 'adopter'" in told
    assert "study.yaml:14:13: loops.through[1]: no variable is called 'Nobody'" in told
