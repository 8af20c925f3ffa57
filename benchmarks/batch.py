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


def written_by_pyarrow(tables: list[Any], folder: Path, how: dict[str, Any] | None) -> float:
    """Return the seconds that pyarrow takes to write tables from memory into files."""
    folder.mkdir()
    begun = time.perf_counter()
    for place, table in enumerate(tables):
        given = options(table) if how is None else how
        pq.write_table(table, folder / f"{place}.parquet", **given)
    return time.perf_counter() - begun


def writing(runs: int) -> None:
    """Print the time of a whole batch, of its parts, and of pyarrow writing the same tables."""
    with tempfile.TemporaryDirectory(dir=".") as spare:
        folder = Path(spare)
        plan = plan_with(folder, runs, summary_only=False)
        compute(Job(task_of(plan, None), next(plan.parts()), plan.sample.numbers(0, plan.chunk)))
        begun = time.perf_counter()
        with local() as each:
            run_batch(plan, folder / "batch", each)
        whole = time.perf_counter() - begun
        names = sorted((folder / "batch" / "series").iterdir())
        tables = [pq.read_table(name) for name in names]
        tables += [pq.read_table(folder / "batch" / "runs.parquet")]
        size = sum(path.stat().st_size for path in (folder / "batch").rglob("*.parquet"))
        (folder / "own").mkdir()
        begun = time.perf_counter()
        for place, table in enumerate(tables):
            write_lasting(folder / "own" / f"{place}.parquet", encoded(table))
        own = time.perf_counter() - begun
        same = written_by_pyarrow(tables, folder / "same", None)
        usual = written_by_pyarrow(tables, folder / "usual", {})
        raw = sum(table.nbytes for table in tables)
        more = sum(path.stat().st_size for path in (folder / "usual").iterdir())
    print(f"{runs:,} runs x {len(plan.schedule.times)} times x {len(plan.outputs)} outputs, "
          f"{plan.target}, {len(plan.study.model.flat.variables)} equations")  # fmt: skip
    print(f"whole batch            {whole:7.2f} s, {size / 1e6:,.0f} MB of {raw / 1e6:,.0f}")
    print(f"writing, as a batch    {own:7.2f} s (each file on the disk before it is named)")
    print(f"pyarrow, same settings {same:7.2f} s, ratio of writing {own / same:.2f}, "
          f"of the whole {whole / same:.2f}")  # fmt: skip
    print(f"pyarrow, own settings  {usual:7.2f} s, {more / 1e6:,.0f} MB, ratio of writing "
          f"{own / usual:.2f}, of the whole {whole / usual:.2f}")  # fmt: skip


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
