"""`cyclesim simulate`: any model file with its own settings, as CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import click

from cyclesim.cli.options import (
    dt_option,
    json_option,
    method_option,
    numbers,
    quiet_option,
    set_option,
    tell_notes,
    write_new,
)
from cyclesim.results import Results
from cyclesim.simulation import simulate as run_model


@click.command()
@click.argument("model")
@click.option("--out", metavar="FILE.csv", type=click.Path(path_type=Path), help="Write here.")
@set_option
@click.option("--initial", multiple=True, metavar="NAME=VALUE", help="A stock's initial value.")
@method_option
@dt_option
@click.option("--stop", metavar="T", help="Stop at this time.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the noise.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
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
    r"""Run MODEL (a file, or a library model's name) and give every variable over time.

    \b
    cyclesim simulate service_cycle --out run.csv
    cyclesim simulate model.xmile --set "Training share=0.06" --method rk4
    """
    results = run_model(
        model,
        numbers(settings),
        initial=numbers(initial, "--initial"),
        method=method,
        dt=dt,
        stop=stop,
        noise_seed=seed,
    )
    text = json_text(results) if as_json else csv_text(results)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_new(out, text, force)
        if not quiet:
            click.echo(f"wrote {out}: {len(results.time)} times, "
                       f"{len(results.variables)} variables", err=True)  # fmt: skip
    tell_notes(results, quiet)


def csv_text(results: Results) -> str:
    """Return a run as CSV: time, then every variable, a row each saved time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = [variable.name for variable in results.variables]
    writer.writerow(["time", *names])
    columns = [results.time.tolist(), *(results[name].tolist() for name in names)]
    rows = (",".join(map(repr, row)) for row in zip(*columns, strict=True))
    return buffer.getvalue() + "\n".join(rows) + "\n"


def json_text(results: Results) -> str:
    """Return a run as JSON; values that are not numbers are null."""
    shown = {
        "schema_version": 1,
        "provenance": results.provenance,
        "parameters": results.parameters,
        "discretisation_error": _error(results),
        "time": results.time.tolist(),
        "variables": {
            variable.name: {
                "units": variable.units,
                "values": [v if v - v == 0 else None for v in results[variable.name].tolist()],
            }
            for variable in results.variables
        },
    }
    return json.dumps(shown, ensure_ascii=False, indent=1) + "\n"


def _error(results: Results) -> dict[str, object] | None:
    if results.error is None:
        return None
    name, share = results.error.worst
    return {
        "variable": name,
        "share_of_range": share,
        "compared_with": results.error.compared_with,
    }
