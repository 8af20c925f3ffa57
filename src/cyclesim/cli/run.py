"""`cyclesim run` and `cyclesim demo`: a study end to end, and the files that it leaves."""

from __future__ import annotations

import itertools
import json
import os
import sys
import webbrowser
from pathlib import Path

import click

from cyclesim import library
from cyclesim.analysis.behavior import sentence
from cyclesim.cli.options import (
    dt_option,
    json_option,
    method_option,
    numbers,
    quiet_option,
    set_option,
    tell_notes,
)
from cyclesim.errors import UsageError
from cyclesim.files import write_whole
from cyclesim.report import write_report
from cyclesim.report.tables import series_csv, summary
from cyclesim.scenario.parts import StudyRun
from cyclesim.study import run_study

FLAGSHIP = "virtuous_or_vicious"
_FILES = ("report.html", "series.csv", "summary.json")
_TOLD = 4
"""Headline variables told in the terminal; the report tells all."""
_EXPECTATION_FAILED = 4
_RUN_FAILED = 1


@click.command()
@click.argument("study")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Write here.")
@set_option
@method_option
@dt_option
@click.option("--force", is_flag=True, help="Replace files that are there.")
@json_option
@quiet_option
def run(
    study: str,
    out: Path | None,
    settings: tuple[str, ...],
    method: str | None,
    dt: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    r"""Run all scenarios of STUDY (a file, or a library study's name).

    Writes report.html, series.csv and summary.json into DIR, or into a fresh folder.
    Exit code 4 where an expectation of the study does not hold.

    \b
    cyclesim run scenarios/virtuous_or_vicious.yaml
    cyclesim run my_study.yaml --set "Training share=0.3" --out results
    """
    found = run_study(find_study(study), settings=numbers(settings), method=method, dt=dt)
    folder = out if out is not None else fresh_folder("cyclesim-run")
    write_all(found, folder, force, ["cyclesim", *sys.argv[1:]])
    if as_json:
        click.echo(json.dumps(summary(found), ensure_ascii=False, indent=1))
    elif not quiet:
        tell(found)
    tell_faults(found, quiet)
    if not quiet:
        click.echo(f"report: {folder / 'report.html'}", err=True)
    return exit_code(found)


@click.command()
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Write here.")
@click.option("--open/--no-open", "show", default=True, help="Open the report in a browser.")
@quiet_option
def demo(out: Path | None, show: bool, quiet: bool) -> int:
    """Run the flagship study, write its report and open it."""
    found = run_study(library.study_path(FLAGSHIP))
    folder = out if out is not None else fresh_folder("cyclesim-demo")
    write_all(found, folder, False, ["cyclesim", "run", FLAGSHIP])
    if not quiet:
        tell(found)
    tell_faults(found, quiet)
    report = (folder / "report.html").resolve()
    opened = show and can_open() and webbrowser.open(report.as_uri())
    click.echo(f"{'opened' if opened else 'open in a browser:'} {report}")
    return exit_code(found)


def find_study(given: str) -> Path:
    """Return the study's file: the path given, or the library study of that name.

    Raises UsageError where there is neither.
    """
    path = Path(given)
    if path.suffix or path.exists() or given not in library.study_names():
        if not path.is_file():
            advice = f"The library has {', '.join(library.study_names())}."
            raise UsageError(f"there is no study file '{given}'. {advice}")
        return path
    return library.study_path(given)


def fresh_folder(stem: str) -> Path:
    """Return a folder of that name that is not there yet, numbered from the second on."""
    for number in itertools.count(1):
        folder = Path(stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError  # the count does not end


def write_all(found: StudyRun, folder: Path, force: bool, command: list[str]) -> None:
    """Write report, series and summary; nothing is written where one of them is there.

    Raises UsageError where a file is there and `force` does not allow to replace it.
    """
    taken = [name for name in _FILES if (folder / name).exists()]
    if taken and not force:
        raise UsageError(
            f"'{folder}' already holds {' and '.join(taken)}. Name another folder, or add --force."
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_report(found, folder / "report.html", command=command)
    write_whole(folder / "series.csv", series_csv(found))
    text = json.dumps(summary(found), ensure_ascii=False, indent=1) + "\n"
    write_whole(folder / "summary.json", text)


def tell(found: StudyRun) -> None:
    """Print what became of the first headline variables in each scenario, on stdout."""
    study = found.study
    click.echo(f"{study.title}\n{study.question}")
    first = study.scenarios[0]
    for scenario in study.scenarios:
        click.echo(f"\n{scenario.title}")
        results = found.results[scenario.name]
        baseline = found.results[first.name] if scenario is not first else None
        for output in study.outputs[:_TOLD]:
            told = sentence(output, results, baseline=baseline, baseline_title=first.title)
            click.echo(f"  {told}")


def tell_faults(found: StudyRun, quiet: bool) -> None:
    """Print warnings, notes and expectations that did not hold, on stderr."""
    for warning in found.study.warnings:
        if not quiet:
            click.echo(str(warning), err=True)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    for scenario in found.study.scenarios:
        tell_notes(found.results[scenario.name], quiet, scenario.title)
    for verdict in found.verdicts:
        if not verdict.held:
            where = verdict.expectation.location
            click.echo(f"{where}: expectation failed: {verdict.words}", err=True)


def exit_code(found: StudyRun) -> int:
    """Return 4 where an expectation failed, 1 where a scenario did not end well, else 0."""
    if any(not verdict.held for verdict in found.verdicts):
        return _EXPECTATION_FAILED
    if any(not results.status.complete for results in found.results.values()):
        return _RUN_FAILED
    return 0


def can_open() -> bool:
    """Return whether there is a screen to open a browser on."""
    if sys.platform.startswith(("win", "darwin")):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
