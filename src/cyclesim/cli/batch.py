"""`cyclesim batch`: the runs of a design into Parquet, many at a time, resumable."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from cyclesim.analysis.heaps import heaps_of
from cyclesim.analysis.words import number, pair, with_unit
from cyclesim.cli.options import (
    TOO_COARSE,
    Command,
    dt_option,
    json_option,
    json_text,
    method_option,
    quiet_option,
)
from cyclesim.cli.places import find_study, writing
from cyclesim.cli.streams import say, tell
from cyclesim.ensemble.batch import (
    Each,
    Forecast,
    Outcome,
    Plan,
    Progress,
    cluster,
    disk_too_small,
    forecast,
    local,
    plan_of,
    run_batch,
)
from cyclesim.ensemble.designs import design_named, scenarios_named, with_runs
from cyclesim.errors import UsageError
from cyclesim.manifest import MANIFEST
from cyclesim.scenario import read_study
from cyclesim.scenario.parts import Study
from cyclesim.schedule import schedule_of
from cyclesim.simulation import settled_specs
from cyclesim.study import labels

FAILED_IN_PART = 5
_RUN_FAILED = 1
_TOLD = 8
"""Numbers that vary told in the terminal; the manifest tells all."""


@click.command(
    cls=Command,
    examples=[
        "cyclesim batch virtuous_or_vicious --out runs --runs 1000",
        "cyclesim batch my_study.yaml --out runs --design wide --workers 4",
        "cyclesim batch my_study.yaml --out runs --runs 1000000 --summary-only --dry-run",
    ],
)
@click.argument("study")
@click.option(
    "--out", metavar="DIR", type=click.Path(path_type=Path), help="The folder of the batch."
)
@click.option("--runs", type=int, metavar="N", help="Runs of each scenario, else the design's.")
@click.option("--scenario", "scenarios", multiple=True, metavar="NAME", help="Only this; again.")
@click.option("--design", "design_name", metavar="NAME", help="Which of the study's designs.")
@click.option("--workers", default=1, metavar="N", help="Processes of this machine.")
@click.option("--cluster", "address", metavar="ADDRESS", help="A Dask scheduler, host:port.")
@click.option("--target", metavar="NAME", help="llvm (machine code) or numpy.")
@click.option("--strict", is_flag=True, help="Machine code with each division as written.")
@click.option("--chunk", type=int, metavar="N", help="Runs that are done and written together.")
@click.option("--summary-only", is_flag=True, help="Keep quantiles at each time, no series.")
@click.option("--labels/--no-labels", "labelled", default=None, help="Name each curve's shape.")
@method_option
@dt_option
@click.option("--dry-run", is_flag=True, help="Say what it would take, and write nothing.")
@json_option
@quiet_option
def batch(study: str, out: Path | None, dry_run: bool, **options: Any) -> int:
    """Run a study many times, with other numbers each time.

    What differs is described in the study under 'design'; without one, the constants go through
    the plausible ranges that the model's docs give. Writes Parquet: series/ (saved values) or
    summary.parquet (their quantiles), runs.parquet (a row a run), and manifest.json. The same
    command goes on where a batch was interrupted. Exit code 5 where a part of the runs failed.
    """
    if out is None and not dry_run:
        raise UsageError("a batch needs a folder. Name one with --out DIR.")
    plan = planned(study, **options)
    labeller = labels if plan.labelled else None
    quiet, as_json = options["quiet"], options["as_json"]
    if plan.note and not quiet:
        tell(f"note: {plan.note}")
    if dry_run:
        _say_forecast(plan, forecast(plan, labeller), options["workers"], as_json)
        small = "" if out is None else disk_too_small(plan, out)
        if small:
            tell(f"this would be refused: {small}")
        return 0
    assert out is not None
    with executor(options["workers"], options["address"]) as each, progress(quiet) as shown:
        outcome = _run(plan, out, each, labeller, repeating(study, options), shown)
    if as_json:
        say(json_text(outcome.manifest))
    tell_outcome(outcome, quiet)
    return exit_code(outcome)


def planned(study: str, **options: Any) -> Plan:
    """Return the plan of a batch by the options of the command line."""
    if options["workers"] < 1:
        raise UsageError(f"--workers {options['workers']} would do nothing. Give 1 or more.")
    whole = with_settings(read_study(find_study(study)), options["method"], options["dt"])
    design = design_named(whole, options["design_name"])
    if options["runs"] is not None:
        design = with_runs(design, options["runs"])
    chosen = scenarios_named(whole, design, options["scenarios"])
    labelled = options["labelled"]
    return plan_of(
        whole,
        design,
        chosen,
        target=options["target"],
        strict=options["strict"],
        chunk=options["chunk"],
        summary_only=options["summary_only"],
        # Naming a shape takes longer than a run: a million runs go without.
        labelled=not options["summary_only"] if labelled is None else labelled,
    )


def with_settings(study: Study, method: str | None, dt: str | None) -> Study:
    """Return the study with another method or step. Raises UsageError where they make no run."""
    specs = settled_specs(study.specs, method, dt)
    schedule_of(specs, study.model.flat.sim_specs)
    return replace(study, specs=specs)


def repeating(study: str, options: dict[str, Any]) -> list[str]:
    """Return the command that gives the same batch, its folder left out."""
    command = ["cyclesim", "batch", study]
    single = {"--runs": "runs", "--design": "design_name", "--chunk": "chunk",
              "--target": "target", "--method": "method", "--dt": "dt"}  # fmt: skip
    for option, name in single.items():
        command += [option, str(options[name])] if options[name] is not None else []
    for scenario in options["scenarios"]:
        command += ["--scenario", scenario]
    command += [f"--{name}".replace("_", "-") for name in ("summary_only", "strict")
                if options[name]]  # fmt: skip
    if options["labelled"] is not None:
        command.append("--labels" if options["labelled"] else "--no-labels")
    return command


def executor(workers: int, address: str | None) -> contextlib.AbstractContextManager[Each]:
    """Return what computes parts: a cluster where one is named, else processes here."""
    return cluster(address) if address is not None else local(workers)


def _run(
    plan: Plan,
    out: Path,
    each: Each,
    labeller: Callable[..., Sequence[str]] | None,
    command: list[str],
    shown: Callable[[Progress], None],
) -> Outcome:
    try:
        with writing(out):
            return run_batch(plan, out, each, labeller=labeller, command=command, tell=shown)
    except KeyboardInterrupt:
        tell("the same command goes on from here.")
        raise


@contextlib.contextmanager
def progress(quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Give what shows runs done, runs a second and time left, on a screen that someone watches."""
    if quiet or not sys.stderr.isatty():
        yield lambda at: _tell_found(at, quiet)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} runs a second"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("runs", total=None, rate="", failed="")

        def show(at: Progress) -> None:
            if at.done == at.found:
                bar.reset(task, total=at.runs, completed=at.found, rate="", failed="")
                _tell_found(at, quiet)
                return
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = f"{(at.done - at.found) / elapsed:,.0f}" if elapsed else ""
            failed = f"{at.failed:,} failed" if at.failed else ""
            bar.update(task, completed=at.done, rate=rate, failed=failed)

        yield show


