"""A study's scenarios as numbers of one compiled model.

A lever is compiled into the model as a step whose time and size are parameters; so is every
change that is more than a number, with a time at which it never begins where it is not wanted. A
scenario is then a set of numbers, a lever moved is two more, and nothing is compiled in the page.
What changes the state before the start needs a model of its own only where initial values follow
the changes; else the state at the start is computed here, from the unchanged organisation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cyclesim.compiler import (
    CompiledModel,
    InitialValue,
    Lifted,
    Override,
    Points,
    Pulse,
    Ramp,
    Replacement,
    Role,
    Selection,
    Step,
    selected,
)
from cyclesim.compiler.dimensions import boxes, common
from cyclesim.compiler.terms import Box
from cyclesim.names import Ident
from cyclesim.page.levers import Lever
from cyclesim.scenario.coverage import overlapping
from cyclesim.scenario.parts import Scenario, Study

Numbers = dict[int, float | list[float]]
"""Numbers of parameters by their place."""

_MADE = re.compile(r" change (\d+) (\w+)$")
_ROLES: dict[type[Override | Lifted], tuple[str, ...]] = {
    Lifted: ("base",),
    Step: ("time", "size"),
    Pulse: ("time", "duration", "size"),
    Ramp: ("time", "until", "size"),
    Points: ("time",),
}


@dataclass(frozen=True)
class LeverPlaces:
    """Where a lever's numbers stand among the parameters."""

    base: int
    time: int
    size: int


@dataclass(frozen=True)
class Layered:
    """A model with every lever and every change of some scenarios compiled in, none begun."""

    model: CompiledModel
    levers: tuple[LeverPlaces, ...]


@dataclass(frozen=True)
class Preset:
    """A scenario as numbers.

    `bound` are the parameters that differ from the layered model's own. `levers` are the numbers
    that it gives to levers, None where it gives a lever a course over time; `bases` are what they
    were before. `courses` are the numbers with which a lever's course never begins, by lever.
    """

    scenario: Scenario
    program: int
    bound: Numbers
    levers: tuple[float | None, ...]
    bases: tuple[float, ...]
    courses: Mapping[int, Numbers] = field(default_factory=dict)


@dataclass(frozen=True)
class _Part:
    """A change of a scenario, or the part of it that is about one lever."""

    override: Override
    lever: int | None
    number: float | None = None


def layered(
    study: Study, levers: Sequence[Lever]
) -> tuple[tuple[Layered, ...], tuple[Preset, ...]]:
    """Return the models that a study's page needs, and each scenario as numbers of one of them."""
    parts = {each.name: tuple(_parts(study, each, levers)) for each in study.scenarios}
    groups: dict[tuple[Override, ...], list[Scenario]] = {}
    for scenario in study.scenarios:
        groups.setdefault(_structure(study, scenario, levers, parts), []).append(scenario)
    models: list[Layered] = []
    made: dict[str, Preset] = {}
    for before, scenarios in groups.items():
        builder = _Builder(study, levers, before)
        courses = dict.fromkeys(
            part.override for s in scenarios for part in parts[s.name] if part.number is None
        )
        builder.compile(tuple(courses))
        for scenario in scenarios:
            made[scenario.name] = builder.preset(scenario, parts[scenario.name], len(models))
        models.append(Layered(builder.model, builder.levers))
    return tuple(models), tuple(made[scenario.name] for scenario in study.scenarios)


def never(study: Study) -> float:
    """Return a time that no run of a study reaches."""
    return float(study.specs.stop + 10 * (study.specs.stop - study.specs.start) + 10)


def _parts(study: Study, scenario: Scenario, levers: Sequence[Lever]) -> Iterator[_Part]:
    """Yield the changes of a scenario, cut along the levers that they touch."""
    for change in scenario.changes:
        override = change.override
        whole = selected(study.model.flat, change.variable.ident)
        own: Sequence[Box] = override.boxes or (whole.box,)
        taken: list[Box] = []
        for place, lever in enumerate(levers):
            box = lever.selection.box
            same = whole.whole.ident == lever.selection.whole.ident
            if same and any(common(box, each) is not None for each in own):
                part = replace(override, boxes=lever.selection.boxes)
                yield _Part(part, place, _number(part, scenario))
                taken.append(box)
        if not taken:
            yield _Part(override, None)
        elif whole.whole.shape:
            rest = tuple(left for box in own for left in boxes(box, taken))
            if rest:
                yield _Part(replace(override, boxes=rest), None)


def _number(override: Override, scenario: Scenario) -> float | None:
    """Return the number that a scenario gives a lever, None where it is a course over time."""
    if isinstance(override, Replacement):
        return override.value
    if isinstance(override, Step) and override.to is not None:
        return override.to if override.time == scenario.change_from else None
    return None


def _structure(
    study: Study,
    scenario: Scenario,
    levers: Sequence[Lever],
    parts: Mapping[str, tuple[_Part, ...]],
) -> tuple[Override, ...]:
    """Return what a scenario needs compiled in that cannot be had by binding numbers."""
    flat = study.model.flat
    changed = [
        selected(flat, change.variable.ident) for each in study.scenarios for change in each.changes
    ]
    found: list[Override] = []
    for ident, value in scenario.start.items():
        chosen = selected(flat, ident)
        if chosen.whole.role is Role.LEVEL:
            if scenario.recompute:
                found.append(InitialValue(chosen.whole.ident, value, chosen.boxes))
            continue
        if any(overlapping(chosen, lever.selection) for lever in levers):
            if chosen.variable.shape:
                found.append(Replacement(chosen.whole.ident, value, chosen.boxes))
            continue
        bound = chosen.whole.role is Role.PARAMETER
        if not bound or any(overlapping(chosen, each) for each in changed):
            found.append(Replacement(chosen.whole.ident, value, chosen.boxes))
    if scenario.recompute:
        own = (part.override for part in parts[scenario.name] if part.lever is None)
        found += (override for override in own if isinstance(override, Replacement))
    return tuple(found)


