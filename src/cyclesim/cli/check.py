"""`cyclesim check`: everything that can be wrong with models and studies."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from cyclesim.analysis.assessment import read_answers, read_questionnaire
from cyclesim.analysis.stability import Rest, stability
from cyclesim.checks import ModelCheck, checks_beside, judge, read_checks
from cyclesim.checks.data import as_data, stability_data
from cyclesim.checks.dossier import DOSSIER_FILES, write_dossier
from cyclesim.checks.reader import FILE, MODEL, nothing_claimed
from cyclesim.checks.tables import (
    CLAIMS,
    PARAMETERS,
    README,
    block_in,
    claims_table,
    drifted,
    parameter_table,
    shares_in,
    with_block,
)
from cyclesim.checks.words import faults, lines
from cyclesim.cli.options import (
    Command,
    force_option,
    json_option,
    json_text,
    quiet_option,
    remarks,
)
from cyclesim.cli.places import (
    ANSWERS_FOLDER,
    STUDY_SUFFIXES,
    find_all,
    refuse_taken_folder,
    writing,
)
from cyclesim.cli.run import exit_code, findings
from cyclesim.cli.streams import say, tell
from cyclesim.compiler import CompiledModel
from cyclesim.compiler.check_units import check_units
from cyclesim.errors import CyclesimError, DiagnosticError, Severity, UsageError
from cyclesim.files import write_whole
from cyclesim.schedule import schedule_of
from cyclesim.simulation import load, parameter_values, settled_specs, simulate
from cyclesim.study import run_study

_CHECK_FAILED = 4
_MOST_PROCESSES = 4


@dataclass(frozen=True)
class Checked:
    """What was found in a file, the exit code that it deserves, and what its checks came to."""

    file: Path
    exit_code: int
    findings: tuple[str, ...]
    lines: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """How files are to be checked."""

    units: str
    with_draws: bool
    quiet: bool
    progress: Callable[[str], None] | None
    dossier: Path | None
    tables: bool


@click.command(
    cls=Command,
    examples=[
        "cyclesim check my_study.yaml",
        "cyclesim check service_cycle virtuous_or_vicious",
        "cyclesim check models scenarios",
        "cyclesim check service_cycle --dossier validation",
    ],
)
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--units",
    type=click.Choice(["off", "warn", "error"]),
    default="warn",
    show_default=True,
    help="What units that do not agree are: nothing, warnings, or faults (exit code 3).",
)
@click.option(
    "--dossier",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write the validation dossier of a model into this folder, as Markdown and HTML.",
)
@click.option("--tables", is_flag=True, help="Write the tables in a model's README anew.")
@force_option
@click.option("--no-draws", is_flag=True, help="Judge claims at the model's own numbers only.")
@json_option
@quiet_option
def check(
    paths: tuple[str, ...],
    units: str,
    dossier: Path | None,
    tables: bool,
    force: bool,
    no_draws: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Say everything that is wrong with models and studies.

    PATHS are files, folders, or names of the library. A model is read, compiled and run, its
    units and its step judged, and whether it starts on an unstable equilibrium; where a
    checks.yaml lies beside it, so is everything claimed there. A study is read, run and held
    against what it expects; answers in a folder `assessments` are read. Hidden folders are left
    out. The exit code is the highest that a file deserves: 0 well, 1 a run failed, 2 no such
    file or not a model, 3 invalid, 4 a claim or an expectation failed.
    """
    files = dict.fromkeys(file for path in paths for file in find_all(path))
    if dossier is not None:
        _refuse_dossier(dossier, list(files), force)
    watched = not quiet and sys.stderr.isatty()
    silent = quiet and not as_json
    asked = Asked(units, not no_draws, silent, tell if watched else None, dossier, tables)
    found = []
    for file in files:
        checked = _checked(file, asked)
        found.append(checked)
        if not as_json:
            _tell(checked, quiet)
    if as_json:
        say(json_text(_as_dict(found)))
    return max(checked.exit_code for checked in found)


def _tell(checked: Checked, quiet: bool) -> None:
    if not quiet:
        for line in checked.lines:
            say(line)
    for finding in checked.findings:
        tell(finding)
    if checked.exit_code == 0 and not quiet:
        say(f"{checked.file}: well")


def _as_dict(found: list[Checked]) -> dict[str, object]:
    return {
        "schema_version": 1,
        "files": [
            {
                "file": str(checked.file),
                "exit_code": checked.exit_code,
                "findings": list(checked.findings),
                **checked.data,
            }
            for checked in found
        ],
    }


