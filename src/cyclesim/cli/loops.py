"""`cyclesim loops`: which feedback loop did it, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import click

from cyclesim.analysis.loops import LoopAnalysis, Method, Named, names_beside
from cyclesim.analysis.loops import loops as analysed
from cyclesim.analysis.loops.tables import as_dict, loops_csv, scores_csv
from cyclesim.analysis.loops.words import sentences
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
from cyclesim.cli.places import STUDY_SUFFIXES, find_all, refuse_taken_folder, write_new
from cyclesim.cli.streams import say, tell
from cyclesim.errors import UsageError
from cyclesim.names import did_you_mean
from cyclesim.results import Results
from cyclesim.simulation import simulate
from cyclesim.study import read_study, run_study

_FILES = ("loops.csv", "relative_scores.csv", "scores.csv", "loops.json")

_METHODS = {method.name.casefold(): method for method in Method}


@click.command(
    cls=Command,
    examples=[
        "cyclesim loops service_cycle",
        'cyclesim loops virtuous_or_vicious --scenario "training cut" --out loops',
        "cyclesim loops model.xmile --through Staff --through Customers",
        'cyclesim loops model.xmile --name "Burnout=Work pressure>Quits>Staff"',
    ],
)
@click.argument("given", metavar="MODEL|STUDY")
@click.option("--scenario", metavar="S", help="The study's scenario; else its first.")
@click.option(
    "--through", multiple=True, metavar="STOCK",
    help="See the loops through this stock; all else is folded into the links. Can be given again.",
)  # fmt: skip
@click.option(
    "--name", "named", multiple=True, metavar="NAME=A>B",
    help="Name the loops that run through these variables in order. Can be given again.",
)  # fmt: skip
@click.option(
    "--find", type=click.Choice([*_METHODS]), help="How loops are found; else what fits the model."
)
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Write tables here.")
@set_option
@method_option
@dt_option
@force_option
@json_option
@quiet_option
def loops(
    given: str,
    scenario: str | None,
    through: tuple[str, ...],
    named: tuple[str, ...],
    find: str | None,
    out: Path | None,
    settings: tuple[str, ...],
    method: str | None,
    dt: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say which feedback loops carry the change of a run, and when they take turns.

    MODEL|STUDY is a file, or a library name. Loops bear the names that the README beside the model
    gives them in a table of loop and chain. With --out writes loops.csv, relative_scores.csv and
    scores.csv (a column a loop) and loops.json.
    """
    file = _one(given)
    if out is not None:
        refuse_taken_folder(out, _FILES, force)
    own = tuple(map(_named, named))
    values = numbers(settings)
    if file.suffix.casefold() in STUDY_SUFFIXES:
        results = _of_study(file, scenario, values, method, dt)
    elif scenario is not None:
        raise UsageError(f"'{given}' is a model and has no scenarios. Leave --scenario out.")
    else:
        results = simulate(file, values, method=method, dt=dt)
    names = (*names_beside(results.flat.path, results.flat), *own)
    found = analysed(results, names, through=through, method=_METHODS[find] if find else None)
    if as_json:
        say(json_text(as_dict(found)))
    else:
        for line in sentences(found):
            say(line)
    if out is not None:
        _write(found, out, force)
        if not quiet:
            tell(f"wrote {', '.join(_FILES)} into {out}")
    tell_settings(values, results.flat, quiet)
    for remark in remarks(results, quiet):
        tell(remark)


def _one(given: str) -> Path:
    if Path(given).is_dir():
        raise UsageError(f"'{given}' is a folder. Name a model or a study.")
    return find_all(given)[0]


def _of_study(
    file: Path, wanted: str | None, values: dict[str, float], method: str | None, dt: str | None
) -> Results:
    study = read_study(file)
    known = [scenario.name for scenario in study.scenarios]
    if wanted is not None and wanted not in known:
        advice = did_you_mean(wanted, known) or f"It has {', '.join(known)}."
        raise UsageError(f"'{file}' has no scenario '{wanted}'. {advice}")
    name = wanted or known[0]
    chosen = tuple(scenario for scenario in study.scenarios if scenario.name == name)
    only = replace(study, scenarios=chosen, expectations=())
    if wanted is None and len(known) > 1:
        tell(f"scenario '{name}'; others with --scenario: {', '.join(known[1:])}")
    return run_study(only, settings=values, method=method, dt=dt).results[name]


def _named(written: str) -> Named:
    name, equals, way = (part.strip() for part in written.partition("="))
    variables = tuple(part.strip() for part in way.split(">") if part.strip())
    if not equals or not name or not variables:
        raise UsageError(
            f"--name '{written}' is not of the form NAME=A>B. "
            'Write it like --name "Word of mouth=Adopters>Adopting".'
        )
    return Named(name, variables)


def _write(found: LoopAnalysis, folder: Path, force: bool) -> None:
    texts: Iterable[str] = (
        loops_csv(found),
        scores_csv(found),
        scores_csv(found, relative=False),
        f"{json_text(as_dict(found))}\n",
    )
    for name, text in zip(_FILES, texts, strict=True):
        write_new(folder / name, text, force)
