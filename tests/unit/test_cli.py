"""The command line: what it answers, where it says it, and the code it leaves with."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import math
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from ruamel.yaml import YAML

import cyclesim as cs
from cyclesim import library
from cyclesim.cli import _COMMANDS, cli, main, places
from cyclesim.cli import check as check_module
from cyclesim.cli import run as run_module
from cyclesim.cli.options import numbers
from cyclesim.errors import UsageError
from cyclesim.scenario import json_schema
from tests.models_in_text import aux, flow, stock, xmile

ROOT = Path(__file__).parents[2]
WRITTEN = ["report.html", "series.csv", "summary.json", "manifest.json"]
FILES = sorted(WRITTEN)

posix = pytest.mark.skipif(os.name != "posix", reason="signals and pipes as POSIX has them")


@dataclass(frozen=True)
class Answer:
    """What a command left: its exit code, its data and its messages."""

    code: int
    out: str
    err: str


def cyclesim(*arguments: str | Path) -> Answer:
    """Run a command in this process, as `main` would."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out.flush()
        err.flush()
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    assert "Traceback" not in texts[1]
    return Answer(int(end.value.code or 0), *texts)


def spawned(*arguments: str | Path, before: str = "", **settings: Any) -> subprocess.Popen[bytes]:
    """Start a command in a process of its own; `before` is Python that runs first."""
    script = f"import sys\n{before}\nfrom cyclesim.cli import main\nmain(sys.argv[1:])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **settings.pop("env", {})}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.Popen(command, env=environment, **pipes)


def ended(process: subprocess.Popen[bytes]) -> Answer:
    out, err = process.communicate(timeout=60)
    answer = Answer(process.returncode, (out or b"").decode(), err.decode())
    assert "Traceback" not in answer.err
    return answer


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, named by paths from here, as people do."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


MODEL = xmile(
    stock("Skill", 1, "Learning", (), "<units>point</units>"),
    flow("Learning", "Training_share * Skill / 10"),
    aux("Training share", 0.4, '<units>dmnl</units><range min="0" max="1"/>'),
    aux("Cost, total", "100 * Training_share", "<units>pound</units>"),
    aux("Café", "0 / (Skill - 1)"),
    stop=8, dt=0.25, save=2, time_units="week",
)  # fmt: skip
STUDY = """\
model: team.xmile
title: Less training
question: Does it show?
outputs: {Skill: up}
scenarios:
  baseline: {title: As it is}
  less: {title: Training halved, changes: {Training share: {step: {to: 0.2, at: 2}}}}
"""


@pytest.fixture
def model(here: Path) -> Path:
    (here / "team.xmile").write_text(MODEL, encoding="utf-8")
    return Path("team.xmile")


@pytest.fixture
def study(model: Path) -> Path:
    return written("study.yaml", STUDY)


@pytest.fixture
def diverging(here: Path) -> Path:
    text = xmile(stock("Rumour", 2, "Spreading"), flow("Spreading", "Rumour ^ 3"), stop=20)
    return written("rumour.xmile", text)