def _checked(file: Path, asked: Asked) -> Checked:
    told: list[str] = []  # what was said before a run failed stays said
    try:
        if file.name == FILE and file.with_name(MODEL).is_file():
            return replace(_model(file.with_name(MODEL), asked, told), file=file)
        if file.parent.name == ANSWERS_FOLDER and file.suffix.casefold() in STUDY_SUFFIXES:
            read_answers(file, read_questionnaire())
            return Checked(file, 0, ())
        if file.suffix.casefold() in STUDY_SUFFIXES:
            return _study(file, asked, told)
        return _model(file, asked, told)
    except DiagnosticError as error:
        return Checked(file, error.exit_code, (*told, *map(str, error.diagnostics)))
    except CyclesimError as error:
        named = str(error).startswith(f"'{file}'")
        fault = f"{error}" if named else f"{file}: {error}"
        return Checked(file, error.exit_code, (*told, fault))


def _study(file: Path, asked: Asked, told: list[str]) -> Checked:
    found = run_study(file)
    code = max(exit_code(found), _units(found.study.model, asked, told))
    return Checked(file, code, (*told, *findings(found, asked.quiet)))


def _model(file: Path, asked: Asked, told: list[str]) -> Checked:
    model = load(file)
    code = _units(model, asked, told)
    results = simulate(model)
    told += remarks(results, asked.quiet, str(file))
    beside = checks_beside(file)
    if beside is None and asked.dossier is None:
        return _start(file, model, max(code, _tables(file, model, None, asked, told)), told)
    checks = read_checks(beside) if beside is not None else nothing_claimed(file)
    if not asked.quiet:
        told += map(str, checks.warnings)
    found = judge(
        checks,
        with_draws=asked.with_draws,
        progress=asked.progress,
        processes=min(_MOST_PROCESSES, os.cpu_count() or 1),
    )
    failed = list(faults(found))
    told += [f"note: {note}" for note in found.notes if not asked.quiet]
    told += failed
    code = max(code, _CHECK_FAILED if failed else 0, _tables(file, model, found, asked, told))
    if asked.dossier is not None:
        with writing(asked.dossier):
            write_dossier(found, asked.dossier)
        if not asked.quiet:
            told.append(f"dossier: {asked.dossier / DOSSIER_FILES[0]}")
    return Checked(file, code, tuple(told), tuple(lines(found)), {"checks": as_data(found)})


def _refuse_dossier(folder: Path, files: list[Path], force: bool) -> None:
    if len(files) != 1 or files[0].suffix.casefold() in STUDY_SUFFIXES:
        raise UsageError("a dossier is of one model. Name one model with --dossier.")
    refuse_taken_folder(folder, DOSSIER_FILES, force)


def _tables(
    file: Path, model: CompiledModel, found: ModelCheck | None, asked: Asked, told: list[str]
) -> int:
    """Note tables of a model's README that have drifted, or write them; return the exit code."""
    readme = file.with_name(README)
    text = readme.read_text("utf-8") if file.name == MODEL and readme.is_file() else ""
    made = {PARAMETERS: parameter_table(model.flat)}
    if found is not None and found.claims:
        made[CLAIMS] = claims_table(found, shares_in(text))
    there = {name: table for name, table in made.items() if block_in(text, name) is not None}
    if asked.tables:
        if not there:
            told.append(f"note: {readme}: no place is kept for a table: <!-- {PARAMETERS} -->, "
                        f"<!-- /{PARAMETERS} -->.")  # fmt: skip
            return 0
        for name, table in there.items():
            text = with_block(text, name, table)
        with writing(readme):
            write_whole(readme, text)
        return 0
    faults = drifted(text, there)
    told += [f"{readme}: {fault}" for fault in faults]
    return _CHECK_FAILED if faults else 0


def _start(file: Path, model: CompiledModel, code: int, told: list[str]) -> Checked:
    """Return what is found of a model that claims nothing: how it starts."""
    schedule = schedule_of(settled_specs(model.flat.sim_specs))
    found = stability(model.flat, schedule, parameter_values(model.flat, {}))
    units = model.flat.time_units
    if found.rest is Rest.UNSTABLE:
        code = max(code, _CHECK_FAILED)
        told.append(f"{file}: {found.words(units)}. Start it a little to one side.")
    return Checked(file, code, tuple(told), data={"start": stability_data(found, units)})


def _units(model: CompiledModel, asked: Asked, told: list[str]) -> int:
    """Note what is found of a model's units; return the exit code that it makes."""
    found = check_units(model.resolved.project) if asked.units != "off" else ()
    if asked.units == "error":
        found = tuple(replace(each, severity=Severity.ERROR) for each in found)
    if not asked.quiet or asked.units == "error":
        told += map(str, found)
    return 3 if found and asked.units == "error" else 0
