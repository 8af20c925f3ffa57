"""One model, one run."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from cyclesim import library
from cyclesim.codegen import TARGETS, Binding, Program
from cyclesim.compiler import (
    CompiledModel,
    FlatModel,
    InitialValue,
    NothingSelected,
    Override,
    Replacement,
    Role,
    Selection,
    compile_model,
    selected,
)
from cyclesim.compiler.terms import Clock, Reading, symbols, walk
from cyclesim.compiler.test_inputs import without_snap
from cyclesim.errors import RunError, UsageError
from cyclesim.integrate import State, Trajectory, integrate, state_of
from cyclesim.names import Ident, did_you_mean
from cyclesim.project import Method, SimSpecs
from cyclesim.readers import read_model
from cyclesim.results import DiscretisationError, Results
from cyclesim.schedule import Schedule, exact_number, halved, schedule_of
from cyclesim.version import __version__

Key = Ident | tuple[Ident, int]
"""A variable, or one element of an array by its place."""

Values = tuple[float | list[float], ...]
"""The numbers of parameters in their order; an array's are a list."""

STILL = 1e-5
"""A variable that moves by less than this share of the largest value in its unit stands still."""


def load(path: str | Path) -> CompiledModel:
    """Return the model of a file, or of the library by its name.

    Raises ModelError with everything wrong in the file, UsageError where there is none.
    """
    if isinstance(path, str) and path in library.model_names():
        path = library.model_path(path)
    return compile_model(read_model(path))


def simulate(
    model: CompiledModel | str | Path,
    parameters: Mapping[str, float] | None = None,
    *,
    initial: Mapping[str, float] | None = None,
    method: str | Method | None = None,
    dt: float | str | Fraction | None = None,
    start: float | str | Fraction | None = None,
    stop: float | str | Fraction | None = None,
    save_every: float | str | Fraction | None = None,
    noise_seed: int = 0,
    run: int = 0,
    target: str = "python",
    state: State | None = None,
    estimate_error: bool = True,
    strict: bool = True,
) -> Results:
    """Return one run of a model, with the model's own settings where none are given.

    `parameters` set variables from the start on, an equation replaced by its number; `initial`
    sets stocks at the start; both may name elements of arrays, as Name[E1,E2] or Name[*,E2];
    `state` starts the run from a state instead of initial equations.
    Raises UsageError for names and numbers that do not fit, RunError where the run diverges
    and `strict` asks for a whole one.
    """
    loaded = model if isinstance(model, CompiledModel) else load(model)
    values, overrides, notes = _settings(loaded, parameters or {}, initial or {})
    flat = loaded.changed(*overrides).flat
    specs = settled_specs(flat.sim_specs, method, dt, start, stop, save_every)
    schedule = schedule_of(specs, flat.sim_specs)
    bound_values = parameter_values(flat, values)
    target = "python" if schedule.method.adaptive else target
    program = TARGETS[target](flat)
    notes += [program.note] if program.note else []
    trajectory = run_program(program, schedule, bound_values, noise_seed, run, state)
    if strict and not trajectory.status[0].complete:
        raise RunError(f"{trajectory.status[0].message}.")
    error = None
    if estimate_error and trajectory.status[0].complete:
        error = discretisation_error(
            program, schedule, bound_values, noise_seed, run, state, trajectory
        )
    shown = bound_numbers(flat, bound_values)
    made = provenance(flat, schedule, noise_seed, program.target)
    return Results(flat, trajectory, shown, made, error, tuple(notes))


def run_program(
    program: Program,
    schedule: Schedule,
    values: Values,
    noise_seed: int = 0,
    run: int = 0,
    state: State | None = None,
) -> Trajectory:
    """Return the trajectory of a program under a schedule."""
    trajectory = integrate(
        program, schedule, _binding(program, schedule, values, noise_seed, run), state
    )
    if trajectory.values.ndim == 3:  # a set of one run
        return replace(trajectory, values=trajectory.values[:, :, 0])
    return trajectory


def initial_state(
    program: Program, schedule: Schedule, values: Values, noise_seed: int, run: int
) -> State:
    """Return the state in which a run of a program begins."""
    return state_of(program.bind(_binding(program, schedule, values, noise_seed, run)))