def written(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def listed(folder: Path | str = ".") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


# --- the first minute -------------------------------------------------------------------------


def test_alone_it_prints_three_things_to_try_that_can_be_tried_anywhere() -> None:
    answer = cyclesim()
    tries = re.findall(r"^    cyclesim (.+?)(?:  .*)?$", answer.out, re.MULTILINE)
    assert (answer.code, answer.err, len(tries)) == (0, "", 3)
    for line in tries:
        name, *arguments = shlex.split(line)
        given = parsed(name, arguments)
        if name == "check":
            assert all(places.find_all(path) for path in given["paths"])
        elif name == "simulate":
            assert places.find_model(given["model"]).is_file()


def parsed(name: str, arguments: list[str]) -> dict[str, Any]:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    parent = click.Context(cli, **cli.context_settings)
    return command.make_context(name, list(arguments), parent=parent).params


def test_an_unknown_command_is_told_with_the_nearest_one() -> None:
    answer = cyclesim("simulat", "service_cycle")
    assert answer.code == 2
    assert answer.out == ""
    assert "no command is called 'simulat'. Did you mean 'simulate'?" in answer.err
    assert "`cyclesim --help` lists the commands." in cyclesim("xyz").err


@pytest.mark.parametrize("name", _COMMANDS)
@pytest.mark.parametrize("asked", ["--help", "-h"])
def test_help_shows_examples_first_and_they_fit_the_command(name: str, asked: str) -> None:
    answer = cyclesim(name, asked)
    assert (answer.code, answer.err) == (0, "")
    usage, examples, text, *_ = answer.out.split("\n\n")
    assert usage.startswith(f"Usage: cyclesim {name}")
    assert "\\" not in answer.out
    assert text.strip().endswith(".")
    for line in examples.splitlines():
        program, command, *arguments = shlex.split(line.partition(" > ")[0])
        assert (program, command) == ("cyclesim", name)
        assert parsed(name, arguments) is not None


def test_help_names_every_command_and_every_exit_code() -> None:
    answer = cyclesim("--help")
    assert answer.code == 0
    for name in _COMMANDS:
        assert re.search(rf"^  {name} +\S", answer.out, re.MULTILINE)
    assert set(re.findall(r"\b(\d+)\s+[a-z]", answer.out)) == {
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "130",
        "141",
    }


def test_the_version_is_that_of_the_package() -> None:
    assert cyclesim("--version").out == f"cyclesim, version {cs.__version__}\n"


@pytest.mark.parametrize("arguments", [
    ["--verson"], ["simulate"], ["simulate", "x", "--froce"], ["run"], ["check"],
    ["simulate", "x", "--seed", "one"],
])  # fmt: skip
def test_a_slip_in_the_command_line_is_usage(arguments: list[str]) -> None:
    answer = cyclesim(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("Usage: cyclesim ")


# --- simulate -----------------------------------------------------------------------------------


def table(text: str) -> tuple[list[str], np.ndarray]:
    names, *rows = csv.reader(io.StringIO(text))
    return names, np.array([[float(cell) for cell in row] for row in rows]).T


def assert_same(text: str, results: cs.Results) -> None:
    names, columns = table(text)
    assert names == ["time", *(name for each in results.variables for name in each.columns)]
    assert np.array_equal(columns[0], results.time)
    for name, column in zip(names[1:], columns[1:], strict=True):
        assert np.array_equal(column, results[name], equal_nan=True), name


@pytest.mark.parametrize("name", library.model_names())
def test_the_table_is_the_library_s_results_digit_for_digit(name: str) -> None:
    answer = cyclesim("simulate", name)
    assert (answer.code, answer.err) == (0, "")
    assert_same(answer.out, cs.simulate(name))


def test_names_stand_as_in_the_model_whatever_is_in_them(model: Path) -> None:
    answer = cyclesim("simulate", model)
    assert answer.out.splitlines()[0] == 'time,Skill,Learning,Training share,"Cost, total",Café'
    assert answer.out.splitlines()[1].endswith(",nan")
    assert_same(answer.out, cs.simulate(str(model)))


@pytest.mark.parametrize(
    ("arguments", "settings", "told"),
    [
        (["--set", "Training share=0.27"], {"parameters": {"Training share": 0.27}}, "0.27"),
        (["--set", "training_share = 6 %"], {"parameters": {"Training share": 0.06}}, "0.06"),
        (["--set", "Cost, total=9e2"], {"parameters": {"Cost, total": 900.0}}, "900 pound"),
        (["--initial", "Skill=3"], {"initial": {"Skill": 3.0}}, "3 point"),
        (["--method", "rk4"], {"method": "rk4"}, None),
        (["--method", "RK45"], {"method": "rk45"}, None),
        (["--dt", "0.5"], {"dt": "0.5"}, None),
        (["--stop", "4"], {"stop": 4}, None),
        (["--seed", "7"], {"noise_seed": 7}, None),
    ],
)
def test_each_option_does_what_the_library_does(
    model: Path, arguments: list[str], settings: dict[str, Any], told: str | None
) -> None:
    answer = cyclesim("simulate", model, *arguments)
    assert answer.code == 0
    assert_same(answer.out, cs.simulate(str(model), **settings))
    assert re.findall(r"^set: '.+' = (.+)$", answer.err, re.MULTILINE) == ([told] if told else [])


def test_a_seed_gives_the_library_s_noise(here: Path) -> None:
    text = xmile(stock("Walk", 0, "Step"), flow("Step", "NORMAL(0, 1)"))
    path = written("walk.xmile", text)
    seventh = cyclesim("simulate", path, "--seed", "7", "--quiet").out
    assert_same(seventh, cs.simulate(str(path), noise_seed=7))
    assert seventh != cyclesim("simulate", path, "--quiet").out


def test_an_option_matters(model: Path) -> None:
    """Shows that the test above can fail."""
    plain = cyclesim("simulate", model).out
    for arguments in (["--set", "Training share=0.27"], ["--initial", "Skill=3"], ["--stop", "4"],
                      ["--method", "rk4"], ["--dt", "0.5"]):  # fmt: skip
        assert cyclesim("simulate", model, *arguments).out != plain


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "Trainig share=1"],
         "no variable is called 'Trainig share'. Did you mean 'Training share'?"),
        (["--set", "Training share"], "--set 'Training share' is not of the form NAME=VALUE."),
        (["--set", "=3"], "--set '=3' is not of the form NAME=VALUE."),
        (["--set", "Training share=much"], "--set 'Training share': 'much' is not a number."),
        (["--set", "Training share=nan"], "'nan' is not a number."),
        (["--set", "Training share=0,3"], "'0,3' is not a number."),
        (["--set", "Training share=1", "--set", "training_share=2"],
         "--set gives 'training_share' twice."),
        (["--initial", "Skil=3"], "no variable is called 'Skil'. Did you mean 'Skill'?"),
        (["--initial", "Training share=3"], "'Training share' is not a stock"),
        (["--initial", "Skill"], "--initial 'Skill' is not of the form NAME=VALUE."),
        (["--method", "rk5"], "no integration method is called 'rk5'. Did you mean 'rk45'?"),
        (["--dt", "often"], "dt = often is not a number."),
        (["--dt", "3"], "dt = 3 does not divide the run"),
        (["--dt", "0"], "dt"),
        (["--stop", "-1"], "the run stops at -1 and starts at 0."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(
    model: Path, arguments: list[str], sentence: str
) -> None:
    answer = cyclesim("simulate", model, *arguments, "--out", "run.csv")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("cyclesim: ")
    assert sentence in answer.err
    assert not Path("run.csv").exists()


def test_a_name_may_hold_an_equals_sign() -> None:
    assert numbers(["a=b = 3"]) == {"a=b": 3.0}


def test_a_file_that_is_there_is_left_alone_unless_forced(model: Path) -> None:
    Path("run.csv").write_text("old", encoding="utf-8")
    refused = cyclesim("simulate", model, "--out", "run.csv")
    assert (refused.code, refused.out) == (2, "")
    assert "'run.csv' is already there. Name another file, or add --force." in refused.err
    assert Path("run.csv").read_text(encoding="utf-8") == "old"
    forced = cyclesim("simulate", model, "--out", "run.csv", "--force")
    assert (forced.code, forced.out) == (0, "")
    assert "wrote run.csv: 5 times, 5 variables" in forced.err
    assert_same(Path("run.csv").read_text(encoding="utf-8"), cs.simulate(str(model)))
    assert listed() == ["run.csv", "team.xmile"]


def test_a_file_is_written_into_folders_that_are_not_there_yet(model: Path) -> None:
    assert cyclesim("simulate", model, "--out", Path("a", "b", "run.csv")).code == 0
    assert listed(Path("a", "b")) == ["run.csv"]


def test_json_is_finite_and_says_its_version(model: Path) -> None:
    answer = cyclesim("simulate", model, "--json", "--set", "Training share=0.3")
    found = json.loads(answer.out, parse_constant=lambda name: pytest.fail(name))
    results = cs.simulate(str(model), {"Training share": 0.3})
    assert found["schema_version"] == 1
    assert found["time"] == results.time.tolist()
    assert found["parameters"]["Training share"] == 0.3
    assert found["variables"]["Skill"] == {"units": "point", "values": results["Skill"].tolist()}
    assert found["variables"]["Café"]["values"][0] is None
    assert math.isnan(results["Café"][0])


def test_quiet_leaves_warnings_only(model: Path) -> None:
    # On a step of 4 Euler is far off; a share above 1 is outside its range.
    arguments = ["simulate", model, "--dt", "4", "--set", "Training share=2"]
    loud, quiet = cyclesim(*arguments), cyclesim(*arguments, "--quiet")
    assert "note: 'Training share' = 2 lies outside its range" in loud.err
    assert "Try a smaller dt, or the method rk4." in loud.err
    assert quiet.err.startswith("warning: the step may be too coarse: ")
    assert len(quiet.err.splitlines()) == 1
    better = cyclesim(*arguments, "--method", "rk4", "--quiet").err
    assert "rk4" not in better


def test_a_model_that_diverges_is_told_and_writes_nothing(diverging: Path) -> None:
    answer = cyclesim("simulate", diverging, "--out", "run.csv")
    assert (answer.code, answer.out) == (1, "")
    assert re.fullmatch(r"cyclesim: 'Spreading' became .+\.\n", answer.err)
    assert listed() == ["rumour.xmile"]


def test_a_faulty_model_is_invalid_and_every_fault_is_told() -> None:
    text = xmile(aux("a", "nowhere + 1"), aux("b", "2 * elsewhere"))
    answer = cyclesim("simulate", written("faulty.xmile", text))
    assert (answer.code, answer.out) == (3, "")
    assert "nowhere" in answer.err
    assert "elsewhere" in answer.err
    assert answer.err.count("faulty.xmile:1:") == 2


# --- names and paths given ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["simulate", "service_cycel"], "Did you mean 'service_cycle'?"),
        (["simulate", "xyz"], f"The library has {', '.join(library.model_names())}."),
        (["simulate", "teem.xmile"], "Did you mean 'team.xmile'?"),
        (["simulate", "."], "'.' is a folder. Name a file in it: team.xmile."),
        (["simulate", "study.yaml"], "'study.yaml' is a study. `cyclesim run study.yaml` runs it."),
        (["simulate", "faster_pull"], "'faster_pull' is a study."),
        (["run", "faster_pul"], "Did you mean 'faster_pull'?"),
        (["run", "xyz"], f"The library has {', '.join(library.study_names())}."),
        (["run", "stud.yaml"], "Did you mean 'study.yaml'?"),
        (["run", "."], "'.' is a folder. Name a file in it: study.yaml."),
        (["run", "team.xmile"], "'team.xmile' is a model. `cyclesim simulate team.xmile` runs it. "
         "For a study, write one (docs/study-files.md), or begin with `cyclesim new`."),
        (["run", "service_cycle"], "'service_cycle' is a model."),
        (["check", "nowhere/at/all"], "there is no model, study or folder 'nowhere/at/all'."),
        (["check", "stdy.yaml"], "Did you mean 'study.yaml'?"),
        (["check", "empty"], "'empty' holds no model and no study."),
        (["run", "study.yaml", "--out", "team.xmile"], "'team.xmile' is a file, not a folder."),
        (["run", "study.yaml", "--out", "team.xmile/x"], "'team.xmile' is a file, not a folder."),
        (["simulate", "team.xmile", "--out", "empty"], "'empty' is a folder. Name a file."),
        (["simulate", "team.xmile", "--out", "study.yaml/x"], "'study.yaml' is a file, not"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_told_with_what_is(
    study: Path, arguments: list[str], sentence: str
) -> None:
    Path("empty").mkdir()
    answer = cyclesim(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("cyclesim: ")
    assert sentence in answer.err
    assert listed() == ["empty", "study.yaml", "team.xmile"]
    assert listed("empty") == []


def test_a_folder_does_not_hide_the_library(here: Path) -> None:
    for name in ("service_cycle", "faster_pull"):
        (here / name).mkdir()
    assert places.find_model("service_cycle") == library.model_path("service_cycle")
    assert places.find_study("faster_pull") == library.study_path("faster_pull")


def test_the_library_s_advice_names_what_it_has() -> None:
    with pytest.raises(UsageError, match="Did you mean 'faster_pull'"):
        library.study_path("faster_pul")


# --- run ----------------------------------------------------------------------------------------


def test_a_run_leaves_three_files_in_a_fresh_folder_each_time(study: Path) -> None:
    for name in ("cyclesim-run", "cyclesim-run-2", "cyclesim-run-3"):
        answer = cyclesim("run", study)
        assert answer.code == 0
        assert answer.err == f"report: {Path(name, 'report.html')}\n"
        assert listed(name) == FILES
    found = cs.run_study(study)
    with Path("cyclesim-run", "series.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["scenario", "time", "Skill", "Learning", "Training share", "Cost, total",
                      "Café"]  # fmt: skip
    for name, results in found.results.items():
        mine = [row for row in rows if row[0] == name]
        assert [float(row[1]) for row in mine] == results.time.tolist()
        assert [float(row[2]) for row in mine] == results["Skill"].tolist()
    summary = json.loads(Path("cyclesim-run", "summary.json").read_text(encoding="utf-8"))
    assert summary["schema_version"] == 1
    assert "Less training" in Path("cyclesim-run", "report.html").read_text(encoding="utf-8")


def test_a_run_says_what_became_of_each_scenario(study: Path) -> None:
    out = cyclesim("run", study).out
    assert out.startswith("Less training\nDoes it show?\nSkill gets better in 2 of 2 scenarios")
    assert re.search(
        r"\n\nTraining halved\n  Skill rises from .+\n  Why: .+\n\nNo tipping point .+\n$", out
    )
    plain = cyclesim("run", study, "--no-explain").out
    assert "Why" not in plain


def test_a_folder_that_holds_results_is_refused_before_anything_runs(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("results").mkdir()
    Path("results", "series.csv").write_text("old", encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr(run_module, "run_study", lambda *_, **__: pytest.fail("it ran"))
        answer = cyclesim("run", study, "--out", "results")
        shown = cyclesim("demo", "--out", "results")
    assert (answer.code, answer.out) == (shown.code, shown.out) == (2, "")
    assert answer.err == (
        "cyclesim: 'results' already holds series.csv. Name another folder, or add --force.\n"
    )
    assert listed("results") == ["series.csv"]
    assert Path("results", "series.csv").read_text(encoding="utf-8") == "old"
    assert cyclesim("run", study, "--out", "results", "--force").code == 0
    assert listed("results") == FILES
    assert Path("results", "series.csv").read_text(encoding="utf-8").startswith("scenario,time,")


def test_what_else_lies_in_the_folder_stays(study: Path) -> None:
    Path("results").mkdir()
    Path("results", "notes.txt").write_text("mine", encoding="utf-8")
    assert cyclesim("run", study, "--out", "results").code == 0
    assert listed("results") == sorted(["notes.txt", *FILES])


def test_json_has_stdout_for_itself(study: Path) -> None:
    answer = cyclesim("run", study, "--json", "--out", "results")
    found = json.loads(answer.out, parse_constant=lambda name: pytest.fail(name))
    assert found["schema_version"] == 1
    assert found == json.loads(Path("results", "summary.json").read_text(encoding="utf-8"))
    assert answer.err == f"report: {Path('results', 'report.html')}\n"


def test_quiet_says_nothing_where_all_is_well(study: Path) -> None:
    assert cyclesim("run", study, "--quiet") == Answer(0, "", "")
    assert listed("cyclesim-run") == FILES


def test_settings_reach_all_scenarios_and_are_echoed(study: Path) -> None:
    answer = cyclesim("run", study, "--set", "training share=30 %", "--method", "rk4",
                      "--dt", "0.5", "--json")  # fmt: skip
    assert "set: 'Training share' = 0.3\n" in answer.err
    for scenario in json.loads(answer.out)["scenarios"]:
        provenance = scenario["provenance"]
        assert provenance["settings"] == {"Training share": 0.3}
        assert (provenance["method"], provenance["dt"]) == ("rk4", 0.5)
    report = Path("cyclesim-run", "report.html").read_text(encoding="utf-8")
    # jinja2 writes an apostrophe as &#39;
    assert (
        "cyclesim run study.yaml --set &#39;training share=30 %&#39; --method rk4 --dt 0.5"
        in report.replace("\u00a0", " ")
    )


def test_a_report_does_not_tell_where_its_writer_s_files_lie(study: Path, here: Path) -> None:
    out = here / "a folder of my own"
    assert cyclesim("run", here / study, "--out", out).code == 0
    report = (out / "report.html").read_text(encoding="utf-8")
    assert here.name not in report
    assert out.name not in report


@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
def test_an_expectation_that_fails_is_told_and_is_code_4(study: Path, quiet: list[str]) -> None:
    written("study.yaml", f"{STUDY}expect:\n  - {{scenario: less, variable: Skill, above: 99}}\n")
    answer = cyclesim("run", study, *quiet)
    assert answer.code == 4
    assert "study.yaml:9:5: expectation failed: Skill at week 8 is " in answer.err
    assert listed("cyclesim-run") == FILES


FAULTY = STUDY.replace("Skill: up", "Skil: up").replace("to: 0.2", "too: 0.2")


@pytest.mark.parametrize("command", ["run", "check"])
def test_every_fault_of_a_study_is_told_at_once(model: Path, command: str) -> None:
    answer = cyclesim(command, written("study.yaml", FAULTY))
    assert (answer.code, answer.out) == (3, "")
    first, second = answer.err.splitlines()
    assert first.startswith("study.yaml:4:11: outputs.Skil: ")
    assert first.endswith("Did you mean 'Skill'?")
    assert second.startswith("study.yaml:7:")
    assert listed() == ["study.yaml", "team.xmile"]


@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
def test_a_scenario_that_diverges_is_told_once_and_is_code_1(
    diverging: Path, quiet: list[str]
) -> None:
    study = written(
        "study.yaml",
        "model: rumour.xmile\ntitle: Rumour\noutputs: {Rumour: down}\nscenarios: {baseline: {}}\n",
    )
    answer = cyclesim("run", study, *quiet)
    assert answer.code == 1
    assert answer.err.count("'baseline' did not reach the end: 'Spreading' became ") == 1
    assert listed("cyclesim-run") == FILES


def test_a_setting_outside_its_range_is_a_note_that_quiet_leaves_out(study: Path) -> None:
    note = "note: 'Training share' = 2 lies outside its range"
    assert note in cyclesim("run", study, "--set", "Training share=2").err
    assert note not in cyclesim("run", study, "--set", "Training share=2", "--quiet").err


# --- check --------------------------------------------------------------------------------------


def test_checks_take_files_folders_and_names_of_the_library(study: Path) -> None:
    Path("deep", "er").mkdir(parents=True)
    Path("deep", "er", "copy.XMILE").write_text(MODEL, encoding="utf-8")
    Path("deep", "checks.yaml").write_text("neither: a study\n", encoding="utf-8")
    Path("deep", ".venv").mkdir()
    Path("deep", ".venv", "not_ours.yaml").write_text("neither: a study\n", encoding="utf-8")
    Path("deep", "assessments").mkdir()
    Path("deep", "assessments", "ours.yaml").write_text(
        "respondents: {Ada: {answers: {U1: half}}}\n", encoding="utf-8"
    )
    answer = cyclesim(
        "check", "--units", "off", "team.xmile", study, "deep", "eroding_standard", "team.xmile"
    )
    assert (answer.code, answer.err) == (0, "")
    files = ["team.xmile", "study.yaml", Path("deep", "assessments", "ours.yaml"),
             Path("deep", "er", "copy.XMILE"), library.study_path("eroding_standard")]  # fmt: skip
    assert answer.out == "".join(f"{file}: well\n" for file in files)
    assert cyclesim("check", study, "--quiet") == Answer(0, "", "")


def test_a_library_study_is_checked_by_its_name() -> None:
    answer = cyclesim("check", "faster_pull")
    assert (answer.code, answer.out) == (0, f"{library.study_path('faster_pull')}: well\n")


@pytest.fixture
def all_kinds(study: Path, diverging: Path) -> dict[str, int]:
    """Files and the exit code that each deserves."""
    written("failing.yaml", f"{STUDY}expect:\n  - {{scenario: less, variable: Skill, above: 99}}\n")
    written("faulty.yaml", FAULTY)
    written("notes.txt", "not a model")
    written("vensim.mdl", "{UTF-8}\n")
    return {"team.xmile": 0, "study.yaml": 0, "rumour.xmile": 1, "notes.txt": 2, "faulty.yaml": 3,
            "vensim.mdl": 3, "failing.yaml": 4}  # fmt: skip


def test_the_exit_code_is_that_of_the_worst_file(all_kinds: dict[str, int]) -> None:
    for file, code in all_kinds.items():
        answer = cyclesim("check", "--units", "off", file)
        assert answer.code == code, file
        assert bool(answer.err) == (code > 0)
        assert file in answer.err + answer.out
    assert cyclesim("check", "rumour.xmile", "faulty.yaml", "team.xmile").code == 3
    whole = cyclesim("check", *all_kinds)
    assert whole.code == 4
    assert whole.out == "team.xmile: well\nstudy.yaml: well\n"


def test_a_file_that_is_no_model_is_named_once(all_kinds: dict[str, int]) -> None:
    assert cyclesim("check", "notes.txt").err.count("notes.txt") == 1


def test_checks_as_json_say_what_the_text_says(all_kinds: dict[str, int]) -> None:
    text, found = cyclesim("check", *all_kinds), cyclesim("check", *all_kinds, "--json")
    shown = json.loads(found.out)
    assert (found.code, found.err, shown["schema_version"]) == (4, "", 1)
    assert {row["file"]: row["exit_code"] for row in shown["files"]} == all_kinds
    findings = [finding for row in shown["files"] for finding in row["findings"]]
    assert "\n".join(findings) + "\n" == text.err


def test_a_coarse_step_is_a_warning_of_the_file_and_not_a_fault(here: Path) -> None:
    text = MODEL.replace("<dt>0.25</dt>", "<dt>4</dt>")
    answer = cyclesim("check", written("coarse.xmile", text), "--quiet")
    assert answer.code == 0
    assert answer.err.startswith("warning: coarse.xmile: the step may be too coarse: ")


# --- schema -------------------------------------------------------------------------------------


TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
         "number": (int, float), "integer": int}  # fmt: skip
SILENT = {"title", "description", "default", "$schema", "$defs"}


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Return whether a value fits a JSON schema; a key that is not known here is a failure."""
    return all(keyword(key, schema, value, root) for key in schema if key not in SILENT)


def keyword(key: str, schema: dict[str, Any], value: Any, root: dict[str, Any]) -> bool:
    wanted = schema[key]
    if key == "$ref":
        return fits(value, root["$defs"][wanted.removeprefix("#/$defs/")], root)
    if key == "type":
        is_bool = isinstance(value, bool) and wanted != "boolean"
        return isinstance(value, TYPES[wanted]) and not is_bool
    if key in ("anyOf", "oneOf"):
        count = sum(fits(value, option, root) for option in wanted)
        return count == 1 if key == "oneOf" else count > 0
    if key in ("const", "enum"):
        return value in ([wanted] if key == "const" else wanted)
    limits = {"minItems": list, "maxItems": list, "minProperties": dict, "minLength": str}
    if key in limits:
        size = len(value) if isinstance(value, limits[key]) else wanted
        return size <= wanted if key.startswith("max") else size >= wanted
    if key in ("minimum", "exclusiveMinimum"):
        return not isinstance(value, TYPES["number"]) or value > wanted or (
            key == "minimum" and value == wanted)  # fmt: skip
    if key == "pattern":
        return not isinstance(value, str) or re.search(wanted, value) is not None
    if key == "items":
        return not isinstance(value, list) or all(fits(one, wanted, root) for one in value)
    if not isinstance(value, dict):
        return key in ("properties", "required", "additionalProperties")
    if key == "properties":
        return all(fits(value[name], wanted[name], root) for name in value if name in wanted)
    if key == "required":
        return set(wanted) <= set(value)
    assert key == "additionalProperties", key
    more = [one for name, one in value.items() if name not in schema.get("properties", {})]
    return not more if wanted is False else all(fits(one, wanted, root) for one in more)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cyclesim("schema").out)
    return found


def plain(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_the_schema_accepts_the_library_s_studies(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema == json_schema()
    for name in library.study_names():
        assert fits(plain(library.study_path(name).read_text(encoding="utf-8")), schema, schema)
    assert fits(plain(STUDY), schema, schema)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("title:", "titel:"),
        ("model: team.xmile\n", ""),
        ("Skill: up", "Skill: upwards"),
        ("outputs: {Skill: up}", "outputs: {}"),
        ("question: Does it show?", "question: [Does it show?]"),
        ("to: 0.2", "too: 0.2"),
        ("to: 0.2", "to: much"),
        ("at: 2", "at: [2]"),
        ("title: As it is", "titel: As it is"),
        ("question: Does it show?", "run: {method: rk5}"),
    ],
)
def test_the_schema_refuses_a_wrong_study(schema: dict[str, Any], right: str, wrong: str) -> None:
    assert right in STUDY
    assert not fits(plain(STUDY.replace(right, wrong, 1)), schema, schema)


# --- doctor -------------------------------------------------------------------------------------


def test_the_doctor_says_what_is_there() -> None:
    answer = cyclesim("doctor")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"cyclesim {cs.__version__} on Python ")
    assert f"models and studies in {library.root()}\n" in answer.out
    for name in ("click", "numpy", "pydantic", "scipy"):
        assert re.search(rf"^  {name} +{re.escape(metadata.version(name))}$", answer.out, re.M)


def test_the_doctor_s_json_is_the_same(here: Path) -> None:
    found = json.loads(cyclesim("doctor", "--json").out)
    assert found["schema_version"] == 1
    assert found["models"] == list(library.model_names())
    assert found["studies"] == list(library.study_names())
    rows = {row["name"]: row for row in found["packages"] if row["needed"]}
    assert rows["numpy"]["version"] == np.__version__
    assert rows["numpy"]["requirement"].startswith("numpy>=")


def not_installed(name: str) -> Any:
    raise metadata.PackageNotFoundError(name)


@pytest.mark.parametrize("requires", [
    not_installed,
    lambda _: ["numpy>=1.26", "scipy>=1.12", "playwright>=1.49; extra == 'browser'",
               'cyclesim[browser]; extra == "all"'],
])  # fmt: skip
def test_the_doctor_prints_the_line_that_adds_what_is_missing(
    requires: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a checkout that is not installed, and from an installed package."""
    versions = metadata.version
    missing = ("scipy", "playwright")
    monkeypatch.setattr(metadata, "requires", requires)
    monkeypatch.setattr(
        metadata, "version", lambda name: (not_installed if name in missing else versions)(name)
    )
    answer = cyclesim("doctor")
    assert answer.code == 1
    assert re.search(r"^  scipy +MISSING$", answer.out, re.MULTILINE)
    line = re.search(
        r'^add what is missing: (.+) -m pip install "scipy>=[\d.]+"$', answer.out, re.M
    )
    assert line is not None
    assert sys.executable in line.group(1)
    assert re.search(r'^  extra browser: not needed .+ install "playwright>=', answer.out, re.M)
    assert "extra all" not in answer.out


HEAVY = ("numpy", "pandas", "scipy", "plotly", "pydantic", "jinja2", "ruamel.yaml")
BLOCKED = f"for name in {HEAVY}: sys.modules[name] = None"


def test_where_a_package_is_missing_the_doctor_still_answers() -> None:
    assert ended(spawned("doctor", before=BLOCKED)).code == 0
    answer = ended(spawned("simulate", "service_cycle", before=BLOCKED))
    assert answer == Answer(1, "", "cyclesim: the package 'numpy' is missing. "
                            "`cyclesim doctor` prints the line that adds it.\n")  # fmt: skip


# --- demo ---------------------------------------------------------------------------------------


def test_the_demo_fits_a_screen_and_names_its_report(here: Path) -> None:
    answer = cyclesim("demo", "--no-open")
    report = here.resolve() / "cyclesim-demo" / "report.html"
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.endswith(f"\nopen in a browser: {report}\n")
    assert len(answer.out.splitlines()) < 32
    assert listed("cyclesim-demo") == FILES


@pytest.fixture
def small_demo(study: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A demo of a small study; what it opens is kept here."""
    opened: list[str] = []
    monkeypatch.setattr(library, "study_path", lambda name: Path("study.yaml"))
    monkeypatch.setattr(run_module.webbrowser, "open", lambda uri: not opened.append(uri))
    return opened


def test_the_demo_opens_its_report_where_there_is_a_screen(
    small_demo: list[str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "can_open", lambda: True)
    report = here.resolve() / "cyclesim-demo" / "report.html"
    assert cyclesim("demo", "--quiet") == Answer(0, f"opened {report}\n", "")
    assert small_demo == [report.as_uri()]
    cyclesim("demo", "--no-open")
    monkeypatch.setattr(run_module, "can_open", lambda: False)
    assert cyclesim("demo", "--out", "mine").out.endswith(
        f"open in a browser: {here.resolve() / 'mine' / 'report.html'}\n"
    )
    assert len(small_demo) == 1


# --- consoles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("colours", [{"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}])
def test_nothing_is_coloured(study: Path, colours: dict[str, str]) -> None:
    for arguments in (["run", study], ["simulate", "nowhere"], ["run"]):
        answer = ended(spawned(*arguments, env=colours))
        assert "\x1b" not in answer.out + answer.err


def test_a_console_of_ascii_shows_everything(study: Path) -> None:
    written("study.yaml", STUDY.replace("Does it show?", "Does a café show – for 5 €?"))
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    told = ended(spawned("run", study, env=ascii_only))
    assert told.code == 0
    assert "Does a caf\\xe9 show \\u2013 for 5 \\u20ac?" in told.out
    found = json.loads(ended(spawned("run", study, "--json", env=ascii_only)).out)
    assert found["question"] == "Does a café show – for 5 €?"
    header = ended(spawned("simulate", "team.xmile", env=ascii_only)).out.splitlines()[0]
    assert header.endswith(",Caf\\xe9")
    misspelt = ended(spawned("simulate", "team.xmile", "--set", "Caffé=1", env=ascii_only))
    assert misspelt.code == 2
    assert "Did you mean 'Caf\\xe9'?" in misspelt.err


def test_a_screen_gets_lines_that_fit_and_progress(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")

    class Screen(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    out, err = (Screen(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit),
    ):
        main(["run", str(study)])
    out.flush()
    err.flush()
    shown = out.buffer.getvalue().decode()  # type: ignore[attr-defined]
    assert max(map(len, shown.splitlines())) <= 40
    said = err.buffer.getvalue().decode()  # type: ignore[attr-defined]
    assert said.startswith("running 'As it is'\nrunning 'Training halved'\n")


# --- what goes wrong outside --------------------------------------------------------------------


@pytest.fixture
def unwritable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every file fail as it is put in its place."""
    code: int = request.param

    def refuse(part: Path, path: Path) -> None:
        raise OSError(code, os.strerror(code), str(part), None, str(path))

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refuse)
        yield


@pytest.mark.parametrize(
    ("unwritable", "reason"),
    [
        (errno.ENOSPC, "no space left on device. Free some space, or write elsewhere with --out."),
        (errno.EACCES, "permission denied. Write elsewhere with --out."),
        (errno.EROFS, "read-only file system. Write elsewhere with --out."),
    ],
    indirect=["unwritable"],
)
@pytest.mark.usefixtures("unwritable")
def test_what_cannot_be_written_is_told_and_leaves_nothing(study: Path, reason: str) -> None:
    answer = cyclesim("simulate", "team.xmile", "--out", "run.csv")
    assert answer == Answer(1, "", f"cyclesim: 'run.csv' could not be written: {reason}\n")
    answer = cyclesim("run", study)
    named = Path("cyclesim-run", "report.html")
    assert answer == Answer(1, "", f"cyclesim: '{named}' could not be written: {reason}\n")
    assert listed() == ["study.yaml", "team.xmile"]


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="root may write into any folder"
)
def test_a_folder_that_may_not_be_written_to_is_told(study: Path, here: Path) -> None:
    here.chmod(0o500)
    try:
        answer = cyclesim("run", study)
    finally:
        here.chmod(0o700)
    assert answer == Answer(1, "", "cyclesim: 'cyclesim-run' could not be written: "
                            "permission denied. Write elsewhere with --out.\n")  # fmt: skip


@posix
def test_a_disk_that_fills_while_writing_leaves_no_part_of_a_file(study: Path) -> None:
    limit = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))"
    )
    answer = ended(spawned("run", study, "--out", "results", before=limit))
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("cyclesim: 'results/report.html' could not be written: ")
    assert "Free some space" in answer.err
    assert listed() == ["study.yaml", "team.xmile"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("arguments", [["simulate", "service_cycle"], ["schema"], []])
def test_output_that_cannot_be_written_is_told(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        answer = ended(spawned(*arguments, stdout=full))
    assert answer.code == 1
    assert answer.err == ("cyclesim: the output could not be written: No space left on device.\n")


@posix
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments", [["simulate", "service_cycle"], ["check", "team.xmile", "--units", "off"]]
)
def test_a_reader_that_has_had_enough_is_no_fault(
    model: Path, arguments: list[str], unbuffered: str
) -> None:
    """As `cyclesim simulate service_cycle | head -1`, and a reader that takes nothing."""
    process = spawned(*arguments, env={"PYTHONUNBUFFERED": unbuffered})
    assert process.stdout is not None
    if arguments[0] == "simulate":
        assert process.stdout.read(5) == b"time,"
    process.stdout.close()
    process.stdout = None
    answer = ended(process)
    assert (answer.code, answer.err) == (141, "")


@posix
def test_ctrl_c_leaves_a_sentence_and_no_half_of_a_file(here: Path) -> None:
    # A shell's background job, as tests may be, starts with the signal ignored.
    before = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import cyclesim.simulation; print('ready', flush=True)"
    )
    process = spawned(
        "simulate", "service_cycle", "--dt", "0.0001", "--out", "run.csv", before=before
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    answer = ended(process)
    assert (answer.code, answer.out) == (130, "")
    assert answer.err.strip() == "interrupted: every file written so far is whole."
    assert listed() == []


@pytest.mark.parametrize("place", range(4))
def test_ctrl_c_while_writing_leaves_whole_files_only(
    study: Path, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, done = os.replace, []

    def interrupted(part: Path, path: Path) -> None:
        if len(done) == place:
            raise KeyboardInterrupt
        done.append(path)
        replace(part, path)

    monkeypatch.setattr(os, "replace", interrupted)
    answer = cyclesim("run", study)
    assert (answer.code, answer.out) == (130, "")
    assert listed() == [*(["cyclesim-run"] if place else []), "study.yaml", "team.xmile"]
    if place:
        assert listed("cyclesim-run") == WRITTEN[:place]


def test_a_mistake_of_our_own_is_not_hidden(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ModuleNotFoundError("No module named 'cyclesim.nowhere'", name="cyclesim.nowhere")

    monkeypatch.setattr(check_module, "simulate", broken)
    with pytest.raises(ModuleNotFoundError):
        main(["check", str(model)])
