"""`cyclesim simulate`: any model file with its own settings, as CSV."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import click

from cyclesim.cli.options import (
    Command,
    dt_option,
    force_option,
    json_option,
    json_text,
    method_option,
    numbers,
    quiet_option,
    remarks,
    set_option,
    tell_settings,
)
from cyclesim.cli.places import find_model, refuse_taken_file, write_new
from cyclesim.cli.streams import say, tell
from cyclesim.results import Results
from cyclesim.simulation import simulate as run_model


@click.command(
    cls=Command,
    examples=[
        "cyclesim simulate service_cycle --out run.csv",
        'cyclesim simulate model.xmile --set "Training share=6 %" --method rk4',
    ],
)
@click.argument("model")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write here.")
@set_option
@click.option(
    "--initial", multiple=True, metavar="NAME=VALUE", help="Set a stock's value at the start."
)
@method_option
@dt_option
@click.option("--stop", metavar="T", help="Stop at this time.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the noise.")
@force_option
@json_option
@quiet_option
def simulate(
    model: str,
    out: Path | None,
    settings: tuple[str, ...],
    initial: tuple[str, ...],
    method: str | None,
    dt: str | None,
    stop: str | None,
    seed: int,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run a model with its own settings and give every variable over time, as CSV.

    MODEL is a file, or a library model's name. Without --out the table goes to stdout.
    """
    file = find_model(model)
    if out is not None:
        refuse_taken_file(out, force)
    given, started = numbers(settings), numbers(initial, "--initial")
    results = run_model(
        file, given, initial=started, method=method, dt=dt, stop=stop, noise_seed=seed
    )
    text = f"{json_text(as_dict(results))}\n" if as_json else csv_text(results)
    if out is None:
        say(text, end="")
    else:
        write_new(out, text, force)
    tell_settings({**given, **started}, results.flat, quiet)
    for remark in remarks(results, quiet):
        tell(remark)
    if out is not None and not quiet:
        tell(f"wrote {out}: {len(results.time)} times, {len(results.variables)} variables")


def csv_text(results: Results) -> str:
    """Return a run as CSV: time, then every variable, a row each saved time.

    Numbers have all their digits; what is not a number is `nan` or `inf`.
    """
    chosen = results.trajectory.values[list(results.columns.values())]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(["time", *results.columns])
    columns = [_written(column) for column in (results.time.tolist(), *chosen.tolist())]
    rows = map(",".join, zip(*columns, strict=True))
    return text.getvalue() + "\n".join(rows) + "\n"


def _written(column: list[float]) -> list[str]:
    """Return numbers as text; half of the columns hold one number throughout."""
    if column.count(column[0]) == len(column):
        return [repr(column[0])] * len(column)
    return list(map(repr, column))


def as_dict(results: Results) -> dict[str, object]:
    """Return a run ready for JSON; values that are not numbers are None."""
    return {
        "schema_version": 1,
        "provenance": results.provenance,
        "parameters": results.parameters,
        "discretisation_error": _error(results),
        "notes": list(results.notes),
        "time": results.time.tolist(),
        "variables": {
            name: {
                "units": variable.units,
                "values": [
                    value if math.isfinite(value) else None for value in results[name].tolist()
                ],
            }
            for variable in results.variables
            for name in variable.columns
        },
    }


def _error(results: Results) -> dict[str, object] | None:
    if results.error is None:
        return None
    name, share = results.error.worst
    return {
        "variable": name,
        "share_of_range": share if math.isfinite(share) else None,
        "compared_with": results.error.compared_with,
    }
