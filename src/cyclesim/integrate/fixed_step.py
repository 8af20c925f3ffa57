"""The reference loop: explicit Runge-Kutta on a fixed grid, one run or many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cyclesim.codegen import Binding, Bound, Program
from cyclesim.integrate.belts import Belts
from cyclesim.integrate.blame import diverged
from cyclesim.integrate.rings import Rings
from cyclesim.integrate.trajectory import RunStatus, State, Status, Trajectory
from cyclesim.schedule import Schedule, Tableau

Column = Any


def integrate_fixed(
    program: Program,
    schedule: Schedule,
    binding: Binding,
    state: State | None = None,
    keep: Sequence[int] | None = None,
) -> Trajectory:
    """Return the trajectory of one run (`python`) or of a set of runs (`numpy`).

    `state` starts the run elsewhere than its initial equations say. `keep` are the rows that are
    kept, all where it is None. A run that leaves the numbers ends there and costs the others
    nothing.
    """
    with np.errstate(all="ignore"):
        bound = program.bind(binding)
        begin = state or state_of(bound)
        kept = range(program.flat.rows) if keep is None else keep
        loop = _single if program.target == "python" else _many
        return loop(program, schedule, bound, begin, kept)


def state_of(bound: Bound) -> State:
    """Return the state in which a run begins by its initial equations."""
    levels, held = bound.initial()
    return State(tuple(levels), tuple(held))


def advance(
    tableau: Tableau,
    derivatives: Callable[..., Sequence[Column]],
    time: float,
    dt: float,
    levels: Sequence[Column],
    held: Sequence[Column],
) -> list[Column]:
    """Return the levels one `dt` after `time`; what is held stands still in all stages."""
    stages: list[Sequence[Column]] = []
    for row, c in zip(tableau.a, tableau.c, strict=True):
        at_stage = _moved(levels, dt, row, stages)
        stages.append(derivatives(time + c * dt, time, at_stage, held))
    return _moved(levels, dt, tableau.b, stages)


def _moved(
    levels: Sequence[Column], dt: float, weights: Sequence[float], stages: list[Sequence[Column]]
) -> list[Column]:
    used = [(w * dt, rates) for w, rates in zip(weights, stages, strict=True) if w]
    if not used:
        return list(levels)
    if len(used) == 1:
        weight, rates = used[0]
        return [level + weight * rate for level, rate in zip(levels, rates, strict=True)]
    totals = [used[0][0] * rate for rate in used[0][1]]
    for weight, rates in used[1:]:
        totals = [total + weight * rate for total, rate in zip(totals, rates, strict=True)]
    return [level + total for level, total in zip(levels, totals, strict=True)]


def _single(
    program: Program, schedule: Schedule, bound: Bound, state: State, kept: Sequence[int]
) -> Trajectory:
    clock, flat, tableau = schedule.clock, program.flat, schedule.tableau
    levels, held = list(state.levels), state.held
    memories = sum(flat.by_ident[rule.ident].size for rule in flat.memories)
    rings = Rings(memories, state.held, clock.dt)
    belts = Belts(flat, clock.dt, levels, held, None) if flat.conveyors else None
    rows: list[Sequence[float]] = []
    status = RunStatus(Status.COMPLETE, clock.stop)
    saved = iter((*schedule.saved, -1))
    due = next(saved)
    derivatives, dt, euler = bound.derivatives, clock.dt, tableau.order == 1
    for step in range(clock.steps + 1):
        time = clock.time(step)
        if step == due:
            rows.append(bound.outputs(time, time, levels, held))
            due = next(saved)
        if step == clock.steps:
            break
        following = rings.next_held(bound, time, levels, held, step) if held else ()
        if euler:  # what `advance` comes to with one stage: this loop is the quick single run
            rates = derivatives(time, time, levels, held)
            moved = [level + dt * rate for level, rate in zip(levels, rates)]  # noqa: B905
        else:
            moved = advance(tableau, derivatives, time, dt, levels, held)
        if belts is not None:
            moved, following = belts.moved(moved, following)
        total = sum(moved) + sum(following)
        if total - total != 0.0 and not all(np.isfinite((*moved, *following))):
            status = diverged(program, bound, time, (levels, held), clock.time(step + 1))
            break
        levels, held = moved, following
    return _trajectory(schedule, rows, kept, status)


def _trajectory(
    schedule: Schedule, rows: list[Sequence[float]], kept: Sequence[int], status: RunStatus
) -> Trajectory:
    times = np.array(schedule.times)
    values = np.full((len(kept), len(times)), np.nan)
    if rows:
        values[:, : len(rows)] = np.array(rows, dtype=float).T[list(kept)]
    return Trajectory(times, values, (status,))


def _many(
    program: Program, schedule: Schedule, bound: Bound, state: State, kept: Sequence[int]
) -> Trajectory:
    clock, flat = schedule.clock, program.flat
    first = np.float64(clock.start)
    everything = bound.outputs(first, first, state.levels, state.held)
    runs = max(np.shape(column)[-1] if np.ndim(column) else 1 for column in everything)
    shapes = [flat.by_ident[rule.ident].shape for rule in flat.levels]
    levels: list[Column] = [
        np.broadcast_to(column, (*shape, runs))
        for column, shape in zip(state.levels, shapes, strict=True)
    ]
    held = state.held
    rings = Rings(len(flat.memories), held, clock.dt)
    belts = Belts(flat, clock.dt, levels, held, runs) if flat.conveyors else None
    # Time first, so that a saved row is written in one stretch.
    values = np.full((len(schedule.saved), len(kept), runs), np.nan)
    row, chosen = np.empty((flat.rows, runs)), list(kept)
    places = {step: place for place, step in enumerate(schedule.saved)}
    alive = np.ones(runs, dtype=bool)
    last = np.full(runs, clock.stop)
    for step in range(clock.steps + 1):
        time = np.float64(clock.time(step))
        if step in places:
            _save(row, program, bound.outputs(time, time, levels, held), alive)
            values[places[step]] = row[chosen]
        if step == clock.steps:
            break
        following = rings.next_held(bound, time, levels, held, step)
        moved = advance(schedule.tableau, bound.derivatives, time, clock.dt, levels, held)
        if belts is not None:
            moved, following = belts.moved(moved, following)
        finite = np.ones(runs, dtype=bool)
        for column in (*moved, *following):
            finite &= _finite(column)
        last[alive & ~finite] = time
        alive &= finite
        levels, held = moved, following
    saved = values.transpose(1, 0, 2)
    return Trajectory(np.array(schedule.times), saved, _statuses(alive, last))


def _save(row: np.ndarray, program: Program, columns: Sequence[Column], alive: np.ndarray) -> None:
    """Write the values of all variables into a row (element, run); dead runs stay NaN."""
    place = 0
    for variable, column in zip(program.flat.variables, columns, strict=True):
        block = row[place : place + variable.size]
        array = np.asarray(column)
        free = array.shape[-1:] if array.ndim else ()
        block[:] = array.reshape((variable.size, *free)) if variable.shape else array
        place += variable.size
    if not alive.all():
        row[:, ~alive] = np.nan


def _finite(column: Column) -> np.ndarray:
    """Return for each run whether all elements of a column are numbers."""
    found: np.ndarray = np.isfinite(np.atleast_1d(column))
    for _ in range(found.ndim - 1):
        found = np.logical_and.reduce(found, axis=0)
    return found


def _statuses(alive: np.ndarray, last: np.ndarray) -> tuple[RunStatus, ...]:
    kinds = (Status.DIVERGED, Status.COMPLETE)
    return tuple(
        RunStatus(kinds[int(whole)], float(t)) for whole, t in zip(alive, last, strict=True)
    )