class _Builder:
    """Compiles the layers of a group of scenarios and finds where their numbers stand."""

    def __init__(self, study: Study, levers: Sequence[Lever], before: tuple[Override, ...]) -> None:
        self.study, self.wanted, self.before = study, levers, before
        self.never = never(study)

    def compile(self, courses: Sequence[Override]) -> None:
        stack: list[Override | Lifted] = [*self.before]
        for lever in self.wanted:
            ident, own = lever.selection.whole.ident, lever.selection.boxes
            stack.append(Lifted(ident, own))
            stack.append(Step(ident, self.never, to=lever.base, boxes=own))
        courses = [each for each in courses if not isinstance(each, Replacement)]
        stack += courses
        self.model = self.study.model.changed(*stack)
        places = iter(self._places(stack))
        found = [next(places) for _ in stack][len(self.before) :]
        pairs = found[: 2 * len(self.wanted)]
        self.levers = tuple(
            LeverPlaces(base["base"], step["time"], step["size"])
            for base, step in zip(pairs[::2], pairs[1::2], strict=True)
        )
        self.courses = dict(zip(courses, found[2 * len(self.wanted) :], strict=True))
        self.off: Numbers = {}
        for override, at in self.courses.items():
            self.off |= self._off(override, at)

    def _places(self, stack: Sequence[Override | Lifted]) -> Iterator[dict[str, int]]:
        """Yield for each override where its numbers stand among the parameters, by their role."""
        made: list[tuple[int, Ident, int]] = []
        for place, ident in enumerate(self.model.flat.parameters):
            origin = self.model.flat.by_ident[ident].origin
            match = _MADE.search(ident)
            if match and origin is not None and origin.call == "change":
                made.append((int(match.group(1)), origin.variable, place))
        made.sort()
        for override in stack:
            found: dict[str, int] = {}
            roles = _ROLES.get(type(override), ("value",))
            for role in () if isinstance(override, Replacement) else roles:
                at = next(i for i, each in enumerate(made) if each[1] == override.ident)
                found[role] = made.pop(at)[2]
            yield found

    def _off(self, override: Override, at: Mapping[str, int]) -> Numbers:
        """Return the numbers with which a course never begins."""
        later = {at["until"]: self.never + 1.0} if isinstance(override, Ramp) else {}
        return {at["time"]: self.never, **later}

    def _on(self, override: Override, at: Mapping[str, int]) -> Numbers:
        """Return the numbers with which a course takes place as written."""
        match override:
            case Step(time=time) | Ramp(start=time) | Pulse(start=time):
                later = {at["until"]: override.until} if isinstance(override, Ramp) else {}
                return {at["time"]: time, **later}
            case Points(times=times):
                return {at["time"]: times[0]}
        raise AssertionError(override)

    def preset(self, scenario: Scenario, parts: Sequence[_Part], program: int) -> Preset:
        bases = [lever.base for lever in self.wanted]
        bound: Numbers = dict(self.off)
        self._begin(scenario, bases, bound)
        levers: list[float | None] = [*bases]
        courses: dict[int, Numbers] = {}
        for part in parts:
            if part.number is not None and part.lever is not None:
                levers[part.lever] = part.number
                at = self.levers[part.lever]
                if scenario.recompute:
                    bound[at.base] = part.number
                else:
                    assert scenario.change_from is not None
                    bound |= {at.time: scenario.change_from, at.size: part.number}
            elif not isinstance(part.override, Replacement):
                slots = self.courses[part.override]
                bound |= self._on(part.override, slots)
                if part.lever is not None:
                    levers[part.lever] = None
                    courses[part.lever] = self._off(part.override, slots)
        return Preset(scenario, program, bound, tuple(levers), tuple(bases), courses)

    def _begin(self, scenario: Scenario, bases: list[float], bound: Numbers) -> None:
        """Bind the constants of a scenario's starting state."""
        flat = self.model.flat
        for ident, value in scenario.start.items():
            chosen = selected(self.study.model.flat, ident)
            hit = [i for i, each in enumerate(self.wanted) if overlapping(chosen, each.selection)]
            for place in hit:
                bases[place] = value
                bound[self.levers[place].base] = value
            if hit or not _free(chosen, flat.parameters, self.before):
                continue
            place = flat.parameters.index(chosen.whole.ident)
            if chosen.whole.shape:
                own = bound.get(place, list(chosen.whole.values))
                assert isinstance(own, list)
                bound[place] = [value if i in chosen.places else v for i, v in enumerate(own)]
            else:
                bound[place] = value


def _free(chosen: Selection, parameters: Sequence[Ident], before: Sequence[Override]) -> bool:
    """Return whether a constant can be bound, and is not compiled in already."""
    taken = any(each.ident == chosen.whole.ident for each in before)
    return chosen.whole.role is Role.PARAMETER and chosen.whole.ident in parameters and not taken
