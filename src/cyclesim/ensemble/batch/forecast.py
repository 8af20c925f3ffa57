"""What a batch will take: time and disk, told from some of its runs really done and encoded."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from cyclesim.ensemble.batch.chunks import Done, Job, Labeller, compute, task_of
from cyclesim.ensemble.batch.plan import Part, Plan
from cyclesim.ensemble.batch.sketch import unpacked
from cyclesim.ensemble.batch.tables import encoded, put_aside, summary_table

_FIRST = 64
_PATIENCE = 3.0
"""Seconds that the runs of a forecast may take, about; to make their code ready comes on top."""

_BLOCKS = 4
"""Places of the design from which the runs of a forecast are taken."""

_MOMENTS = 5
_COLUMN = 1000
"""Bytes that a column of a part takes at most beside its numbers: names, headers, statistics."""


@dataclass(frozen=True)
class Forecast:
    """What was measured on `measured` runs of the first `scenarios` scenarios.

    `seconds` are of one processor for all runs. `disk` is what is there in the end, `peak` the most
    that is there before, in bytes.
    """

    runs: int
    parts: int
    measured: int
    scenarios: int
    seconds: float
    disk: int
    peak: int


@dataclass(frozen=True)
class _Size:
    """Bytes of a table: of itself, and of each run."""

    fixed: float
    each: float

    def of(self, runs: int) -> float:
        return self.fixed + self.each * runs


def forecast(plan: Plan, labeller: Labeller | None) -> Forecast:
    """Return what a batch will take; nothing is written.

    Some runs of each scenario are done, from several places of the design, and their tables are
    encoded whole and by half: what the two differ by is what more runs take. Scenarios that would
    have to be waited for are taken to be as those before them.
    """
    begun = time.perf_counter()
    task = task_of(plan, labeller)
    seconds, disk, peak = 0.0, 0.0, 0.0
    measured = scenarios = 0
    for scenario in range(len(plan.scenarios)):
        taken, done = _measured(plan, task, scenario)
        left, aside = _sizes(plan, done)
        measured, scenarios = measured + done.part.stop, scenario + 1
        seconds += taken * plan.design.runs / done.part.stop
        disk, peak = disk + left, peak + left + aside
        if time.perf_counter() - begun > 2 * _PATIENCE:
            break
    all_of_them = len(plan.scenarios) / scenarios
    return Forecast(
        plan.runs,
        plan.count,
        measured,
        scenarios,
        seconds * all_of_them,
        round(disk * all_of_them),
        round(peak * all_of_them),
    )


def _measured(plan: Plan, task: bytes, scenario: int) -> tuple[float, Done]:
    """Return some runs of a scenario, as many as are soon done, and the seconds that they took."""

    def done(count: int) -> tuple[float, Done]:
        job = Job(task, Part(0, scenario, 0, count), _spread(plan, count))
        begun = time.perf_counter()
        found = compute(job)
        if found.series is not None:
            encoded(found.series)
        return time.perf_counter() - begun, found

    done(1)  # the code is made once
    count = min(_FIRST, plan.chunk, plan.design.runs)
    seconds, found = done(count)
    most = min(plan.lanes, plan.chunk, plan.design.runs)
    more = min(most, int(count * _PATIENCE / len(plan.scenarios) / max(seconds, 1e-6)))
    return done(more) if more > count else (seconds, found)


def _spread(plan: Plan, count: int) -> np.ndarray:
    """Return the numbers (quantity, run) of runs from several places of the design."""
    blocks = min(_BLOCKS, count)
    sizes = [(count + place) // blocks for place in range(blocks)]
    firsts = np.linspace(0, plan.design.runs - max(sizes), blocks).astype(int).tolist()
    taken = [plan.sample.numbers(f, f + size) for f, size in zip(firsts, sizes, strict=True)]
    return np.hstack(taken)


def _sizes(plan: Plan, done: Done) -> tuple[float, float]:
    """Return the bytes of all runs of a scenario: that are left, and that are there until then."""
    count, times = done.part.stop, len(plan.schedule.times)
    kinds = [_size(done.runs, count, 1)]
    left = 0.0
    if done.series is not None:
        kinds.append(_size(done.series, count, times))
    else:
        name = plan.scenarios[done.part.scenario].name
        saved = np.array(plan.schedule.times)
        left += len(encoded(summary_table(name, plan.outputs, saved, *unpacked(done.summary))))
    parts = [part.stop - part.first for part in plan.parts() if part.scenario == 0]
    left += sum(kind.of(runs) for kind in kinds for runs in parts)
    aside = len(put_aside(done.runs)) / count * plan.design.runs
    return left, aside + sum(sketch_bytes(plan, runs) for runs in parts)


def _size(table: Any, runs: int, rows: int) -> _Size:
    """Return the size of a table of so many rows a run."""
    whole, half = len(encoded(table)), runs // 2
    if not half:
        return _Size(0.0, whole)
    each = (whole - len(encoded(table.slice(0, half * rows)))) / (runs - half)
    fixed = whole - each * runs
    return _Size(fixed, each) if fixed >= 0 and each >= 0 else _Size(0.0, whole / runs)


def sketch_bytes(plan: Plan, runs: int) -> int:
    """Return how much the sketches of a part of so many runs take until the batch is finished."""
    if plan.sketch is None:
        return 0
    cells = len(plan.outputs) * len(plan.schedule.times)
    buffers, rest = divmod(runs, plan.sketch)
    return 8 * cells * (buffers.bit_count() * plan.sketch + rest + _MOMENTS)


def most_bytes(plan: Plan) -> int:
    """Return the most disk that a batch can take, were its numbers not to be compressed at all."""
    outputs, cells = len(plan.outputs), len(plan.outputs) * len(plan.schedule.times)
    numbers = len(plan.design.quantities) + 3 * outputs
    columns = numbers + outputs + 6
    words = 32 * outputs if plan.labelled else 0
    # The rows of runs are there twice before the end: those of the parts, and those of all.
    found = 2 * (plan.runs * (8 * numbers + words + 64) + plan.count * columns * _COLUMN)
    for part in plan.parts():
        runs = part.stop - part.first
        found += sketch_bytes(plan, runs) if plan.sketch is not None else 8 * runs * cells
    if plan.sketch is not None:
        found += len(plan.scenarios) * cells * 20 * 8
    return found + found // 100
