"""`cyclesim rerun`: a run, a batch, or one run of it, repeated from its manifest and compared."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import click

from cyclesim.cli.batch import executor, progress
from cyclesim.cli.options import Command, json_option, json_text, quiet_option
from cyclesim.cli.options import progress as telling
from cyclesim.cli.places import find_study, refuse_taken_folder, writing
from cyclesim.cli.streams import say, tell
from cyclesim.ensemble.batch import Plan, run_batch
from cyclesim.ensemble.batch.repeating import (
    Difference,
    apart_from_stored,
    differences,
    lone_run,
    plan_from,
)
from cyclesim.errors import UsageError
from cyclesim.manifest import MANIFEST, another_program, another_study, read_manifest, what_changed
from cyclesim.report.repeating import RUN, SERIES, differences_of_series, options_of, run_identity
from cyclesim.report.tables import series_csv
from cyclesim.scenario import read_study
from cyclesim.study import labels, run_study

_DIFFERS = 4


@click.command(
    cls=Command,
    examples=[
        "cyclesim rerun cyclesim-run",
        "cyclesim rerun runs/manifest.json",
        "cyclesim rerun runs/manifest.json --run 17 --scenario lean",
    ],
)
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--run", "number", type=int, metavar="K", help="Only this run, by itself.")
@click.option("--scenario", metavar="NAME", help="The scenario of the run, else the first.")
@click.option("--study", metavar="STUDY", help="Where the study is now, if it was moved.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Keep the repetition.")
@click.option("--workers", default=1, metavar="N", help="Processes of this machine.")
@click.option("--cluster", "address", metavar="ADDRESS", help="A Dask scheduler, host:port.")
@json_option
@quiet_option
def rerun(
    manifest: Path,
    number: int | None,
    scenario: str | None,
    study: str | None,
    out: Path | None,
    workers: int,
    address: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Repeat a run or a batch, or one run of a batch, and compare.

    MANIFEST is the manifest.json of a run or a batch, or its folder. With --run, that run of a
    batch is computed by itself and its saved values are printed. Exit code 4 where something
    differs.
    """
    path = manifest / MANIFEST if manifest.is_dir() else manifest
    known = read_manifest(path)
    if known.get("kind") == RUN:
        asked = {"--run": number, "--scenario": scenario, "--out": out, "--cluster": address}
        if workers != 1 or any(value is not None for value in asked.values()):
            raise UsageError(f"'{path}' is of a run, and has no other option than --study.")
        return _study_again(path, known, study, as_json, quiet)
    if known.get("state") != "complete":
        raise UsageError(f"the batch in '{path.parent}' is not finished. Finish it first.")
    plan = plan_from(known, read_study(_study(known, study)))
    for line in another_program(known):
        tell(f"note: {line}.")
    if number is not None:
        return _one(plan, path.parent, scenario or plan.scenarios[0].name, number, as_json, quiet)
    if scenario is not None:
        raise UsageError("--scenario goes with --run.")
    with tempfile.TemporaryDirectory() as spare:
        folder = out or Path(spare) / "batch"
        if out is not None:
            refuse_taken_folder(out, (MANIFEST,), force=False)
        with executor(workers, address) as each, progress(quiet) as shown, writing(folder):
            command = list(known["command"])
            labeller = labels if plan.labelled else None
            run_batch(plan, folder, each, labeller=labeller, command=command, tell=shown)
        return _compared(path.parent, folder, known, as_json, quiet)


def _study(known: dict[str, Any], given: str | None) -> Path:
    """Return the file of the study. Raises UsageError where it is not where it was."""
    if given is not None:
        return find_study(given)
    try:
        return find_study(str(known["study"]))
    except UsageError as error:
        raise UsageError(f"{error} --study names the study, if it was moved.") from None


def _study_again(
    path: Path, known: dict[str, Any], study: str | None, as_json: bool, quiet: bool
) -> int:
    """Run the scenarios of a study again, and hold their series against those that were written."""
    options = options_of(known)
    found = run_study(
        _study(known, study),
        settings=options.settings,
        method=options.method,
        dt=options.dt,
        progress=telling(quiet),
    )
    changed = what_changed(known, run_identity(found, options))
    if changed:
        raise another_study(found.study, "run", changed)
    for line in another_program(known):
        tell(f"note: {line}.")
    differ = differences_of_series(path.parent / SERIES, series_csv(found))
    return _told(1, differ, f"{SERIES} is the same, byte for byte.", as_json, quiet)


def _one(plan: Plan, folder: Path, scenario: str, number: int, as_json: bool, quiet: bool) -> int:
    found = lone_run(plan, scenario, number)
    apart = apart_from_stored(folder, plan, scenario, number, found)
    series = [found.time.tolist(), *found.values[:, :, 0].tolist()]
    if as_json:
        numbers = plan.sample.numbers(number, number + 1)[:, 0].tolist()
        say(
            json_text(
                {
                    "schema_version": 1,
                    "scenario": scenario,
                    "run": number,
                    "numbers": dict(zip(plan.design.labels, numbers, strict=True)),
                    "status": found.status[0].status.name.casefold(),
                    "largest_difference": apart,
                }
            )
        )
    else:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["time", *plan.outputs])
        writer.writerows(
            [repr(v) if v == v else "" for v in row] for row in zip(*series, strict=True)
        )
        say(text.getvalue(), end="")
    if apart:
        tell(f"run {number} of '{scenario}' differs from the batch by up to {apart:.3g} "
             "of the largest number.")  # fmt: skip
        return _DIFFERS
    if not quiet:
        tell(f"run {number} of '{scenario}' is what the batch holds, to the last digit.")
    return 0


def _compared(before: Path, now: Path, known: dict[str, Any], as_json: bool, quiet: bool) -> int:
    files = list(known["files"])
    missing = [name for name in files if not (before / name).is_file()]
    if missing:
        raise UsageError(f"'{before}' no longer holds {missing[0]}: nothing to compare with.")
    same = f"all {len(files):,} files are the same, byte for byte."
    return _told(len(files), differences(before, now, files), same, as_json, quiet)


def _told(files: int, found: list[Difference], same: str, as_json: bool, quiet: bool) -> int:
    """Say what differs, or that nothing does, and return the exit code."""
    if as_json:
        told = [{"file": d.file, "column": d.column, "share": min(d.share, 1e308)} for d in found]
        say(json_text({"schema_version": 1, "files": files, "differences": told}))
    for each in found:
        tell(f"{each.file} differs most in {each.column}, by {each.share:.3g} of its largest.")
    if found:
        return _DIFFERS
    if not quiet:
        tell(same)
    return 0
