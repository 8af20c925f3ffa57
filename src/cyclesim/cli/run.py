"""`cyclesim run` and `cyclesim demo`: a study end to end, and the files that it leaves."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import textwrap
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from cyclesim import library
from cyclesim.analysis.explanation import (
    Cause,
    StudyExplanations,
    explain_study,
    explanations_csv,
)
from cyclesim.analysis.explanation.studies import SECONDS
from cyclesim.analysis.tipping import Nearest, run_margin
from cyclesim.analysis.tipping.nearest import SECONDS as MARGIN_SECONDS
from cyclesim.analysis.tipping.words import nearest_words
from cyclesim.cli.options import (
    Command,
    dt_option,
    force_option,
    json_option,
    json_text,
    method_option,
    numbers,
    progress,
    quiet_option,
    remarks,
    set_option,
    tell_settings,
)
from cyclesim.cli.places import find_study, fresh_folder, refuse_taken_folder, writing
from cyclesim.cli.streams import say, tell
from cyclesim.errors import UsageError
from cyclesim.files import write_whole
from cyclesim.manifest import MANIFEST, read_manifest
from cyclesim.report import write_report
from cyclesim.report.findings import answers, in_one_sentence
from cyclesim.report.repeating import RUN, SERIES, RunOptions, run_manifest
from cyclesim.report.tables import series_csv, summary
from cyclesim.scenario.parts import StudyRun
from cyclesim.study import run_study

FLAGSHIP = "virtuous_or_vicious"
_FILES = ("report.html", SERIES, "summary.json", MANIFEST)
_WHY = "why.csv"
_TOLD = 4
"""Headline variables told in the terminal; the report tells all."""
_EXPECTATION_FAILED = 4
_RUN_FAILED = 1

_out_option = click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write here instead of into a fresh folder.",
)


@click.command(
    cls=Command,
    examples=[
        "cyclesim run virtuous_or_vicious",
        'cyclesim run my_study.yaml --set "Training share=0.3" --out results',
    ],
)
@click.argument("study")
@_out_option
@click.option(
    "--explain/--no-explain",
    "explain",
    default=None,
    help="Say why, for every scenario, in why.csv too, or none; else for what takes two seconds.",
)
@click.option(
    "--margin/--no-margin",
    "margin",
    default=None,
    help="Say how far a tipping point is, or not; else where that takes two seconds.",
)
@set_option
@method_option
@dt_option
@force_option
@json_option
@quiet_option
def run(
    study: str,
    out: Path | None,
    explain: bool | None,
    margin: bool | None,
    settings: tuple[str, ...],
    method: str | None,
    dt: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run all scenarios of a study and write its report.

    STUDY is a file, or a library study's name. Writes report.html, series.csv (every variable in
    every scenario), summary.json (what the report says, for other programs) and manifest.json, by
    which `cyclesim rerun` repeats the run and compares. Says of the first headline variable which
    feedback loop carried its change, held against a run without the loop.
    Exit code 4 where an expectation of the study does not hold.
    """
    file = find_study(study)
    if out is not None:
        refuse_taken_folder(out, (*_FILES, *([_WHY] if explain else [])), force)
        _refuse_batch(out)
    given = numbers(settings)
    found = run_study(file, settings=given, method=method, dt=dt, progress=progress(quiet))
    explained = _explained(found, explain)
    near, left_out = _margin(found, margin)
    command = _repeating(study, settings, method, dt)
    options = RunOptions(study, given, method, dt)
    folder = write_all(found, out, "cyclesim-run", force, command, options, explained, near)
    if explain and explained is not None:
        text = explanations_csv(explained.by_scenario.values())
        with writing(folder / _WHY):
            write_whole(folder / _WHY, text)
    if as_json:
        say(json_text(summary(found, explained, near)))
    elif not quiet:
        say_answers(found, _TOLD, explained)
        _say_margin(near, left_out)
    tell_settings(given, found.study.model.flat, quiet)
    for finding in findings(found, quiet):
        tell(finding)
    if not quiet:
        tell(f"report: {folder / 'report.html'}")
    return exit_code(found)


@click.command(cls=Command, examples=["cyclesim demo", "cyclesim demo --no-open --out first_look"])
@_out_option
@click.option("--open/--no-open", "show", default=True, help="Open the report in a browser.")
@quiet_option
def demo(out: Path | None, show: bool, quiet: bool) -> int:
    """Run the flagship study, write its report and open it."""
    if out is not None:
        refuse_taken_folder(out, _FILES, force=False)
    found = run_study(library.study_path(FLAGSHIP), progress=progress(quiet))
    explained = _explained(found, None)
    command = ["cyclesim", "run", FLAGSHIP]
    options = RunOptions(FLAGSHIP, {})
    folder = write_all(found, out, "cyclesim-demo", False, command, options, explained)
    if not quiet:
        say_answers(found, 1)
        say()
    for finding in findings(found, quiet):
        tell(finding)
    report = (folder / "report.html").resolve()
    opened = show and can_open() and webbrowser.open(report.as_uri())
    say(f"{'opened' if opened else 'open in a browser:'} {report}")
    return exit_code(found)