def _binding(
    program: Program, schedule: Schedule, values: Values, noise_seed: int, run: int
) -> Binding:
    """Return what a run of a program is given, in the form of its target."""
    clock = schedule.clock
    numbers = (clock.start, clock.stop, clock.dt, schedule.declared_dt)
    bound: tuple[Any, ...] = values
    if program.target != "python":
        shapes = [program.flat.by_ident[ident].shape for ident in program.flat.parameters]
        bound = tuple(
            np.array(value, dtype=float).reshape((*shape, 1))
            if shape
            else np.asarray(value, float)[()]
            for value, shape in zip(values, shapes, strict=True)
        )
        numbers = tuple(np.float64(number) for number in numbers)  # type: ignore[assignment]
    return Binding(bound, *numbers, noise_seed, run)


def parameter_values(flat: FlatModel, given: Mapping[Key, float]) -> Values:
    """Return the numbers of a model's parameters in their order, the given ones replaced.

    A number given for an array is given to each of its elements; an array is a list of them.
    """
    found: list[float | list[float]] = []
    for ident in flat.parameters:
        variable = flat.by_ident[ident]
        own = list(variable.values)
        if ident in given:
            own = [given[ident]] * variable.size
        for place in range(variable.size if variable.shape else 0):
            own[place] = given.get((ident, place), own[place])
        found.append(own if variable.shape else own[0])
    return tuple(found)


def bound_numbers(flat: FlatModel, values: Values) -> dict[str, float]:
    """Return the numbers bound by the full name of each element, made parameters left out."""
    shown: dict[str, float] = {}
    for ident, value in zip(flat.parameters, values, strict=True):
        variable = flat.by_ident[ident]
        if not variable.hidden:
            each = value if isinstance(value, list) else [value]
            shown |= dict(zip(variable.columns, each, strict=True))
    return shown


def settled_specs(
    specs: SimSpecs,
    method: str | Method | None = None,
    dt: float | str | Fraction | None = None,
    start: float | str | Fraction | None = None,
    stop: float | str | Fraction | None = None,
    save_every: float | str | Fraction | None = None,
) -> SimSpecs:
    """Return the model's settings with those given in their place."""
    changes: dict[str, object] = {}
    for key, given in (("dt", dt), ("start", start), ("stop", stop), ("save_interval", save_every)):
        if given is not None:
            changes[key] = exact(key, given)
    if method is not None:
        changes["method"] = _method(method)
    settled = replace(specs, **changes)  # type: ignore[arg-type]
    if save_every is None and settled.save_interval is not None:
        coarser = max(settled.save_interval, settled.dt)
        settled = replace(settled, save_interval=coarser)
    return settled


def exact(name: str, given: float | str | Fraction) -> Fraction:
    """Return a number given for a setting, exactly. Raises UsageError where it is none."""
    found = exact_number(given)
    if found is None:
        raise UsageError(f"{name} = {given} is not a number.")
    return found


def _method(given: str | Method) -> Method:
    if isinstance(given, Method):
        return given
    try:
        return Method(given.casefold())
    except ValueError:
        names = [method.value for method in Method]
        advice = did_you_mean(given, names) or f"It is one of {', '.join(names)}."
        raise UsageError(f"no integration method is called '{given}'. {advice}") from None


def _settings(
    loaded: CompiledModel, parameters: Mapping[str, float], initial: Mapping[str, float]
) -> tuple[dict[Key, float], list[Override], list[str]]:
    flat = loaded.flat
    values: dict[Key, float] = {}
    overrides: list[Override] = []
    notes: list[str] = []
    for selection, value in _chosen(flat, parameters):
        variable, ident = selection.variable, selection.whole.ident
        if selection.whole.role is Role.PARAMETER:
            keys: list[Key] = [(ident, place) for place in selection.places]
            values |= dict.fromkeys(keys if selection.boxes else [ident], value)
        else:
            overrides.append(Replacement(ident, value, selection.boxes))
            if variable.role not in (Role.LEVEL, Role.PARAMETER):
                notes.append(
                    f"'{variable.name}' has an equation, '{variable.equation}'; "
                    f"it is replaced by {value:g}."
                )
        if not variable.range.holds(value):
            notes.append(f"'{variable.name}' = {value:g} lies outside its range, {variable.range}.")
    for selection, value in _chosen(flat, initial):
        overrides.append(InitialValue(selection.whole.ident, value, selection.boxes))
    return values, overrides, notes


