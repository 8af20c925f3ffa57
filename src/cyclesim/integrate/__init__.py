"""Programs run over a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cyclesim.codegen import Binding, Program
from cyclesim.integrate.fixed_step import integrate_fixed, state_of
from cyclesim.integrate.trajectory import RunStatus, State, Status, Trajectory
from cyclesim.schedule import Schedule

__all__ = ["RunStatus", "State", "Status", "Trajectory", "integrate", "state_of"]


def integrate(
    program: Program,
    schedule: Schedule,
    binding: Binding,
    state: State | None = None,
    tolerance: float = 1e-8,
    *,
    keep: Sequence[int] | None = None,
    threads: int | None = None,
) -> Trajectory:
    """Return the trajectory of a program by the method that the schedule names.

    `tolerance` is that of an adaptive solver. `keep` are the rows of the model that the values of
    the trajectory hold, in that order; None keeps all. `threads` are those of machine code: by
    themselves as many as CYCLESIM_THREADS says, or one. Raises RunError where an adaptive solver
    is asked for a model that is defined on a fixed step only.
    """
    if schedule.method.adaptive:
        from cyclesim.integrate.adaptive import integrate_adaptive

        whole = integrate_adaptive(program, schedule, binding, state, tolerance)
        return whole if keep is None else replace(whole, values=whole.values[list(keep)])
    if program.target == "llvm":
        from cyclesim.integrate.compiled import integrate_compiled

        return integrate_compiled(program, schedule, binding, state, keep, threads)
    return integrate_fixed(program, schedule, binding, state, keep)
