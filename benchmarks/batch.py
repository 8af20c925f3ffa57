"""Batches measured: writing apart from integration, and a million runs of which quantiles are kept.

    python benchmarks/batch.py writing [runs]      100,000 runs x 60 saved times x 5 outputs
    python benchmarks/batch.py million [runs]      1,000,000 Euler runs, summary only

The model is `waiting` with its winters: 56 equations, Euler, 944 steps of 1/16.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cyclesim.ensemble.batch import Plan, local, plan_of, run_batch
from cyclesim.ensemble.batch.chunks import Job, compute, task_of
from cyclesim.ensemble.batch.files import write_lasting
from cyclesim.ensemble.batch.tables import encoded, options
from cyclesim.ensemble.designs import design_named, scenarios_named, with_runs
from cyclesim.scenario import read_study

STUDY = """\
model: waiting
title: Emergency waits
run: {stop: 59, dt: 0.0625, method: euler, save_every: 1}
outputs: {Four hour share: up, Waiting in the department: down, Occupancy: down,
          Waiting for an operation: down, Staffed beds: neither}
scenarios: {winter: {changes: {Winter at work: 1}}}
"""


def plan_with(folder: Path, runs: int, *, summary_only: bool) -> Plan:
    """Return the plan of a batch of so many runs."""
    path = folder / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    study = read_study(path)
    design = with_runs(design_named(study), runs)
    scenarios = scenarios_named(study, design)
    return plan_of(study, design, scenarios, summary_only=summary_only, labelled=False)


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that work takes, and those of the processor."""
    begun, own = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun, time.process_time() - own


def written(tables: list[Any], folder: Path, how: Callable[[Any, Path], object]) -> None:
    """Write tables into files of a new folder."""
    folder.mkdir()
    for place, table in enumerate(tables):
        how(table, folder / f"{place}.parquet")


def writing(runs: int) -> None:
    """Print the time of a whole batch, of its writing, and of pyarrow writing the same tables."""
    with tempfile.TemporaryDirectory(dir=".") as spare:
        folder = Path(spare)
        plan = plan_with(folder, runs, summary_only=False)
        compute(Job(task_of(plan, None), next(plan.parts()), plan.sample.numbers(0, plan.chunk)))
        with local() as each:
            whole = spent(lambda: run_batch(plan, folder / "batch", each))
        names = sorted((folder / "batch" / "series").iterdir())
        tables = [pq.read_table(name) for name in names]
        tables += [pq.read_table(folder / "batch" / "runs.parquet")]
        hows: dict[str, Callable[[Any, Path], object]] = {
            "as a batch, forced to the disk": lambda t, p: write_lasting(p, encoded(t)),
            "pyarrow, the same settings": lambda t, p: pq.write_table(t, p, **options(t)),
            "pyarrow, its own settings": lambda t, p: pq.write_table(t, p),
        }
        print(
            f"{runs:,} runs x {len(plan.schedule.times)} times x {len(plan.outputs)} outputs, "
            f"{plan.target}, {sum(table.nbytes for table in tables) / 1e6:,.0f} MB in memory"
        )
        print(f"{'the whole batch':32} {whole[0]:6.2f} s, {whole[1]:6.2f} s of processor")
        for place, (name, how) in enumerate(hows.items()):
            there = folder / str(place)
            taken = spent(partial(written, tables, there, how))
            size = sum(path.stat().st_size for path in there.iterdir()) / 1e6
            print(f"{name:32} {taken[0]:6.2f} s, {taken[1]:6.2f} s of processor, {size:,.0f} MB")


def million(runs: int) -> None:
    """Print processor time and the most memory of a batch of which quantiles are kept."""
    with tempfile.TemporaryDirectory(dir=".") as spare:
        folder = Path(spare)
        plan = plan_with(folder, runs, summary_only=True)
        begun, spent = time.perf_counter(), time.process_time()
        with local() as each:
            run_batch(plan, folder / "batch", each)
        whole, own = time.perf_counter() - begun, time.process_time() - spent
        summary = pq.read_table(folder / "batch" / "summary.parquet")
        error = max(summary["rank_error"].to_pylist())
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"{runs:,} runs x {len(plan.schedule.times)} times x {len(plan.outputs)} outputs, "
        f"{plan.target}: {own:.1f} s of processor, {own / runs * 1e6:.0f} us a run, {whole:.1f} s;"
    )
    print(f"at most {most / 1e6:,.0f} MB resident, rank error at most {error:.3%}")


if __name__ == "__main__":
    kinds = {"writing": (writing, 100_000), "million": (million, 1_000_000)}
    function, usual_runs = kinds[sys.argv[1]]
    function(int(sys.argv[2]) if len(sys.argv) > 2 else usual_runs)
