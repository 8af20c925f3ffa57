"""scipy's solvers, started anew at each time at which the model is known to jump or bend."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from cyclesim.codegen import Binding, Bound, Program
from cyclesim.compiler.conveyors import CONVEYOR
from cyclesim.compiler.terms import Draw, walk
from cyclesim.errors import RunError
from cyclesim.integrate.blame import diverged
from cyclesim.integrate.fixed_step import state_of
from cyclesim.integrate.trajectory import RunStatus, State, Status, Trajectory
from cyclesim.project import Method
from cyclesim.schedule import Schedule

_NAMES = {Method.RK45: "RK45", Method.LSODA: "LSODA", Method.RADAU: "Radau"}
_MOST_BREAKS = 100_000


def integrate_adaptive(
    program: Program,
    schedule: Schedule,
    binding: Binding,
    state: State | None = None,
    tolerance: float = 1e-8,
) -> Trajectory:
    """Return the trajectory of one run of a `python` program, at the schedule's saved times.

    `tolerance` is relative, per stock; the absolute one is a thousandth of it times the stock's
    first size. Raises RunError where the model holds what is defined on a fixed step only.
    """
    refuse_fixed_step_parts(program)
    bound = program.bind(binding)
    begin = state or state_of(bound)
    solve = _Solver(program, bound, schedule, tolerance, begin)
    return solve.run(np.array(begin.levels, dtype=float))


def refuse_fixed_step_parts(program: Program) -> None:
    """Raise RunError naming each part of the model that an adaptive solver cannot carry."""
    flat = program.flat
    reasons = [
        f"'{flat.by_ident[rule.ident].name}' is a non-negative stock"
        for rule in flat.levels
        if rule.non_negative
    ]
    for conveyor in flat.conveyors:
        reasons.append(f"'{flat.by_ident[conveyor.stock].name}' is a conveyor")
    held = [memory.ident for memory in flat.memories] + [ring.ident for ring in flat.buffers]
    for ident in held:
        origin = flat.by_ident[ident].origin
        if origin is not None and origin.call not in ("INIT", CONVEYOR):
            reasons.append(f"'{flat.by_ident[origin.variable].name}' uses {origin.call}")
    for variable in flat.variables:
        if any(isinstance(node, Draw) for piece in variable.pieces for node in walk(piece.term)):
            reasons.append(f"'{variable.name}' is drawn at random")
    if reasons:
        raise RunError(
            "an adaptive solver cannot run this model, since part of it is defined on a fixed "
            f"step: {'; '.join(reasons)}. Use euler, rk2 or rk4."
        )


class _Solver:
    def __init__(
        self,
        program: Program,
        bound: Bound,
        schedule: Schedule,
        tolerance: float,
        begin: State,
    ) -> None:
        self.program = program
        self.bound = bound
        self.schedule = schedule
        self.held = begin.held
        self.tolerance = tolerance
        sizes = np.maximum(np.abs(np.array(begin.levels, dtype=float)), 1e-3)
        self.absolute = np.maximum(sizes * tolerance * 1e-3, 1e-15)
        self.edges = (-math.inf, math.inf)

    def rates(self, time: float, levels: np.ndarray) -> Sequence[float]:
        # Just inside the segment, so that a jump at either end is not seen from the wrong side.
        time = min(max(time, self.edges[0]), self.edges[1])
        return self.bound.derivatives(time, time, levels.tolist(), self.held)

    def run(self, levels: np.ndarray) -> Trajectory:
        times = np.array(self.schedule.times)
        values = np.full((self.program.flat.rows, len(times)), np.nan)
        ends = _segment_ends(self.bound.breakpoints(), times[0], times[-1])
        begin = times[0]
        values[:, 0] = self.outputs(begin, levels)
        for end in ends:
            within = np.flatnonzero((times > begin) & (times <= end))
            levels, status = self.segment(begin, end, levels, times[within], values, within)
            if status is not None:
                return Trajectory(times, values, (status,))
            begin = end
        return Trajectory(times, values, (RunStatus(Status.COMPLETE, float(times[-1])),))

    def outputs(self, time: float, levels: np.ndarray) -> Sequence[float]:
        return self.bound.outputs(float(time), float(time), levels.tolist(), self.held)

    def segment(
        self,
        begin: float,
        end: float,
        levels: np.ndarray,
        times: np.ndarray,
        values: np.ndarray,
        within: np.ndarray,
    ) -> tuple[np.ndarray, RunStatus | None]:
        from scipy.integrate import solve_ivp

        if not len(levels):
            for place, time in zip(within, times, strict=True):
                values[:, place] = self.outputs(time, levels)
            return levels, None
        inside = 1e-13 * (abs(begin) + abs(end))  # a turn is known to a rounding only
        self.edges = (begin + inside, end - inside)
        wanted = times if len(times) and times[-1] == end else np.append(times, end)
        solution = solve_ivp(
            self.rates,
            (begin, end),
            levels,
            method=_NAMES[self.schedule.method],
            t_eval=wanted,
            rtol=max(self.tolerance, 1e-13),
            atol=self.absolute,
        )
        reached = len(solution.t)
        for index, place in enumerate(within[:reached]):
            values[:, place] = self.outputs(times[index], solution.y[:, index])
        if not solution.success or not np.isfinite(solution.y[:, -1]).all():
            return levels, self.failure(begin, end, levels, solution.message)
        return solution.y[:, -1], None

    def failure(self, begin: float, end: float, levels: np.ndarray, message: str) -> RunStatus:
        if not np.isfinite(self.rates(begin, levels)).all():
            state = (levels.tolist(), self.held)
            return diverged(self.program, self.bound, float(begin), state, float(end))
        text = f"the solver stopped between {begin:.10g} and {end:.10g}: {message}"
        return RunStatus(Status.SOLVER_FAILED, float(begin), text)


def _segment_ends(
    breaks: Iterable[tuple[float, float]], start: float, stop: float
) -> tuple[float, ...]:
    """Return the ends of the stretches between known jumps and bends, the stop last."""
    found: set[float] = set()
    for first, interval in breaks:
        if not math.isfinite(first):
            continue
        interval = abs(interval)
        if interval > 0 and math.isfinite(interval):
            count = (stop - first) / interval
            if count > _MOST_BREAKS:
                raise RunError(
                    f"an equation jumps every {interval:g}: more than {_MOST_BREAKS:,} times in "
                    "the run. Use euler, rk2 or rk4."
                )
            begin = math.ceil((start - first) / interval)
            found.update(first + n * interval for n in range(begin, math.floor(count) + 1))
        else:
            found.add(first)
    ends: list[float] = []
    near = 1e-10 * (stop - start)  # one turn, found twice, apart by rounding only
    for time in sorted(time for time in found if start + near < time < stop - near):
        if not ends or time - ends[-1] > near:
            ends.append(time)
    return (*ends, stop)
