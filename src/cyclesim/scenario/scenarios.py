"""The scenarios of a study: each checked where it is written, merged, and compiled."""

from __future__ import annotations

from collections.abc import Mapping

from cyclesim.compiler import FlatVariable
from cyclesim.compiler.parts import Kind
from cyclesim.names import Ident, did_you_mean
from cyclesim.scenario.changes import (
    Written,
    checked_change,
    effective_time,
    override_of,
    say_replacement,
)
from cyclesim.scenario.document import Path
from cyclesim.scenario.expectations import check_scenario
from cyclesim.scenario.frame import Frame, constant, first_change, number_of_model
from cyclesim.scenario.merging import Layer, Merged, chains, merged
from cyclesim.scenario.parts import Change, Event, Scenario
from cyclesim.scenario.schema import ScenarioKeys, StudyKeys
from cyclesim.scenario.validation import Valid
from cyclesim.scenario.words import change_words

States = Mapping[str, Mapping[Ident, float]]


def scenarios_of(valid: Valid, frame: Frame) -> tuple[Scenario, ...]:
    """Return the scenarios with all they extend merged in; note what is wrong in them."""
    keys = valid.keys
    states = {
        name: starting_values(values, ("starting_states", name), frame)
        for name, values in keys.starting_states.items()
    }
    if keys.change_from is not None:
        frame.check_time(keys.change_from, ("change_from",))
    layers = {
        name: _layer(name, scenario, valid, frame) for name, scenario in keys.scenarios.items()
    }
    extends = {name: layer.extends for name, layer in layers.items()}
    circles = chains(extends)
    for circle in circles:
        message = f"these scenarios extend one another: {' -> '.join(circle)}"
        hint = "Take one out of the circle."
        frame.findings.fault("circle", ("scenarios", circle[0], "extends"), message, hint)
    if circles:
        return ()
    general = keys.change_from if keys.change_from is not None else first_change(frame.specs)
    return tuple(
        _scenario(name, keys, merged(name, layers), states, general, frame) for name in layers
    )


def starting_values(given: Mapping[str, float], path: Path, frame: Frame) -> Mapping[Ident, float]:
    """Return values of stocks and constants before the start; note other variables."""
    values: dict[Ident, float] = {}
    for variable, value, at in once_each(given, path, frame):
        if variable.kind is not Kind.STOCK and not constant(variable):
            message = (
                f"'{variable.name}' is neither a stock nor a constant: "
                f"it follows from '{variable.equation}'"
            )
            hint = "Give the values it follows from, or put it under 'changes'."
            frame.findings.fault("initial", at, message, hint, at_key=True)
            continue
        frame.check_range(variable, value, at)
        values[variable.ident] = value
    return values


def once_each(
    given: Mapping[str, float], path: Path, frame: Frame
) -> list[tuple[FlatVariable, float, Path]]:
    """Return the variables named, each once; note unknown ones and two spellings of one."""
    found: dict[Ident, tuple[FlatVariable, float, Path]] = {}
    for name, value in given.items():
        at = (*path, name)
        variable = frame.variable(name, at, at_key=True)
        if variable is not None and note_repetition(variable, found, at, frame):
            found[variable.ident] = (variable, value, at)
    return list(found.values())


def note_repetition(
    variable: FlatVariable, seen: Mapping[Ident, object], path: Path, frame: Frame
) -> bool:
    """Return whether a variable is new; note it where it is not."""
    if variable.ident not in seen:
        return True
    message = f"'{path[-1]}' is '{variable.name}' in another spelling, and stands here already"
    frame.findings.fault("repeated", path, message, "Keep one of them.", at_key=True)
    return False


def _layer(name: str, keys: ScenarioKeys, valid: Valid, frame: Frame) -> Layer:
    path: Path = ("scenarios", name)
    document = frame.findings.document
    names = document.keys(("scenarios",))
    for place, parent in enumerate(keys.extends):
        check_scenario(parent, (*path, "extends", place), names, frame)
    states = document.keys(("starting_states",))
    if keys.start is not None and keys.start not in states:
        message = f"no starting state is called '{keys.start}'"
        known = f"The starting states are {', '.join(states)}." if states else None
        hint = did_you_mean(keys.start, states) or known or "Describe it under 'starting_states'."
        frame.findings.fault("unknown-state", (*path, "start"), message, hint)
    recompute = keys.initial == "recompute"
    if keys.change_from is not None:
        frame.check_time(keys.change_from, (*path, "change_from"))
        if recompute:
            message = "with 'initial: recompute' changes hold from before the start"
            hint = "Delete it, or give each change its own time with 'step'."
            frame.findings.fault("recompute", (*path, "change_from"), message, hint, at_key=True)
    initial: Mapping[Ident, float] = {}
    if isinstance(keys.initial, dict):
        initial = starting_values(keys.initial, (*path, "initial"), frame)
    return Layer(
        name,
        tuple(parent for parent in keys.extends if parent in valid.keys.scenarios),
        keys.start,
        initial,
        recompute,
        _changes(keys, path, frame),
        keys.change_from,
        _events(keys, path, valid, frame),
    )


def _changes(keys: ScenarioKeys, path: Path, frame: Frame) -> tuple[Written, ...]:
    made: dict[Ident, Written] = {}
    for name, change in keys.changes.items():
        if change is None:
            continue  # what is no change at all has been noted and taken out
        at = (*path, "changes", name)
        written = checked_change(name, change, at, frame)
        if written is not None and note_repetition(written.variable, made, at, frame):
            made[written.variable.ident] = written
    return tuple(made.values())


def _events(keys: ScenarioKeys, path: Path, valid: Valid, frame: Frame) -> tuple[Event, ...]:
    at = (*path, "events")
    places = valid.places.get(at, ())
    for place, event in zip(places, keys.events, strict=True):
        frame.check_time(event.at, (*at, place, "at"))
    return tuple(Event(event.at, event.note) for event in keys.events)


def _scenario(
    name: str, keys: StudyKeys, whole: Merged, states: States, general: float, frame: Frame
) -> Scenario:
    values = {**states.get(whole.start or "", {}), **whole.initial}
    changes: list[Change] = []
    for written, time in whole.changes:
        override = override_of(written, general if time is None else time, whole.recompute, frame)
        if override is None:
            continue
        variable = written.variable
        if written.path[1] == name:  # said once, where it is written
            say_replacement(written, override, frame)
        before = values.get(variable.ident, number_of_model(variable))
        words = change_words(override, variable, before, frame.specs.time_units)
        changes.append(Change(variable, override, effective_time(override, frame.start), words))
    own = keys.scenarios[name]
    title = own.title or f"{name[:1].upper()}{name[1:]}"
    return Scenario(
        name, title, own.description or "", values, tuple(changes), whole.events,
        whole.recompute, whole.start,
    )  # fmt: skip
