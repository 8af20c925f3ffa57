"""Batches measured: a million runs of which quantiles are kept, and runs written as Parquet."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from .cases import FOLDER, surroundings
from .goals import Goal, Verdict, shown, spread
from .page import Section, Table
from .plan import MILLION, Plan
from .rounds import Spread, ratios

PEAK = 1_000.0
CPU = 60.0
WRITING = 1.5
OURS, SAME = "as a batch does, forced to the disk", "pyarrow, the same settings"


def batches_section(plan: Plan) -> Section:
    """Return what batches of the medium model take."""
    section = Section("Batches", _WORDS)
    found = _asked("summary", plan.summary_runs)
    runs = plan.summary_runs
    header = ("runs", "CPU, s", "on the wall, s", "peak, MB", "largest rank error")
    row = (f"{runs:,}", shown(found["cpu"]), shown(found["wall"]), shown(found["peak"]),
           f"{found['rank_error']:.2%}")  # fmt: skip
    title = f"Summary only, {found['times']} saved times, {found['outputs']} outputs"
    section.tables.append(Table(title, header, [row]))
    for what, bound, unit, number in (
        ("CPU", CPU, " s", found["cpu"]), ("most memory resident", PEAK, " MB", found["peak"]),
    ):  # fmt: skip
        goal = Goal(f"medium, {MILLION:,} runs, summary only: {what}", bound, unit)
        whole = Spread.of([number]) if runs == MILLION else None
        section.verdicts.append(Verdict(goal, whole, f"only {runs:,} runs were done"))
    _add_parquet(section, plan)
    return section


_WORDS = (
    "`cyclesim batch` on the medium model by Euler, one worker, six constants by Monte Carlo. A "
    "batch includes reading and compiling. Writing is timed apart: the tables of the batch, read "
    "back into memory, are written again in turn, as a batch writes them (encoded, forced to the "
    "disk, named in one move) and by pyarrow alone."
)


def _add_parquet(section: Section, plan: Plan) -> None:
    found = _asked("parquet", plan.parquet_runs, plan.parquet_rounds)
    cpu = {name: [lap[1] for lap in laps] for name, laps in found["laps"].items()}
    wall = {name: [lap[0] for lap in laps] for name, laps in found["laps"].items()}
    rows = [("the whole batch", shown(found["cpu"]), shown(found["wall"]), "-", "-")]
    for name in cpu:
        rows.append((
            name, spread(Spread.of(cpu[name])), spread(Spread.of(wall[name])),
            spread(ratios(cpu[name], cpu[SAME])), shown(found["sizes"][name]),
        ))  # fmt: skip
    title = (f"{plan.parquet_runs:,} runs x {found['times']} saved times x {found['outputs']} "
             f"outputs into Parquet, {shown(found['megabytes'])} MB in memory")  # fmt: skip
    header = ("what", "CPU, s", "on the wall, s", "times pyarrow, the same settings", "files, MB")
    section.tables.append(Table(title, header, rows))
    words = f"{plan.parquet_runs:,} runs into Parquet: as a batch does / pyarrow, same settings"
    section.verdicts.append(Verdict(Goal(words, WRITING), ratios(cpu[OURS], cpu[SAME])))


def _asked(kind: str, *numbers: int) -> dict[str, Any]:
    words = [sys.executable, str(FOLDER / "workers" / "batch_cyclesim.py"), kind,
             str(FOLDER / "medium.xmile"), *map(str, numbers)]  # fmt: skip
    done = subprocess.run(words, check=True, capture_output=True, text=True, env=surroundings())
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
