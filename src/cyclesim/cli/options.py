"""Options and answers that several commands share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import click

from cyclesim.errors import UsageError
from cyclesim.files import write_whole
from cyclesim.results import Results

TOO_COARSE = 0.01
"""A discretisation error above this share of a variable's range is worth a warning."""

set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a variable, before the start.",
)
method_option = click.option("--method", metavar="M", help="euler, rk2, rk4, rk45, lsoda or radau.")
dt_option = click.option("--dt", metavar="X", help="Length of a step, in the model's time unit.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
quiet_option = click.option("--quiet", is_flag=True, help="Print no messages, only faults.")


def numbers(settings: Iterable[str], option: str = "--set") -> dict[str, float]:
    """Return the numbers of NAME=VALUE settings; `6 %` is 0.06.

    Raises UsageError naming the setting that is not of that form.
    """
    found: dict[str, float] = {}
    for setting in settings:
        name, equals, written = setting.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{option} '{setting}' is not of the form NAME=VALUE.")
        found[name.strip()] = number(written, f"{option} {name.strip()}")
    return found


def number(written: str, what: str) -> float:
    """Return a number as written, a percentage as its share."""
    text = written.strip()
    percent = text.endswith("%")
    try:
        value = float(text[:-1] if percent else text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{what}: '{text}' is not a number.")
    return value / 100 if percent else value


def write_new(path: Path, text: str, force: bool = False) -> None:
    """Write a file so that it is whole or not there; one that is there is left alone.

    Raises UsageError where the file exists and `force` does not allow to replace it.
    """
    if path.exists() and not force:
        raise UsageError(f"'{path}' is already there. Name another file, or add --force.")
    write_whole(path, text)


def tell_notes(results: Results, quiet: bool = False, title: str = "") -> None:
    """Print what a run has to say besides its values, on stderr."""
    head = f"{title}: " if title else ""
    for note in results.notes:
        if not quiet:
            click.echo(f"note: {head}{note}", err=True)
    if results.error is not None:
        name, share = results.error.worst
        if share > TOO_COARSE:
            click.echo(
                f"warning: {head}the step may be too coarse: '{name}' may be off by "
                f"{share:.1%} of its range, against {results.error.compared_with}. "
                "Try a smaller --dt, or --method rk4.",
                err=True,
            )