def _explained(found: StudyRun, wanted: bool | None) -> StudyExplanations | None:
    """Return why scenarios went where they went: all, none, or as many as take two seconds."""
    if wanted is False:
        return None
    return explain_study(found, None if wanted else SECONDS)


def _margin(found: StudyRun, wanted: bool | None) -> tuple[Nearest | None, bool]:
    """Return how far a tipping point is, and whether that was left out since it takes longer."""
    if wanted is False:
        return None, False
    try:
        return run_margin(found, None if wanted else MARGIN_SECONDS), False
    except TimeoutError:
        return None, True


def _say_margin(near: Nearest | None, left_out: bool) -> None:
    if near is not None:
        say()
        _print(nearest_words(near))
    elif left_out:
        say()
        _print("How far a tipping point is was left out, since it takes longer; --margin tells it.")


def _repeating(
    study: str, settings: tuple[str, ...], method: str | None, dt: str | None
) -> list[str]:
    """Return the command that gives the same results, for a reader of the report."""
    # Where the writer's files lie is no business of a reader elsewhere.
    command = ["cyclesim", "run", Path(study).name if Path(study).is_absolute() else study]
    for option, values in (("--set", settings), ("--method", [method]), ("--dt", [dt])):
        for value in values:
            command += [option, value] if value is not None else []
    return command


def write_all(
    found: StudyRun,
    out: Path | None,
    stem: str,
    force: bool,
    command: list[str],
    options: RunOptions,
    explained: StudyExplanations | None = None,
    margin: Nearest | None = None,
) -> Path:
    """Write report, series, summary and manifest into a folder, a fresh one where none is named.

    Raises UsageError where a file is there and `force` does not allow to replace it.
    """
    if out is not None:
        refuse_taken_folder(out, _FILES, force)
    folder = out if out is not None else fresh_folder(stem)
    series = series_csv(found)
    try:
        if force:  # what is written anew is no longer what the manifest says
            (folder / MANIFEST).unlink(missing_ok=True)
        with writing(folder / "report.html"):
            write_report(
                found, folder / "report.html", command=command, explained=explained, margin=margin
            )
        with writing(folder / SERIES):
            write_whole(folder / SERIES, series)
        with writing(folder / "summary.json"):
            write_whole(folder / "summary.json", _lines(summary(found, explained, margin)))
        with writing(folder / MANIFEST):
            manifest = run_manifest(found, options, command, series)
            write_whole(folder / MANIFEST, _lines(manifest))
    except BaseException:
        with contextlib.suppress(OSError):  # a folder that holds something stays
            folder.rmdir()
        raise
    return folder


def _lines(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _refuse_batch(folder: Path) -> None:
    """Raise UsageError where a folder holds a batch, whose manifest not even --force replaces."""
    path = folder / MANIFEST
    if path.is_file() and read_manifest(path).get("kind") != RUN:
        raise UsageError(f"'{folder}' holds a batch. Name another folder with --out.")


def say_answers(found: StudyRun, most: int, explained: StudyExplanations | None = None) -> None:
    """Print what became of the first headline variables in each scenario, and why, on stdout."""
    told = answers(found)
    _print(found.study.title)
    for text in (found.study.question, in_one_sentence(told)):
        if text:
            _print(text)
    for answer in told:
        say()
        _print(answer.scenario.title)
        for finding in answer.findings[:most]:
            _print(finding.words, "  ")
        why = explained.by_scenario.get(answer.scenario.name) if explained else None
        if why is not None and why.cause is not Cause.NOTHING:
            _print(f"Why: {why.sentence}", "  ")
    if explained is not None and explained.left_out:
        say()
        titles = {scenario.name: scenario.title for scenario in found.study.scenarios}
        left = ", ".join(f"'{titles[name]}'" for name in explained.left_out)
        _print(f"Why is left out, since it takes longer, for {left}; --explain tells all.")


def _print(text: str, indent: str = "") -> None:
    """Print a text, broken between words where someone reads it on a screen."""
    if sys.stdout.isatty():
        width = min(shutil.get_terminal_size().columns, 100)
        text = textwrap.fill(text, width - len(indent) - 1)
    say(textwrap.indent(text, indent))


def findings(found: StudyRun, quiet: bool) -> Iterator[str]:
    """Yield warnings, notes and expectations that did not hold; where quiet, no mere notes."""
    for warning in found.study.warnings:
        yield str(warning)
    for scenario in found.study.scenarios:
        results = found.results[scenario.name]
        if quiet and not results.status.complete:  # else the notes say so
            yield f"'{scenario.name}' did not reach the end: {results.status.message}."
    if not quiet:
        yield from (f"note: {note}" for note in found.notes)
    for scenario in found.study.scenarios:
        yield from remarks(found.results[scenario.name], quiet, scenario.title)
    for verdict in found.verdicts:
        if not verdict.held:
            yield f"{verdict.expectation.location}: expectation failed: {verdict.words}"


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
