"""A scenario run with many sets of numbers at once: one program, each run a lane of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from cyclesim.codegen import TARGETS, Binding, Program, machine_code
from cyclesim.compiler import (
    CompiledModel,
    FlatModel,
    InitialValue,
    Lifted,
    Model,
    Override,
    Piece,
    Replacement,
    Role,
    flatten,
    override,
    selected,
)
from cyclesim.compiler.flat import places_in
from cyclesim.compiler.terms import Box
from cyclesim.ensemble.scenario_models import before_overrides
from cyclesim.integrate import State, Trajectory, integrate, state_of
from cyclesim.names import Ident
from cyclesim.project import SimSpecs
from cyclesim.scenario.parts import Scenario, Study
from cyclesim.scenario.varied import NotVaried, Varied, VariedKind
from cyclesim.schedule import Schedule, schedule_of

MOST_BYTES = 200_000_000
"""Saved values kept at once: more runs are done in several turns."""


@dataclass(frozen=True)
class _Spot:
    """Where a varied number is bound: a parameter, and the place in it (None: all of it)."""

    parameter: Ident
    element: int | None


@dataclass(frozen=True)
class ScenarioRuns:
    """A scenario ready to run with other numbers for what varies.

    `before` is the organisation without the scenario's changes, whose initial state each run starts
    from; `changed` has them. `spots` says for each varied number where it is bound; one that the
    scenario itself sets from before the start has none, and is the same in every run.
    """

    study: Study
    scenario: Scenario
    varied: tuple[Varied, ...]
    before: CompiledModel
    changed: CompiledModel
    spots: tuple[tuple[_Spot, ...], ...]
    target: str = "numpy"
    strict: bool = False

    @cached_property
    def programs(self) -> tuple[Program, Program]:
        """Return the code of the organisation before the changes, and with them.

        The first only says where runs begin, for which one target serves all.
        """
        changed = self.changed.flat
        made = (
            machine_code(changed, self.strict)
            if self.target == "llvm"
            else TARGETS[self.target](changed)
        )
        return TARGETS["numpy"](self.before.flat), made

    @cached_property
    def schedule(self) -> Schedule:
        """Return the clock of the study."""
        return schedule_of(self.study.specs, self.study.model.flat.sim_specs)

    def trajectory(
        self,
        numbers: np.ndarray,
        *,
        schedule: Schedule | None = None,
        first_run: int = 0,
        settle: float | None = None,
        keep: Sequence[int] | None = None,
        runs: np.ndarray | None = None,
    ) -> Trajectory:
        """Return the runs of `numbers` (varied, run): values (variable, time, run).

        `first_run` numbers the first of them, or `runs` each one: noise depends on it. With
        `settle` the unchanged organisation runs for so long before the start. `keep` are the rows
        of the changed model that are kept, all where it is None. Run k is the lone run k.
        """
        schedule = schedule or self.schedule
        before, changed = self.programs
        if runs is None:
            runs = np.arange(first_run, first_run + numbers.shape[1])
        state: State | None = None
        if settle is not None:
            state = self._settled(numbers, runs, settle)
        elif self.scenario.changes and not self.scenario.recompute:
            with np.errstate(all="ignore"):
                state = state_of(before.bind(self.binding(before.flat, numbers, runs, schedule)))
        binding = self.binding(changed.flat, numbers, runs, schedule)
        return integrate(changed, schedule, binding, state, keep=keep)

    def turns(
        self, numbers: np.ndarray, settle: float | None = None
    ) -> Iterator[tuple[slice, Trajectory]]:
        """Yield the runs of many numbers in parts that fit in memory, each with its runs."""
        size = self.changed.flat.rows * len(self.schedule.saved) * 8
        at_once = max(1, MOST_BYTES // size)
        count = numbers.shape[1]
        for first in range(0, count, at_once):
            part = slice(first, min(first + at_once, count))
            yield part, self.trajectory(numbers[:, part], first_run=first, settle=settle)

    def binding(
        self, flat: FlatModel, numbers: np.ndarray, runs: np.ndarray, schedule: Schedule
    ) -> Binding:
        """Return what the runs are given: the numbers along the free axis, clock and noise."""
        clock = schedule.clock
        start, stop, dt = np.float64(clock.start), np.float64(clock.stop), np.float64(clock.dt)
        declared, seed = np.float64(schedule.declared_dt), self.study.noise_seed
        return Binding(self._values(flat, numbers), start, stop, dt, declared, seed, runs)

    def _values(self, flat: FlatModel, numbers: np.ndarray) -> tuple[Any, ...]:
        """Return the parameters in the order of the model, varied ones along the lanes."""
        placed: dict[Ident, list[tuple[int | None, int]]] = {}
        for row, spots in enumerate(self.spots):
            for spot in spots:
                placed.setdefault(spot.parameter, []).append((spot.element, row))
        values: list[Any] = []
        for ident in flat.parameters:
            variable = flat.by_ident[ident]
            own = np.array(variable.values).reshape((*variable.shape, 1))
            bound = placed.get(ident)
            if bound is None:
                values.append(own if variable.shape else np.float64(own[0]))
            elif variable.shape:
                lanes = np.repeat(own.reshape((-1, 1)), numbers.shape[1], axis=1)
                for element, row in bound:
                    lanes[slice(None) if element is None else element] = numbers[row]
                values.append(lanes.reshape((*variable.shape, -1)))
            else:
                values.append(numbers[bound[0][1]])
        return tuple(values)

    def _settled(self, numbers: np.ndarray, runs: np.ndarray, settle: float) -> State:
        """Return where the unchanged organisation is after it has run for `settle`.

        Stocks for which the scenario gives a value at its start have that value.
        """
        flat = self.study.model.flat
        stocks = {
            ident: value
            for ident, value in self.scenario.start.items()
            if flat.by_ident[ident].role is Role.LEVEL
        }
        others = {i: v for i, v in self.scenario.start.items() if i not in stocks}
        unset = bindable(self.study, replace(self.scenario, start=others), self.varied)
        model = unset.changed if self.scenario.recompute else unset.before
        schedule = schedule_of(settling(self.study.specs, settle), flat.sim_specs)
        program = TARGETS["numpy"](model.flat)
        found = integrate(program, schedule, unset.binding(model.flat, numbers, runs, schedule))
        state = _last(model.flat, found)
        levels = tuple(
            np.float64(stocks[rule.ident]) if rule.ident in stocks else level
            for rule, level in zip(model.flat.levels, state.levels, strict=True)
        )
        return State(levels, state.held)


def bindable(
    study: Study,
    scenario: Scenario,
    varied: Sequence[Varied],
    target: str = "numpy",
    strict: bool = False,
) -> ScenarioRuns:
    """Return a scenario ready to run with other numbers for what varies, in a target for many runs.

    `strict` is machine code's: each division is done as it is written.
    Raises NotVaried for a number that the scenario has not.
    """
    making = _Making(study.model.resolved, tuple(varied))
    changed_idents = {change.override.ident for change in scenario.changes}
    for place, each in enumerate(varied):
        if each.kind is VariedKind.CONSTANT:
            lifted = each.ident in changed_idents
            making.make(place, each, Lifted(each.ident, _box(study, each)) if lifted else None)
    making.given(study, before_overrides(study, scenario))
    for place, each in enumerate(varied):
        if each.kind is VariedKind.INITIAL:
            making.make(place, each, InitialValue(each.ident, 0.0, _box(study, each)))
    before = CompiledModel(making.model, flatten(making.model))
    for change in scenario.changes:
        if isinstance(change.override, Replacement):
            making.given(study, (change.override,))
            continue
        made = making.apply(change.override)
        for place, each in enumerate(varied):
            if each.changed == change.variable.ident and each.kind is VariedKind.CHANGE:
                making.spots[place] += [
                    _Spot(ident, None) for ident, role in made.items() if role == each.role
                ]
    for place, each in enumerate(varied):
        if each.kind is VariedKind.CHANGE and not making.spots[place]:
            raise NotVaried(f"'{scenario.name}' has no change of '{each.name}' with '{each.role}'.")
    changed = CompiledModel(making.model, flatten(making.model)) if scenario.changes else before
    spots = tuple(map(tuple, making.spots))
    return ScenarioRuns(study, scenario, tuple(varied), before, changed, spots, target, strict)


class _Making:
    """A model while overrides are compiled in, and where each varied number is bound."""

    def __init__(self, model: Model[Piece], varied: tuple[Varied, ...]) -> None:
        self.model = model
        self.varied = varied
        self.spots: list[list[_Spot]] = [[] for _ in varied]

    def apply(self, change: Override | Lifted) -> Mapping[Ident, str]:
        """Compile a change in; return the parameters made for its numbers, each with its role."""
        known = {part.about.ident for part in self.model.parts}
        self.model = override(self.model, (change,))
        return {
            part.about.ident: part.origin.role
            for part in self.model.parts
            if part.about.ident not in known and part.origin is not None
        }

    def make(self, place: int, each: Varied, change: Override | Lifted | None) -> None:
        """Bind a varied number to the parameter that a change makes, or to the constant itself."""
        if change is None:
            self.spots[place].append(_Spot(each.ident, each.element))
            return
        made = self.apply(change)
        if not made:
            raise NotVaried(f"'{each.name}' has no number of its own that could vary.")
        self.spots[place] += [_Spot(ident, None) for ident in made]

    def given(self, study: Study, overrides: Sequence[Override]) -> None:
        """Compile in numbers that hold from before the start: what varies there no longer does."""
        for each in overrides:
            self.apply(each)
            if not isinstance(each, Replacement):
                continue
            places = _places(study, each)
            for spots, varied in zip(self.spots, self.varied, strict=True):
                own = varied.ident == each.ident and varied.kind is VariedKind.CONSTANT
                if own and (varied.element is None or varied.element in places):
                    spots.clear()


def _box(study: Study, each: Varied) -> tuple[Box, ...]:
    return () if each.element is None else selected(study.model.flat, each.name).boxes


def _places(study: Study, each: Replacement) -> set[int]:
    shape = study.model.flat.by_ident[each.ident].shape
    chosen = each.boxes or (tuple(map(range, shape)),)
    return {place for box in chosen for place in places_in(shape, box)}


def settling(specs: SimSpecs, settle: float) -> SimSpecs:
    """Return the settings of a run that ends where the run itself starts."""
    length = Fraction(str(settle))
    return replace(specs, start=specs.start - length, stop=specs.start, save_interval=length)


def _last(flat: FlatModel, found: Trajectory) -> State:
    """Return the state at the end of a trajectory of a model without buffers."""

    def column(ident: Ident) -> np.ndarray:
        variable = flat.by_ident[ident]
        rows = found.values[flat.places[ident] :][: variable.size, -1]
        return np.asarray(rows.reshape((*variable.shape, -1)))

    levels = tuple(column(rule.ident) for rule in flat.levels)
    return State(levels, tuple(column(rule.ident) for rule in flat.memories))
