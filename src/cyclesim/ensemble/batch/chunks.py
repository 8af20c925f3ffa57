"""One part of a batch computed, and its tables: the same wherever it is done."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from cyclesim.compiler import selected
from cyclesim.ensemble.batch.plan import Part, Plan
from cyclesim.ensemble.batch.sketch import Moments, Sketch, packed
from cyclesim.ensemble.batch.tables import (
    MEASURES,
    encoded,
    put_aside,
    runs_table,
    series_table,
)
from cyclesim.ensemble.lanes import ScenarioRuns, bindable
from cyclesim.integrate import RunStatus, Status
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
    """A part computed: its tables, or their bytes where they travelled.

    `series` is None or `summary` is empty, by the kind of batch.
    """

    part: Part
    series: Any
    summary: bytes
    runs: Any
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
    outputs = [output.variable.name for output in task.study.outputs]
    runs, times = job.numbers.shape[1], len(ready.runs.schedule.saved)
    series = np.empty((len(outputs), runs, times)) if task.sketch is None else None
    summary = _Summary(task.sketch or 1)
    measures = np.empty((len(MEASURES), len(outputs), runs))
    labels: list[list[str]] = [[] for _ in outputs]
    status: list[RunStatus] = []
    for first in range(0, runs, task.lanes):
        lanes = slice(first, first + task.lanes)
        curves = ready.curves(job.numbers[:, lanes], job.part.first + first)
        status += curves.status
        measures[:, :, lanes] = _measures(curves.values)
        if task.labeller is not None:
            for found, output, values in zip(
                labels, task.study.outputs, curves.values, strict=True
            ):
                found += task.labeller(curves.time, values.T, output.good)
        if series is None:
            summary.add(curves.values)
        else:
            series[:, lanes] = curves.values.transpose(0, 2, 1)
    scenario, begins = task.scenarios[job.part.scenario].name, job.part.first
    numbers = {
        quantity.label: job.numbers[place] if place in ready.used else None
        for place, quantity in enumerate(task.quantities)
    }
    return Done(
        job.part,
        None if series is None else series_table(scenario, begins, outputs, curves.time, series),
        summary.packed() if series is None else b"",
        runs_table(
            scenario,
            begins,
            numbers,
            task.study.noise_seed,
            status,
            task.study.specs.time_units,
            outputs,
            measures,
            labels if task.labeller is not None else None,
        ),
        sum(each.status is not Status.COMPLETE for each in status),
        time.perf_counter() - begun,
    )


class _Summary:
    """Quantiles and moments of the values of a part at each time, as its runs come."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.found: tuple[Sketch, Moments] | None = None

    def add(self, values: np.ndarray) -> None:
        """Take in more runs (output, time, run)."""
        cells = np.where(np.isfinite(values), values, np.nan).reshape((-1, values.shape[2]))
        more = Moments.of(cells)
        sketch, moments = self.found or (Sketch.empty(self.size, len(cells)), None)
        sketch.add(cells)
        self.found = sketch, more if moments is None else moments.merged(more)

    def packed(self) -> bytes:
        """Return it as bytes."""
        assert self.found is not None
        return packed(*self.found)


def compute_to_send(job: Job) -> Done:
    """Return a part of a batch, its tables as the bytes of their files: they travel."""
    done = compute(job)
    series = encoded(done.series) if done.series is not None else None
    return replace(done, series=series, runs=put_aside(done.runs))


def _measures(values: np.ndarray) -> np.ndarray:
    """Return (measure, output, run): the end, the lowest and the highest value; NaN is no value."""
    low, high = np.fmin.reduce(values, axis=1), np.fmax.reduce(values, axis=1)
    # Of zeros with and without a sign, which one is lower depends on the processor.
    return np.array([values[:, -1], low + 0.0, high + 0.0])
