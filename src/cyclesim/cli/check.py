"""`cyclesim check`: everything that can be wrong with models and studies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from cyclesim.cli.options import Command, json_option, json_text, quiet_option, remarks
from cyclesim.cli.places import STUDY_SUFFIXES, find_all
from cyclesim.cli.run import exit_code, findings
from cyclesim.cli.streams import say, tell
from cyclesim.compiler import CompiledModel
from cyclesim.compiler.check_units import check_units
from cyclesim.errors import CyclesimError, DiagnosticError, Severity
from cyclesim.simulation import load, simulate
from cyclesim.study import run_study


@dataclass(frozen=True)
class Checked:
    """What was found in a file, and the exit code that it deserves."""

    file: Path
    exit_code: int
    findings: tuple[str, ...]


@click.command(
    cls=Command,
    examples=[
        "cyclesim check my_study.yaml",
        "cyclesim check service_cycle virtuous_or_vicious",
        "cyclesim check models scenarios",
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
@json_option
@quiet_option
def check(paths: tuple[str, ...], units: str, as_json: bool, quiet: bool) -> int:
    """Say everything that is wrong with models and studies.

    PATHS are files, folders, or names of the library. A model is read, compiled and run, its units
    and its step judged. A study is read, run and held against what it expects. Hidden folders are
    left out. The exit code is the highest that a file deserves: 0 well, 1 a run failed, 2 no such
    file or not a model, 3 invalid, 4 an expectation failed.
    """
    files = dict.fromkeys(file for path in paths for file in find_all(path))
    found = []
    for file in files:
        checked = _checked(file, units, quiet and not as_json)
        found.append(checked)
        if not as_json:
            _tell(checked, quiet)
    if as_json:
        say(json_text(_as_dict(found)))
    return max(checked.exit_code for checked in found)


def _tell(checked: Checked, quiet: bool) -> None:
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
            }
            for checked in found
        ],
    }


def _checked(file: Path, units: str, quiet: bool) -> Checked:
    told: tuple[str, ...] = ()
    try:
        if file.suffix.casefold() in STUDY_SUFFIXES:
            found = run_study(file)
            return Checked(file, exit_code(found), tuple(findings(found, quiet)))
        model = load(file)
        code, told = _units(model, units, quiet)
        results = simulate(model)
    except DiagnosticError as error:
        return Checked(file, error.exit_code, tuple(map(str, error.diagnostics)))
    except CyclesimError as error:
        named = str(error).startswith(f"'{file}'")
        fault = f"{error}" if named else f"{file}: {error}"
        return Checked(file, error.exit_code, (*told, fault))
    return Checked(file, code, (*told, *remarks(results, quiet, str(file))))


def _units(model: CompiledModel, level: str, quiet: bool) -> tuple[int, tuple[str, ...]]:
    """Return the exit code that a model's units make, and what is said of them."""
    found = check_units(model.resolved.project) if level != "off" else ()
    if level == "error":
        found = tuple(replace(each, severity=Severity.ERROR) for each in found)
    shown = () if quiet and level != "error" else tuple(map(str, found))
    return (3 if found and level == "error" else 0), shown