def _chosen(flat: FlatModel, given: Mapping[str, float]) -> list[tuple[Selection, float]]:
    """Return what the names say, parts of arrays after the arrays that hold them."""
    found: list[tuple[Selection, float]] = []
    for name, value in given.items():
        if not math.isfinite(value):
            raise UsageError(f"'{name}' = {value:g} is not a number.")
        try:
            found.append((selected(flat, name), float(value)))
        except NothingSelected as nothing:
            raise UsageError(str(nothing)) from None
    return sorted(found, key=lambda each: -each[0].variable.size)


def discretisation_error(
    program: Program,
    schedule: Schedule,
    values: Values,
    noise_seed: int,
    run: int,
    state: State | None,
    trajectory: Trajectory,
) -> DiscretisationError | None:
    """Return how far the run may lie from one with a vanishing step.

    A fixed-step run is held against one of half the step on the same noise path, by
    Richardson's extrapolation (Hairer, Norsett, Wanner 1993, II.4); an adaptive one against one of
    a hundredth of the tolerance. Variables that read dt have no limit and are left out.
    """
    flat = program.flat
    if schedule.method.adaptive:
        binding = Binding(values, schedule.clock.start, schedule.clock.stop, schedule.clock.dt,
                          schedule.declared_dt, noise_seed, run)  # fmt: skip
        finer = integrate(program, schedule, binding, state, tolerance=1e-10)
        factor, words = 1.0, "the same solver at a hundredth of its tolerance"
    else:
        finer = run_program(program, halved(schedule), values, noise_seed, run, state)
        order = schedule.tableau.order
        factor = 2.0**order / (2.0**order - 1.0)
        words = f"a run with half the step, dt = {schedule.clock.dt / 2:g}"
    if not finer.status[0].complete:
        return None
    shares: dict[str, float] = {}
    sizes = _sizes(flat, trajectory, schedule.clock.stop - schedule.clock.start)
    bound = step_bound(flat)
    for variable in flat.visible:
        if variable.ident in bound:
            continue
        for row, name in enumerate(variable.columns, flat.places[variable.ident]):
            share = _share(trajectory.values[row], finer.values[row], sizes[variable.ident])
            if share is not None:
                shares[name] = share * factor
    return DiscretisationError(shares, words)


def _sizes(flat: FlatModel, trajectory: Trajectory, length: float) -> dict[Ident, float]:
    """Return what is large for each variable: the largest value in its unit.

    For a flow it is also the rate that would turn over a stock it changes within the run.
    """
    rows = np.nan_to_num(np.abs(trajectory.values), posinf=0.0).max(axis=1)
    peaks = {
        variable.ident: float(rows[flat.places[variable.ident] :][: variable.size].max())
        for variable in flat.variables
    }
    largest: dict[str | None, float] = {}
    for variable in flat.variables:
        largest[variable.units] = max(peaks[variable.ident], largest.get(variable.units, 0.0))
    sizes = {variable.ident: largest[variable.units] for variable in flat.variables}
    for rule in flat.levels:
        rate = peaks[rule.ident] / length
        for flow in (*rule.inflows, *rule.outflows):
            sizes[flow] = max(sizes[flow], rate)
    return sizes


def _share(coarse: np.ndarray, fine: np.ndarray, size: float) -> float | None:
    if not (np.isfinite(coarse).all() and np.isfinite(fine).all()):
        return None
    spread = float(coarse.max() - coarse.min())
    if spread <= STILL * size:
        return 0.0
    return float(np.abs(coarse - fine).max()) / spread


def step_bound(flat: FlatModel) -> frozenset[Ident]:
    """Return the variables whose value at a time depends on dt itself, as a pulse's does."""
    found: set[Ident] = set()
    for statement in (*flat.constants, *flat.steps):
        assignments = statement.assignments
        terms = [piece.term for each in assignments for piece in each.pieces]
        direct = any(
            isinstance(node, Clock) and node.reading is Reading.DT
            for term in terms
            for node in walk(without_snap(term))
        )
        if direct or any(need in found for term in terms for need in symbols(term)):
            found.update(each.ident for each in assignments)
    return frozenset(found)


def provenance(
    flat: FlatModel, schedule: Schedule, noise_seed: int, target: str
) -> dict[str, object]:
    """Return what is needed to repeat a run and to know what computed it."""
    return {
        "model": flat.name,
        "model_file": flat.path,
        "model_digest": flat.digest,
        "method": schedule.method.value,
        "start": schedule.clock.start,
        "stop": schedule.clock.stop,
        "dt": schedule.clock.dt,
        "time_units": flat.time_units,
        "noise_seed": noise_seed,
        "target": target,
        "cyclesim": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
