"""Batches measured in a process of their own: a million runs summarised, and runs as Parquet.

    python batch_cyclesim.py summary MODEL RUNS
    python batch_cyclesim.py parquet MODEL RUNS ROUNDS

The last line of stdout is JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow.parquet as pq
from serving import peak_megabytes

from cyclesim.ensemble.batch import Plan, local, plan_of, run_batch
from cyclesim.ensemble.batch.files import write_lasting
from cyclesim.ensemble.batch.tables import options, sink_into, write_table
from cyclesim.ensemble.designs import design_named, scenarios_named, with_runs
from cyclesim.scenario import read_study

STUDY = """\
model: model.xmile
title: Batches measured
run: {stop: STOP, method: euler, save_every: 1}
outputs: {Backlog: down, Customers: up, Reputation: up, Fatigue: down, Satisfaction: up}
scenarios: {as it is: {}}
design:
  method: monte carlo
  vary:
    Time to hire: {from: 6, to: 12}
    Time to mature: {from: 20, to: 40}
    Usual errors: {from: 0.05, to: 0.09}
    Expected wait: {from: 4, to: 6}
    Orders per customer: {from: 0.036, to: 0.044}
    Slack: {from: 0, to: 0.2}
"""


def plan_with(folder: Path, model: Path, runs: int, stop: int, *, summary_only: bool) -> Plan:
    """Return the plan of a batch of so many runs."""
    (folder / "model.xmile").write_bytes(model.read_bytes())
    path = folder / "study.yaml"
    path.write_text(STUDY.replace("STOP", str(stop)), encoding="utf-8")
    study = read_study(path)
    design = with_runs(design_named(study), runs)
    scenarios = scenarios_named(study, design)
    return plan_of(study, design, scenarios, summary_only=summary_only, labelled=False)


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that work takes, and those of the processor."""
    begun, own = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun, time.process_time() - own


def whole(plan: Plan, folder: Path) -> tuple[float, float]:
    """Return what a batch in this one process takes."""
    with local() as each:
        return spent(lambda: run_batch(plan, folder / "batch", each))


def summary(folder: Path, model: Path, runs: int) -> dict[str, Any]:
    """Return what a batch takes of which quantiles are kept, and their error."""
    plan = plan_with(folder, model, runs, 100, summary_only=True)
    wall, cpu = whole(plan, folder)
    table = pq.read_table(folder / "batch" / "summary.parquet")
    return {"wall": wall, "cpu": cpu, "peak": peak_megabytes(), "times": len(plan.schedule.times),
            "outputs": len(plan.outputs), "target": plan.target,
            "rank_error": max(table["rank_error"].to_pylist())}  # fmt: skip


def lasting(table: Any, path: Path) -> None:
    """Write a table as a batch does: compressed, hashed on the way, forced to the disk, named."""

    def write(file: BinaryIO) -> None:
        with sink_into(file) as sink:
            write_table(table, sink)

    write_lasting(path, write)


def written(tables: list[Any], folder: Path, how: Callable[[Any, Path], object]) -> None:
    """Write tables into files of a new folder."""
    folder.mkdir()
    for place, table in enumerate(tables):
        how(table, folder / f"{place}.parquet")


def parquet(folder: Path, model: Path, runs: int, rounds: int) -> dict[str, Any]:
    """Return what a batch takes, and its files written again from memory in several ways."""
    plan = plan_with(folder, model, runs, 59, summary_only=False)
    wall, cpu = whole(plan, folder)
    names = sorted((folder / "batch" / "series").iterdir())
    tables = [pq.read_table(name) for name in (*names, folder / "batch" / "runs.parquet")]
    hows: dict[str, Callable[[Any, Path], object]] = {
        "as a batch does, forced to the disk": lasting,
        "pyarrow, the same settings": lambda t, p: pq.write_table(t, p, **options(t)),
        "pyarrow, its own settings": lambda t, p: pq.write_table(t, p),
    }
    laps: dict[str, list[tuple[float, float]]] = {name: [] for name in hows}
    sizes = {}
    for number in range(rounds + 1):
        for name, how in hows.items():
            there = folder / f"{name} {number}"
            laps[name].append(spent(partial(written, tables, there, how)))
            sizes[name] = sum(path.stat().st_size for path in there.iterdir()) / 1e6
    laps = {name: each[1:] for name, each in laps.items()}  # the first of each does not count
    return {"wall": wall, "cpu": cpu, "times": len(plan.schedule.times),
            "outputs": len(plan.outputs), "megabytes": sum(t.nbytes for t in tables) / 1e6,
            "laps": laps, "sizes": sizes}  # fmt: skip


def main() -> None:
    """Print what was asked for as JSON."""
    kind, model, *numbers = sys.argv[1:]
    work = {"summary": summary, "parquet": parquet}[kind]
    with tempfile.TemporaryDirectory() as folder:
        found = work(Path(folder), Path(model), *map(int, numbers))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
