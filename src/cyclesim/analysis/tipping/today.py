"""Where an organisation stands, and runs from there: other stocks or numbers, each run a lane.

A number that differs holds from now on. The stocks, and what INIT remembers, are those of the
organisation as it is: margins tell of decisions, not of another past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from cyclesim.codegen import TARGETS, Binding, Program
from cyclesim.compiler import FlatModel, FlatVariable, Replacement, Role, selected
from cyclesim.compiler.terms import MOVING, Clock, Draw, Term, walk
from cyclesim.ensemble import ScenarioRuns, Varied, VariedKind, bindable, change_numbers, constant
from cyclesim.ensemble.batch import target_for
from cyclesim.errors import UsageError
from cyclesim.integrate import State, integrate, state_of
from cyclesim.names import Ident
from cyclesim.project import Method, SimSpecs
from cyclesim.scenario.parts import Scenario, Study
from cyclesim.schedule import Schedule, schedule_of

Array = np.ndarray

MOST_ELEMENTS = 24
"""Elements of an array whose numbers vary one by one; those of a larger array stand still."""

_LANES = 1500
"""Lanes run at once: more are done in several turns, so that they stay in the cache."""


@dataclass(frozen=True)
class Stock:
    """An element of a stock: its name, the variable it belongs to and what it is measured in."""

    name: str
    variable: FlatVariable
    hidden: bool


@dataclass(frozen=True)
class Step:
    """How runs are computed: a fixed-step method and its dt."""

    method: Method
    dt: Fraction


@dataclass(frozen=True)
class Today:
    """An organisation at `start`: `levels` (stock,) and `numbers` (varied,), ready for lanes."""

    study: Study
    scenario: Scenario
    runs: ScenarioRuns
    numbers: Array
    levels: Array
    held: tuple[Any, ...]
    start: Fraction
    notes: tuple[str, ...] = ()

    @property
    def flat(self) -> FlatModel:
        """Return the model with the scenario's changes."""
        return self.runs.changed.flat

    @property
    def varied(self) -> tuple[Varied, ...]:
        """Return the numbers that can differ."""
        return self.runs.varied

    @property
    def stocks(self) -> tuple[Stock, ...]:
        """Return the stocks element by element, those that the compiler made included."""
        variables = [self.flat.by_ident[rule.ident] for rule in self.flat.levels]
        return tuple(Stock(name, v, v.hidden) for v in variables for name in v.columns)

    @property
    def specs(self) -> SimSpecs:
        """Return the settings of the study's runs, from where the organisation stands on."""
        return replace(self.study.specs, start=self.start)

    @property
    def own_step(self) -> Step:
        """Return the study's own step; an adaptive method stands for RK4 with the same dt."""
        method = self.study.specs.method
        return Step(Method.RK4 if method.adaptive else method, self.study.specs.dt)

    @property
    def beyond_stocks(self) -> str:
        """Return why stocks alone do not say what comes next; nothing where they do."""
        return beyond_stocks(self.flat)

    @cached_property
    def pointwise(self) -> Program:
        """Return the program for rates and values at single times, where numpy is the quicker."""
        if self.runs.changed is self.runs.before:
            return self.runs.programs[0]
        return TARGETS["numpy"](self.flat)

    def schedule(self, stop: Fraction, parts: int = 1, step: Step | None = None) -> Schedule:
        """Return a schedule that keeps the start and the ends of so many equal parts.

        The step is the study's own where none is given.
        """
        step = step or self.own_step
        every = (stop - self.start) / parts
        specs = replace(self.specs, stop=stop, dt=step.dt, method=step.method, save_interval=every)
        return schedule_of(specs, self.study.model.flat.sim_specs)

    def state(self, levels: Array) -> State:
        """Return the state of lanes whose stocks are `levels` (stock, lane)."""
        variables = [self.flat.by_ident[rule.ident] for rule in self.flat.levels]
        parts = np.split(levels, np.cumsum([v.size for v in variables])[:-1])
        return State(
            tuple(p.reshape((*v.shape, -1)) for p, v in zip(parts, variables, strict=True)),
            self.held,
        )

    def binding(self, numbers: Array, schedule: Schedule) -> Binding:
        """Return what lanes with `numbers` (varied, lane) are given; all have the same noise."""
        runs = np.zeros(numbers.shape[1], dtype=int)
        bound = self.runs.binding(self.flat, numbers, runs, schedule)
        return bound._replace(parameters=tuple(map(_narrow, bound.parameters)))

    def run(self, schedule: Schedule, levels: Array | None, numbers: Array | None) -> Array:
        """Return saved values (row, time, lane) of runs from `levels` with `numbers`.

        Rows are those of `kept`. What is not given is as today. A lane that leaves the numbers is
        NaN from there on.
        """
        lanes = max(x.shape[1] for x in (levels, numbers, self.levels[:, None]) if x is not None)
        levels = _wide(self.levels if levels is None else levels, lanes)
        numbers = _wide(self.numbers if numbers is None else numbers, lanes)
        _, program = self.runs.programs
        turns = []
        for first in range(0, lanes, _LANES):
            part = slice(first, first + _LANES)
            bound = self.binding(numbers[:, part], schedule)
            begin = self.state(levels[:, part])
            turns.append(integrate(program, schedule, bound, begin, keep=self.kept).values)
        return np.concatenate(turns, axis=2) if len(turns) > 1 else turns[0]

    @cached_property
    def kept(self) -> tuple[int, ...]:
        """Return the rows of the model that runs keep: the stocks, then the study's outputs.

        They are the same for all runs, so that one program serves them.
        """
        stocks = (
            self.flat.places[rule.ident] + element
            for rule in self.flat.levels
            for element in range(self.flat.by_ident[rule.ident].size)
        )
        outputs = (self.place(output.variable.name) for output in self.study.outputs)
        return tuple(dict.fromkeys((*stocks, *outputs)))

    def place(self, name: str) -> int:
        """Return the row of a scalar or an element among all values of the model."""
        chosen = selected(self.flat, name)
        return self.flat.places[chosen.whole.ident] + (chosen.element or 0)

    def row(self, name: str) -> int:
        """Return the row of a stock or an output among a run's values."""
        return self.kept.index(self.place(name))

    def ends(
        self,
        name: str,
        time: float,
        levels: Array | None,
        numbers: Array | None,
        step: Step | None = None,
    ) -> Array:
        """Return where an output is at a time (lane,), of runs from `levels` with `numbers`."""
        schedule = self.schedule(Fraction(str(time)), step=step)
        return np.array(self.run(schedule, levels, numbers)[self.row(name), -1])

    def levels_in(self, values: Array) -> Array:
        """Return the stocks (stock, ...) out of a run's values."""
        return np.asarray(values[: len(self.levels)])

    def values(self, levels: Array, numbers: Array | None, time: float) -> Array:
        """Return all values (row, lane) of the model at a time, in the states `levels`."""
        lanes = levels.shape[1]
        numbers = self.numbers[:, None] if numbers is None else numbers
        schedule = self.schedule(self.start + self.own_step.dt)
        bound = self.pointwise.bind(self.binding(numbers, schedule))
        state, at = self.state(levels), np.float64(time)
        columns = bound.outputs(at, at, state.levels, state.held)
        rows = [
            np.broadcast_to(column, (*v.shape, lanes)).reshape((v.size, lanes))
            for column, v in zip(columns, self.flat.variables, strict=True)
        ]
        return np.concatenate(rows).astype(float)