def _tell_found(at: Progress, quiet: bool) -> None:
    if at.found and at.done == at.found and not quiet:
        tell(f"{at.found:,} of {at.runs:,} runs are there already.")


def _say_forecast(plan: Plan, found: Forecast, workers: int, as_json: bool) -> None:
    scenarios = [scenario.name for scenario in plan.scenarios]
    if as_json:
        told = {
            "schema_version": 1,
            "runs": found.runs,
            "scenarios": scenarios,
            "runs_of_each": plan.design.runs,
            "parts": found.parts,
            "design": {"name": plan.design.name, **plan.design.told},
            "target": plan.target,
            "processor_seconds": found.seconds,
            "disk_bytes": found.disk,
            "peak_disk_bytes": found.peak,
            "measured_runs": found.measured,
            "measured_scenarios": found.scenarios,
        }
        say(json_text(told))
        return
    many = "" if len(scenarios) == 1 else f" of each of {len(scenarios)} scenarios"
    parts = "1 part" if found.parts == 1 else f"{found.parts:,} parts"
    say(f"{plan.design.runs:,} runs{many}: {found.runs:,} runs in {parts}")
    labels = plan.design.labels
    varied = ", ".join(labels[:_TOLD]) + (", ..." if len(labels) > _TOLD else "")
    say(f"design '{plan.design.name}', {plan.design.method.value}, varies {len(labels)}: {varied}")
    say(f"time: {_duration(found.seconds / workers)} with {workers} process"
        f"{'' if workers == 1 else 'es'}, target {plan.target}")  # fmt: skip
    say(f"disk: about {found.disk / 1e6:,.1f} MB in the end, {found.peak / 1e6:,.1f} MB before")
    say(f"measured on {found.measured:,} runs of {found.scenarios} of {len(scenarios)} scenarios, "
        "compressed as the batch would be; nothing was written.")  # fmt: skip


def _duration(seconds: float) -> str:
    for size, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {name}"
    return f"{seconds:,.1f} seconds"


def tell_outcome(outcome: Outcome, quiet: bool) -> None:
    """Say on stderr how a batch went."""
    manifest = outcome.manifest
    error = manifest["discretisation_error"]
    if error["share"] is not None and error["share"] > TOO_COARSE:
        tell(
            f"warning: the step may be too coarse: '{error['name']}' may be off by "
            f"{error['share']:.1%} of its range in '{error['scenario']}', by half the step in "
            f"{error['runs']} runs of each scenario (typically {error['typical']:.1%})."
        )
    if outcome.failed:
        tell(
            f"{outcome.failed:,} of {outcome.runs:,} runs did not reach their end; runs.parquet "
            "says which and why."
        )
    if not quiet:
        if not outcome.computed:
            tell("nothing left to do: all runs are there.")
        for line in _ends(outcome):
            tell(line)
        tell(f"{outcome.runs:,} runs in '{outcome.folder}': runs.parquet has a row for each; "
             f"`cyclesim rerun {outcome.folder / MANIFEST}` repeats them.")  # fmt: skip


def _ends(outcome: Outcome) -> Iterator[str]:
    """Yield where the first output ended in each scenario: the middle, or the two heaps."""
    name = next(iter(outcome.units), None)
    if name is None or not outcome.kept:
        return
    units = outcome.units[name]
    for scenario, part in outcome.table().groupby("scenario", sort=False, observed=True):
        ends = part[f"{name} (end)"]
        two = heaps_of(ends.to_numpy(float))
        if two is not None:
            low, high = pair(two.low, two.high)
            yield (
                f"{scenario}: '{name}' ends in two heaps, {two.share:.0%} of the runs about {low} "
                f"and the others about {with_unit(high, units)}"
            )
            continue
        low, middle, high = ends.quantile([0.05, 0.5, 0.95])
        span = pair(low, high)
        yield (
            f"{scenario}: '{name}' ends at {with_unit(number(middle), units)} "
            f"(median; {span[0]} to {span[1]} in nine tenths of the runs)"
        )


def exit_code(outcome: Outcome) -> int:
    """Return 0, 5 where a part of the runs failed, 1 where all did."""
    if not outcome.failed:
        return 0
    return _RUN_FAILED if outcome.failed == outcome.runs else FAILED_IN_PART
