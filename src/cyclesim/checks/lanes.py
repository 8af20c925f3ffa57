"""A scenario run in every draw at once: one program, each draw a lane of the `numpy` target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from cyclesim.checks.parts import Sampled
from cyclesim.codegen import TARGETS, Binding, Program
from cyclesim.compiler import CompiledModel, FlatModel, Lifted, Replacement, Role, selected
from cyclesim.integrate import State, Trajectory, integrate, state_of
from cyclesim.names import Ident
from cyclesim.project import SimSpecs
from cyclesim.scenario.parts import Scenario, Study
from cyclesim.schedule import Schedule, schedule_of
from cyclesim.study import scenario_models

_MOST_BYTES = 200_000_000
"""Saved values kept at once: draws beyond it are run in several turns."""


@dataclass(frozen=True)
class Lanes:
    """A study whose sampled constants can be bound, and the numbers drawn: (constant, draw)."""

    study: Study
    sampled: tuple[Sampled, ...]
    numbers: np.ndarray
    settle: float | None

    @staticmethod
    def of(
        study: Study,
        scenarios: Sequence[Scenario],
        sampled: tuple[Sampled, ...],
        numbers: np.ndarray,
        settle: float | None,
    ) -> Lanes:
        """Return the lanes of a study; constants that a scenario changes stay bindable."""
        changed = {change.variable.ident for each in scenarios for change in each.changes}
        lifted = [Lifted(each.ident) for each in sampled if each.ident in changed]
        bindable = replace(study, model=study.model.changed(*lifted))
        return Lanes(bindable, sampled, numbers, settle)

    def turns(self, scenario: Scenario) -> Iterator[tuple[slice, FlatModel, Trajectory]]:
        """Yield the trajectories of a scenario, each with its draws and the model it is of."""
        before, changed = scenario_models(self.study, scenario)
        schedule = schedule_of(self.study.specs, self.study.model.flat.sim_specs)
        size = changed.flat.rows * len(schedule.saved) * 8
        at_once = max(1, _MOST_BYTES // size)
        count = self.numbers.shape[1]
        programs = (TARGETS["numpy"](before.flat), TARGETS["numpy"](changed.flat))
        for first in range(0, count, at_once):
            part = slice(first, min(first + at_once, count))
            yield part, changed.flat, self._run(scenario, programs, schedule, part)

    def _run(
        self,
        scenario: Scenario,
        programs: tuple[Program, Program],
        schedule: Schedule,
        part: slice,
    ) -> Trajectory:
        before, changed = programs
        state: State | None = None
        if self.settle is not None:
            state = self._settled(scenario, part)
        elif scenario.changes and not scenario.recompute:
            with np.errstate(all="ignore"):
                state = state_of(before.bind(self._binding(before.flat, scenario, schedule, part)))
        return integrate(
            changed, schedule, self._binding(changed.flat, scenario, schedule, part), state
        )

    def _binding(
        self, flat: FlatModel, scenario: Scenario, schedule: Schedule, part: slice
    ) -> Binding:
        clock = schedule.clock
        start, stop, dt = np.float64(clock.start), np.float64(clock.stop), np.float64(clock.dt)
        runs = np.arange(self.numbers.shape[1])[part]  # each draw has its own noise
        values = self._values(flat, scenario, part)
        declared, seed = np.float64(schedule.declared_dt), self.study.noise_seed
        return Binding(values, start, stop, dt, declared, seed, runs)

    def _values(self, flat: FlatModel, scenario: Scenario, part: slice) -> tuple[Any, ...]:
        """Return the parameters, drawn ones along the lanes, in the order of the model."""
        # A number that holds from before the start is the same in every draw.
        names = [c.variable.ident for c in scenario.changes if isinstance(c.override, Replacement)]
        given = [selected(self.study.model.flat, name) for name in (*names, *scenario.start)]
        drawn: dict[Ident, list[int]] = {}
        for place, each in enumerate(self.sampled):
            if not any(
                chosen.whole.ident == each.ident
                and (each.element is None or each.element in chosen.places)
                for chosen in given
            ):
                drawn.setdefault(each.ident, []).append(place)
        values: list[Any] = []
        for ident in flat.parameters:
            variable = flat.by_ident[ident]
            origin = variable.origin
            lifted = origin is not None and (origin.call, origin.role) == ("change", "base")
            places = drawn.get(origin.variable if lifted and origin is not None else ident)
            own = np.array(variable.values).reshape((*variable.shape, 1))
            if places is None:
                values.append(own if variable.shape else np.float64(own[0]))
            elif variable.shape:
                lanes = np.repeat(own.reshape((-1, 1)), part.stop - part.start, axis=1)
                for place in places:
                    lanes[self.sampled[place].element] = self.numbers[place, part]
                values.append(lanes.reshape((*variable.shape, -1)))
            else:
                values.append(self.numbers[places[0], part])
        return tuple(values)

    def _settled(self, scenario: Scenario, part: slice) -> State:
        """Return where the unchanged organisation is after it has run for `settle`.

        Stocks for which the scenario gives a value at its start have that value.
        """
        specs = settling(self.study.specs, self.settle or 0.0)
        flat = self.study.model.flat
        stocks = {i: v for i, v in scenario.start.items() if flat.by_ident[i].role is Role.LEVEL}
        others = {i: v for i, v in scenario.start.items() if i not in stocks}
        unset = replace(scenario, start=others)
        before, changed = scenario_models(self.study, unset)
        model: CompiledModel = changed if scenario.recompute else before
        schedule = schedule_of(specs, flat.sim_specs)
        program = TARGETS["numpy"](model.flat)
        found = integrate(program, schedule, self._binding(model.flat, unset, schedule, part))
        state = _last(model.flat, found)
        levels = tuple(
            np.float64(stocks[rule.ident]) if rule.ident in stocks else level
            for rule, level in zip(model.flat.levels, state.levels, strict=True)
        )
        return State(levels, state.held)


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