def _narrow(values: Any) -> Any:
    """Return a scalar number that is the same in all lanes as one: what follows from it is one."""
    if np.ndim(values) != 1 or (values != values[0]).any():
        return values
    return values[0]


def _wide(values: Array, lanes: int) -> Array:
    columns = values if values.ndim == 2 else values[:, None]
    return np.ascontiguousarray(np.broadcast_to(columns, (len(columns), lanes)))


def beyond_stocks(flat: FlatModel) -> str:
    """Return why stocks alone do not say what comes next; nothing where they do."""
    if flat.buffers:
        return "it has delays in whole steps"
    if flat.conveyors:
        return "it has conveyors"
    if any(rule.update for rule in flat.memories):
        return "it reads values of an earlier step"
    if any(isinstance(node, Draw) for term in _terms(flat) for node in walk(term)):
        return "it has noise"
    return ""


def moves_with_time(flat: FlatModel) -> bool:
    """Return whether an equation reads the time."""
    return any(
        isinstance(node, Clock) and node.reading in MOVING
        for term in _terms(flat)
        for node in walk(term)
    )


def _terms(flat: FlatModel) -> list[Term]:
    return [piece.term for variable in flat.variables for piece in variable.pieces]


def scenario_named(study: Study, name: str | None) -> Scenario:
    """Return a scenario of a study; without a name the one its `tipping` names, else its first.

    Raises UsageError where there is none of that name.
    """
    if name is None and study.tipping is not None and study.tipping.scenario is not None:
        return study.tipping.scenario
    for scenario in study.scenarios:
        if name is None or scenario.name == name:
            return scenario
    known = ", ".join(scenario.name for scenario in study.scenarios)
    raise UsageError(f"'{study.path}' has no scenario '{name}'. It has {known}.")


