"""Several cuts of one scenario in a single set of runs, in machine code.

All links are held in one model, each from a time of its own; a run in which that time never comes
is one without the cut. Compiling costs as much as some runs in Python do, so that it is worth it
where runs are long and cuts are several.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cyclesim.codegen import TARGETS, Binding, machine_code
from cyclesim.compiler import CompiledModel, FlatModel, LinkHeld, Override
from cyclesim.compiler.terms import walk
from cyclesim.integrate import State, integrate, state_of
from cyclesim.names import Ident
from cyclesim.results import Results
from cyclesim.scenario.parts import Study
from cyclesim.schedule import schedule_of
from cyclesim.simulation import parameter_values

_COMPILING = 30_000
"""What it costs to compile a term of a model: as much as to compute so many in Python."""


def worth(flat: FlatModel, study: Study, cuts: int) -> bool:
    """Return whether so many cuts are quicker in one set of runs than one by one."""
    if study.specs.method.adaptive or cuts < 2:
        return False
    terms = computed = 0
    for statement in flat.steps:
        for assignment in statement.assignments:
            for piece in assignment.pieces:
                size = sum(1 for _ in walk(piece.term))
                terms += size
                computed += size * math.prod(map(len, piece.box))
    schedule = schedule_of(study.specs, study.model.flat.sim_specs)
    times = schedule.saved[-1] * len(schedule.tableau.b)
    return cuts * computed * times > _COMPILING * terms


def abreast(
    before: CompiledModel,
    changes: Sequence[Override],
    study: Study,
    links: Sequence[LinkHeld],
    *,
    anew: bool,
) -> list[Results] | None:
    """Return the run of a model with `changes` and with each link held alone.

    Runs begin in the state of the model `before` them, or `anew` where the changed one says.
    None where machine code cannot run the model.
    """
    start = float(study.specs.start)
    times = [start if link.time is None else link.time for link in links]
    timed = [replace(link, time=time) for link, time in zip(links, times, strict=True)]
    whole = before.changed(*changes, *timed)
    program = machine_code(whole.flat, strict=True)
    if program.target != "llvm":
        return None
    clocks = (
        part.about.ident
        for part in whole.resolved.parts
        if part.origin is not None and (part.origin.call, part.origin.role) == ("link", "time")
    )
    begins = {
        ident: np.where(np.arange(len(times)) == number, time, math.inf)
        for number, (ident, time) in enumerate(zip(clocks, times, strict=True))
    }
    state: State | None = None
    if not anew:
        with np.errstate(all="ignore"):
            state = state_of(TARGETS["numpy"](before.flat).bind(_binding(before.flat, study, {})))
    schedule = schedule_of(study.specs, study.model.flat.sim_specs)
    found = integrate(program, schedule, _binding(whole.flat, study, begins), state)
    return [
        Results(whole.flat, replace(found, values=found.values[:, :, n], status=(status,)), {})
        for n, status in enumerate(found.status)
    ]


def _binding(flat: FlatModel, study: Study, lanes: Mapping[Ident, np.ndarray]) -> Binding:
    """Return what a set of runs is given: the model's own numbers but for those along `lanes`."""
    schedule = schedule_of(study.specs, study.model.flat.sim_specs)
    clock = schedule.clock
    values = tuple(
        lanes[ident] if ident in lanes else np.reshape(value, (*flat.by_ident[ident].shape, 1))
        for ident, value in zip(flat.parameters, parameter_values(flat, {}), strict=True)
    )
    start, stop, dt = np.float64(clock.start), np.float64(clock.stop), np.float64(clock.dt)
    runs = np.zeros(max(map(len, lanes.values()), default=1), dtype=np.int64)
    declared = np.float64(schedule.declared_dt)
    return Binding(values, start, stop, dt, declared, study.noise_seed, runs)
