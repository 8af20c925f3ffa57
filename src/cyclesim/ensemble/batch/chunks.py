"""One part of a batch computed, and its tables as bytes: the same wherever it is done."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cyclesim.compiler import selected
from cyclesim.ensemble.batch.plan import Part, Plan
from cyclesim.ensemble.batch.sketch import Moments, Sketch, packed
from cyclesim.ensemble.batch.tables import encoded, runs_table, series_table
from cyclesim.ensemble.lanes import ScenarioRuns, bindable
from cyclesim.integrate import RunStatus
from cyclesim.scenario.design_parts import Quantity
from cyclesim.scenario.parts import Direction, Scenario, Study
from cyclesim.scenario.varied import VariedKind, change_numbers

Labeller = Callable[[np.ndarray, np.ndarray, Direction], Sequence[str]]
"""Saved times, curves (run, time), which way is good: a label of behaviour for each curve."""


@dataclass(frozen=True)
class Task:
    """What every part of a batch needs; `labeller` can be sent to other processes."""

    study: Study
    scenarios: tuple[Scenario, ...]
    quantities: tuple[Quantity, ...]
    target: str
    strict: bool
    lanes: int
    sketch: int | None
    labeller: Labeller | None


@dataclass(frozen=True)
class Job:
    """A part to be computed: the task as bytes, and the numbers (quantity, run) of its runs."""

    task: bytes
    part: Part
    numbers: np.ndarray


@dataclass(frozen=True)
class Done:
    """A part computed: its files as bytes; `series` or `summary` is empty by the kind of batch."""

    part: Part
    series: bytes
    summary: bytes
    runs: bytes
    failed: int
    seconds: float


@dataclass(frozen=True)
class Curves:
    """What runs gave: `values` (output, time, run), and how each ended."""

    time: np.ndarray
    values: np.ndarray
    status: tuple[RunStatus, ...]


@dataclass(frozen=True)
class Prepared:
    """A scenario ready to run: the rows that are kept, and which quantities it has."""

    runs: ScenarioRuns
    rows: tuple[int, ...]
    used: tuple[int, ...]

    def curves(self, numbers: np.ndarray, first: int) -> Curves:
        """Return the outputs of runs, the first of them numbered `first`."""
        found = self.runs.trajectory(numbers[list(self.used)], first_run=first, keep=self.rows)
        return Curves(found.time, found.values, found.status)


def task_of(plan: Plan, labeller: Labeller | None) -> bytes:
    """Return what every part of a plan needs, as bytes."""
    labeller = labeller if plan.labelled else None
    quantities = plan.design.quantities
    task = Task(
        plan.study,
        plan.scenarios,
        quantities,
        plan.target,
        plan.strict,
        plan.lanes,
        plan.sketch,
        labeller,
    )
    return pickle.dumps(task)


def prepared(
    study: Study,
    scenario: Scenario,
    quantities: Sequence[Quantity],
    target: str,
    strict: bool = False,
) -> Prepared:
    """Return a scenario ready to run with other numbers for the quantities that it has."""
    own = {(each.changed, each.role) for each in change_numbers(scenario)}
    used = tuple(
        place
        for place, quantity in enumerate(quantities)
        if quantity.varied.kind is not VariedKind.CHANGE
        or (quantity.varied.changed, quantity.varied.role) in own
    )
    ready = bindable(study, scenario, [quantities[place].varied for place in used], target, strict)
    flat = ready.changed.flat
    chosen = [selected(flat, output.variable.ident) for output in study.outputs]
    rows = tuple(flat.places[each.whole.ident] + (each.element or 0) for each in chosen)
    return Prepared(ready, rows, used)


@lru_cache(maxsize=2)
def _task(content: bytes) -> Task:
    found: Task = pickle.loads(content)  # made by `task_of`, never read from a file
    return found


@lru_cache(maxsize=64)
def _prepared(content: bytes, scenario: int) -> Prepared:
    task = _task(content)
    return prepared(task.study, task.scenarios[scenario], task.quantities, task.target, task.strict)


def compute(job: Job) -> Done:
    """Return a part of a batch, computed a few thousand runs at a time."""
    begun = time.perf_counter()
    task, ready = _task(job.task), _prepared(job.task, job.part.scenario)
    pieces: list[Curves] = []
    sketch, moments = None, None
    measures: list[np.ndarray] = []
    labels: list[list[str]] = [[] for _ in task.study.outputs]
    status: list[RunStatus] = []
    for first in range(0, job.numbers.shape[1], task.lanes):
        numbers = job.numbers[:, first : first + task.lanes]
        curves = ready.curves(numbers, job.part.first + first)
        status += curves.status
        measures.append(_measures(curves.values))
        if task.labeller is not None:
            for found, output, values in zip(
                labels, task.study.outputs, curves.values, strict=True
            ):
                found += task.labeller(curves.time, values.T, output.good)
        if task.sketch is None:
            pieces.append(curves)
            continue
        cells = np.where(np.isfinite(curves.values), curves.values, np.nan)
        cells = cells.reshape((-1, numbers.shape[1]))
        sketch = sketch or Sketch.empty(task.sketch, len(cells))
        sketch.add(cells)
        more = Moments.of(cells)
        moments = more if moments is None else moments.merged(more)
    scenario = task.scenarios[job.part.scenario].name
    outputs = [output.variable.name for output in task.study.outputs]
    series, summary = b"", b""
    if sketch is None or moments is None:
        values = np.concatenate([piece.values for piece in pieces], axis=2)
        series = encoded(series_table(scenario, job.part.first, outputs, pieces[0].time, values))
    else:
        summary = packed(sketch, moments)
    table = runs_table(
        scenario,
        job.part.first,
        {
            quantity.label: job.numbers[place] if place in ready.used else None
            for place, quantity in enumerate(task.quantities)
        },
        task.study.noise_seed,
        status,
        task.study.specs.time_units,
        outputs,
        np.concatenate(measures, axis=2),
        labels if task.labeller is not None else None,
    )
    failed = sum(not each.complete for each in status)
    seconds = time.perf_counter() - begun
    return Done(job.part, series, summary, encoded(table), failed, seconds)


def _measures(values: np.ndarray) -> np.ndarray:
    """Return (measure, output, run): the end, the lowest and the highest value; NaN is no value."""
    there = ~np.isnan(values)
    none = ~there.any(axis=1)
    low = np.where(there, values, np.inf).min(axis=1)
    high = np.where(there, values, -np.inf).max(axis=1)
    low[none] = high[none] = np.nan
    return np.array([values[:, -1], low, high])