def stand(study: Study, scenario: Scenario, at: float | None = None) -> Today:
    """Return where an organisation stands at the start of a scenario, or at a time of it.

    Raises UsageError for a time outside the run, or one whose state stocks alone do not tell.
    """
    flat = study.model.flat
    bare, given = _unset(study, scenario)
    varied = (*_constants(flat), *change_numbers(bare))
    target, _ = target_for(study)
    runs = bindable(study, bare, varied, target=target)
    numbers = np.array([given.get((v.ident, v.element), _own(flat, v)) for v in varied])
    start = study.specs.start
    notes: tuple[str, ...] = ()
    if study.specs.method.adaptive:
        notes = (f"runs are computed by rk4 with a dt of {float(study.specs.dt):g}, "
                 f"since {study.specs.method.value} has no lanes",)  # fmt: skip
    schedule = schedule_of(replace(study.specs, method=Method.RK4), flat.sim_specs)
    model = runs.changed if bare.recompute else runs.before
    program = runs.programs[1 if bare.recompute else 0]
    column = numbers[:, None]
    with np.errstate(all="ignore"):
        bound = program.bind(runs.binding(model.flat, column, np.zeros(1, dtype=int), schedule))
        begin = state_of(bound)
    sizes = [flat.by_ident[rule.ident].size for rule in model.flat.levels]
    levels = [
        np.broadcast_to(np.ravel(column), (size,))
        for column, size in zip(begin.levels, sizes, strict=True)
    ]
    whole = np.concatenate(levels).astype(float) if levels else np.zeros(0)
    today = Today(study, scenario, runs, numbers, whole, begin.held, start, notes)
    return today if at is None else _later(today, at)


def _later(today: Today, at: float) -> Today:
    """Return where the organisation stands at a later time, by the study's own step."""
    time, specs = Fraction(str(at)), today.study.specs
    if not specs.start < time < specs.stop:
        raise UsageError(
            f"{at:g} lies outside the run, which goes from {float(specs.start):g} to "
            f"{float(specs.stop):g}. Choose a time within it."
        )
    if today.beyond_stocks:
        raise UsageError(
            f"where '{today.flat.name}' stands at {at:g} is more than its stocks: "
            f"{today.beyond_stocks}. Look at its start."
        )
    values = today.run(today.schedule(time), None, None)
    return replace(today, levels=today.levels_in(values[:, -1])[:, 0], start=time)


def _unset(
    study: Study, scenario: Scenario
) -> tuple[Scenario, dict[tuple[Ident, int | None], float]]:
    """Return a scenario without the constants it sets from before the start, and these numbers.

    Set aside, they can still vary; what is not a constant stays.
    """
    given: dict[tuple[Ident, int | None], float] = {}
    flat = study.model.flat

    def taken(ident: Ident, value: float) -> bool:
        chosen = selected(flat, ident)
        if chosen.whole.role is not Role.PARAMETER or chosen.whole.size > MOST_ELEMENTS:
            return False
        places: Sequence[int | None] = chosen.places if chosen.whole.shape else [None]
        given.update({(chosen.whole.ident, place): value for place in places})
        return True

    start = {ident: v for ident, v in scenario.start.items() if not taken(ident, v)}
    changes = tuple(
        change
        for change in scenario.changes
        if not (
            isinstance(change.override, Replacement)
            and taken(change.variable.ident, change.override.value)
        )
    )
    return replace(scenario, start=start, changes=changes), given


def _constants(flat: FlatModel) -> list[Varied]:
    found: list[Varied] = []
    for ident in flat.parameters:
        variable = flat.by_ident[ident]
        if not variable.hidden and variable.size <= MOST_ELEMENTS:
            found += [constant(flat, name) for name in variable.columns]
    return found


def _own(flat: FlatModel, varied: Varied) -> float:
    if varied.kind is VariedKind.CHANGE:
        return float(varied.value or 0.0)
    variable = flat.by_ident[varied.ident]
    return variable.values[varied.element or 0]
