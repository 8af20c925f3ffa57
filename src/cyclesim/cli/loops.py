"""`cyclesim loops`: which feedback loop did it, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

import click

from cyclesim.analysis.explanation import trace_csv, why_changed
from cyclesim.analysis.explanation.tracing import trace_lines
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
    number,
    numbers,
    quiet_option,
    remarks,
    set_option,
    tell_settings,
)
from cyclesim.cli.places import STUDY_SUFFIXES, find_all, refuse_taken_folder, write_folder
from cyclesim.cli.streams import say, tell
from cyclesim.errors import UsageError
from cyclesim.names import did_you_mean
from cyclesim.results import Results
from cyclesim.scenario.parts import StudyLoops
from cyclesim.simulation import simulate
from cyclesim.study import read_study, run_study

_WHY_FILES = ("why.csv", "why.json")
_FILES = ("loops.csv", "relative_scores.csv", "scores.csv", "loops.json")

_METHODS = {method.name.casefold(): method for method in Method}


@click.command(
    cls=Command,
    examples=[
        "cyclesim loops service_cycle",
        'cyclesim loops virtuous_or_vicious --scenario "training cut" --out loops',
        "cyclesim loops model.xmile --through Staff --through Customers",
        'cyclesim loops model.xmile --name "Burnout=Work pressure>Quits>Staff"',
        'cyclesim loops virtuous_or_vicious --scenario surge --why "Service quality" --to 60',
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
@click.option("--why", metavar="NAME", help="Say what moved this variable between two times.")
@click.option("--from", "begin", metavar="T", help="Of --why: the first time, else the start.")
@click.option("--to", "end", metavar="T", help="Of --why: the last time, else the end.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Write tables here.")
@set_option
@click.option(
    "--initial",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a stock's value at the start, of a model. Can be given again.",
)
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
    why: str | None,
    begin: str | None,
    end: str | None,
    out: Path | None,
    settings: tuple[str, ...],
    initial: tuple[str, ...],
    method: str | None,
    dt: str | None,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say which feedback loops carry the change of a run, and when they take turns.

    MODEL|STUDY is a file, or a library name. Loops bear the names that the README beside the model
    gives them in a table of loop and chain, and those of the study. With --why says which inputs
    moved a variable, and what moved them. With --out writes loops.csv, relative_scores.csv and
    scores.csv (a column a loop) and loops.json; with --why besides, why.csv and why.json instead.
    """
    file = _one(given)
    if why is None and (begin is not None or end is not None):
        raise UsageError("--from and --to belong to --why, which names a variable.")
    if out is not None:
        refuse_taken_folder(out, _FILES if why is None else _WHY_FILES, force)
    own = tuple(map(_named, named))
    values, started = numbers(settings), numbers(initial, "--initial")
    named_by_study = StudyLoops()
    if file.suffix.casefold() in STUDY_SUFFIXES:
        if started:
            raise UsageError("--initial is for a model; a study says it under 'initial'.")
        results, named_by_study = _of_study(file, scenario, values, method, dt)
    elif scenario is not None:
        raise UsageError(f"'{given}' is a model and has no scenarios. Leave --scenario out.")
    else:
        results = simulate(file, values, initial=started, method=method, dt=dt)
    studied = (Named(name, chain) for name, chain in named_by_study.names)
    names = (*names_beside(results.flat.path, results.flat), *studied, *own)
    if why is not None:
        written = _say_why(results, why, begin, end, names, as_json)
        if out is not None:
            _write(out, _WHY_FILES, written, force, quiet)
        return
    chosen = through or named_by_study.through
    found = analysed(results, names, through=chosen, method=_METHODS[find] if find else None)
    if as_json:
        say(json_text(as_dict(found)))
    else:
        for line in sentences(found):
            say(line)
    if out is not None:
        _write(out, _FILES, _tables(found), force, quiet)
    tell_settings(values, results.flat, quiet)
    for remark in remarks(results, quiet):
        tell(remark)


def _tables(found: LoopAnalysis) -> Iterable[str]:
    return (
        loops_csv(found),
        scores_csv(found),
        scores_csv(found, relative=False),
        f"{json_text(as_dict(found))}\n",
    )


def _one(given: str) -> Path:
    if Path(given).is_dir():
        raise UsageError(f"'{given}' is a folder. Name a model or a study.")
    return find_all(given)[0]


def _of_study(
    file: Path, wanted: str | None, values: dict[str, float], method: str | None, dt: str | None
) -> tuple[Results, StudyLoops]:
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
    return run_study(only, settings=values, method=method, dt=dt).results[name], study.loops


def _say_why(
    results: Results,
    variable: str,
    begin: str | None,
    end: str | None,
    names: tuple[Named, ...],
    as_json: bool,
) -> tuple[str, str]:
    """Say what moved a variable, and return it as CSV and as JSON."""
    start = number(begin, "--from") if begin is not None else float(results.time[0])
    stop = number(end, "--to") if end is not None else float(results.time[-1])
    trace = why_changed(results, variable, start, stop, names=names)
    told = json_text({"schema_version": 1, "from": start, "to": stop, "trace": asdict(trace)})
    for text in (told,) if as_json else trace_lines(trace, results, start, stop):
        say(text)
    return trace_csv(trace), f"{told}\n"


def _named(written: str) -> Named:
    name, equals, way = (part.strip() for part in written.partition("="))
    variables = tuple(part.strip() for part in way.split(">") if part.strip())
    if not equals or not name or not variables:
        raise UsageError(
            f"--name '{written}' is not of the form NAME=A>B. "
            'Write it like --name "Word of mouth=Adopters>Adopting".'
        )
    return Named(name, variables)


def _write(
    folder: Path, names: tuple[str, ...], texts: Iterable[str], force: bool, quiet: bool
) -> None:
    write_folder(folder, dict(zip(names, texts, strict=True)), force)
    if not quiet:
        tell(f"wrote {', '.join(names)} into {folder}")
