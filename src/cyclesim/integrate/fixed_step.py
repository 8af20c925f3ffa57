"""The reference loop: explicit Runge-Kutta on a fixed grid, one run or many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cyclesim.codegen import Binding, Bound, Program
from cyclesim.integrate.blame import diverged
from cyclesim.integrate.rings import Rings
from cyclesim.integrate.trajectory import RunStatus, State, Status, Trajectory
from cyclesim.schedule import Schedule, Tableau

Column = Any


def integrate_fixed(
    program: Program, schedule: Schedule, binding: Binding, state: State | None = None
) -> Trajectory:
    """Return the trajectory of one run (`python`) or of a set of runs (`numpy`).

    `state` starts the run elsewhere than its initial equations say. A run that leaves the
    numbers ends there and costs the others nothing.
    """
    with np.errstate(all="ignore"):
        bound = program.bind(binding)
        begin = state or state_of(bound)
        loop = _single if program.target == "python" else _many
        return loop(program, schedule, bound, begin)


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


def _single(program: Program, schedule: Schedule, bound: Bound, state: State) -> Trajectory:
    clock, flat = schedule.clock, program.flat
    levels, held = list(state.levels), state.held
    rings = Rings(len(flat.memories), state.held, clock.dt)
    rows: list[Sequence[float]] = []
    status = RunStatus(Status.COMPLETE, clock.stop)
    saved = iter((*schedule.saved, -1))
    due = next(saved)
    for step in range(clock.steps + 1):
        time = clock.time(step)
        if step == due:
            rows.append(bound.outputs(time, time, levels, held))
            due = next(saved)
        if step == clock.steps:
            break
        following = rings.next_held(bound, time, levels, held, step)
        moved = advance(schedule.tableau, bound.derivatives, time, clock.dt, levels, held)
        total = sum(moved) + sum(following)
        if total - total != 0.0 and not all(np.isfinite((*moved, *following))):
            status = diverged(program, bound, time, (levels, held), clock.time(step + 1))
            break
        levels, held = moved, following
    return _trajectory(schedule, rows, len(flat.variables), status)


def _trajectory(
    schedule: Schedule, rows: list[Sequence[float]], count: int, status: RunStatus
) -> Trajectory:
    times = np.array(schedule.times)
    values = np.full((count, len(times)), np.nan)
    if rows:
        values[:, : len(rows)] = np.array(rows, dtype=float).T
    return Trajectory(times, values, (status,))


def _many(program: Program, schedule: Schedule, bound: Bound, state: State) -> Trajectory:
    clock, flat = schedule.clock, program.flat
    runs = max([1, *(np.size(column) for column in (*state.levels, *state.held))])
    runs = max([runs, *(np.size(c) for c in bound.outputs(
        np.float64(clock.start), np.float64(clock.start), state.levels, state.held))])  # fmt: skip
    levels: list[Column] = [np.broadcast_to(column, (runs,)) for column in state.levels]
    held = tuple(np.broadcast_to(column, (runs,)) for column in state.held)
    rings = Rings(len(flat.memories), held, clock.dt)
    values = np.full((len(flat.variables), len(schedule.saved), runs), np.nan)
    places = {step: place for place, step in enumerate(schedule.saved)}
    alive = np.ones(runs, dtype=bool)
    last = np.full(runs, clock.stop)
    for step in range(clock.steps + 1):
        time = np.float64(clock.time(step))
        if step in places:
            for row, column in enumerate(bound.outputs(time, time, levels, held)):
                values[row, places[step]] = np.where(alive, column, np.nan)
        if step == clock.steps:
            break
        following = rings.next_held(bound, time, levels, held, step)
        moved = advance(schedule.tableau, bound.derivatives, time, clock.dt, levels, held)
        finite = np.ones(runs, dtype=bool)
        for column in (*moved, *following):
            finite &= np.isfinite(column)
        last[alive & ~finite] = time
        alive &= finite
        levels, held = moved, following
    return Trajectory(np.array(schedule.times), values, _statuses(alive, last))


def _statuses(alive: np.ndarray, last: np.ndarray) -> tuple[RunStatus, ...]:
    kinds = (Status.DIVERGED, Status.COMPLETE)
    return tuple(
        RunStatus(kinds[int(whole)], float(t)) for whole, t in zip(alive, last, strict=True)
    )
