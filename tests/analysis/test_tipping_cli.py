"""`cyclesim tipping` and what a study may say of its tipping point."""

import csv
import json

import numpy as np
import pytest

from cyclesim.cli import cli, main
from cyclesim.errors import StudyError, UsageError
from cyclesim.scenario import read_study
from tests.models_in_text import aux, flow, stock, xmile
from tests.tipping_studies import ranged

SWITCH = xmile(
    stock("x", "Begin", "dx", extra=ranged(-3, 3)),
    flow("dx", "u + x - x^3"),
    aux("Begin", 1, ranged(-3, 3)),
    aux("u", -0.1, ranged(-2, 2)),
    aux("v", 0.5, ranged(0, 2)),
    start=0, stop=20, dt=0.125, time_units="week",
)  # fmt: skip
STUDY = """\
model: model.xmile
title: A switch
outputs: {x: up}
starting_states: {low: {Begin: -1}}
scenarios:
  as it is: {}
  pushed: {changes: {u: -0.2}}
"""
WISH = """\
tipping: {good: as it is, bad: low, parameter: u, map: {x: u, y: v}, pulse: u, at: end}
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.xmile").write_text(SWITCH, encoding="utf-8")
    file = tmp_path / "study.yaml"
    file.write_text(STUDY + WISH, encoding="utf-8")
    return file


def leave(*arguments):
    with pytest.raises(SystemExit) as left:
        main(["tipping", *arguments])
    return left.value.code


def test_the_command_says_it_and_writes_report_tables_and_json(study, capsys):
    assert leave(str(study), "--out", "out", "--check-dt") == 0
    told = capsys.readouterr().out
    assert told.startswith("There is a tipping point, and 'As it is' stands on the good side")
    # x - x^3 has its lower bend at u = -2/(3 sqrt 3).
    assert "u falls below -0.38" in told
    assert "With half the step" in told
    page = (study.parent / "out" / "tipping.html").read_text("utf-8")
    assert page.count('class="chart"') == 5
    assert "://" not in page[: page.index('id="library"')]
    with (study.parent / "out" / "margins.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["name"] == "u"]
    low = next(r for r in rows if r["direction"] == "down" and r["horizon"] == "lasting")
    assert float(low["threshold"]) == pytest.approx(-2 / 3 / 3**0.5, abs=0.01)
    assert low["tips"] == "yes"
    data = json.loads((study.parent / "out" / "tipping.json").read_text("utf-8"))
    assert data["schema_version"] == 1
    assert len(data["equilibria"]["found"]) == 3
    branches = data["continuation"]["branches"]
    fold = min((p for b in branches for p in b["points"]), key=lambda p: -p["parameter"])
    assert fold["parameter"] == pytest.approx(2 / 3 / 3**0.5, abs=1e-6)
    assert fold["output"] == pytest.approx(-1 / 3**0.5, abs=1e-4)
    # The points kept lie on the curve u = x^3 - x, and no chord between two strays from it.
    for branch in branches:
        x, u = np.array(branch["output"]), np.array(branch["parameter"])
        assert 4 < len(x) < 150
        assert np.abs(u - (x**3 - x)).max() < 1e-8
        middle = (x[1:] + x[:-1]) / 2
        assert np.abs((u[1:] + u[:-1]) / 2 - (middle**3 - middle)).max() < 0.02
    # Nothing is overwritten unasked.
    assert leave(str(study), "--out", "out") == 2
    assert "already holds" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scenario", "pushd"], "has no scenario 'pushd'"),
        (["--outcome", "y"], "'y' is no output of the study"),
        (["--at", "20"], "20 lies outside the run"),
        (["--map", "u"], "does not name two constants"),
        (["--pulse", "x"], "'x' is a stock"),
        (["--parameter", "dx"], "'dx' is no constant"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(study, capsys, arguments, message):
    assert leave(str(study), "--quiet", *arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ("{good: as it iss}", "Did you mean 'as it is'?"),
        ("{bad: nowhere}", "no scenario and no starting state is called 'nowhere'"),
        ("{outcome: u}", "'u' is none of the study's outputs"),
        ("{at: 0}", "before anything has happened"),
        ("{at: 30}", "lies after the run"),
        ("{map: {x: u, y: u}}", "named twice"),
        ("{map: {x: u, y: dx}}", "'dx' is no constant"),
        ("{puls: u}", "puls"),
        ("{scenario: other}", "no scenario and no starting state is called 'other'"),
    ],
)
def test_a_study_is_told_where_its_wish_does_not_fit(study, wish, message):
    study.write_text(f"{STUDY}tipping: {wish}\n", encoding="utf-8")
    with pytest.raises(StudyError) as refused:
        read_study(study)
    told = str(refused.value)
    assert message in told
    assert "study.yaml:8:" in told


def test_a_run_tells_the_margin_in_terminal_report_and_summary(study, capsys):
    def told(out, *arguments):
        with pytest.raises(SystemExit) as left:
            main(["run", str(study), "--no-explain", "--out", out, *arguments])
        assert left.value.code == 0
        data = json.loads((study.parent / out / "summary.json").read_text("utf-8"))["margin"]
        page = (study.parent / out / "report.html").read_text("utf-8")
        return capsys.readouterr().out, data, 'id="margin"' in page

    text, data, shown = told("one", "--margin")
    assert data["threshold"]["name"] == "u"
    assert data["threshold"]["direction"] == "down"
    assert data["threshold"]["value"] == pytest.approx(-2 / 3 / 3**0.5, abs=0.01)
    assert data["sentence"] in text
    assert "once u falls below -0.38" in text
    assert shown
    # What the runs were set to counts: nearer the bend, and the bend stays where it is.
    _, nearer, _ = told("two", "--margin", "--set", "u=-0.3")
    assert nearer["threshold"]["today"] == -0.3
    assert nearer["threshold"]["value"] == pytest.approx(-2 / 3 / 3**0.5, abs=0.01)
    text, data, shown = told("three", "--no-margin")
    assert data is None
    assert not shown
    assert "tipping" not in text


def test_names_are_refused_all_at_once_before_anything_is_run(capsys):
    arguments = ["virtuous_or_vicious", "--parameter", "Trainin share", "--map", "Price,Nope"]
    with pytest.raises(UsageError) as caught:
        cli.main(
            ["tipping", *arguments, "--pulse", "Demnd multiplier", "--outcome", "Profitt"],
            standalone_mode=False,
        )
    for words in ("Training share", "'Nope' is no constant", "Demand multiplier", "'Profitt'"):
        assert words in str(caught.value)
    assert "comparing" not in capsys.readouterr().err
