"""The scenarios of a study: each checked where it is written, merged, and compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cyclesim.compiler import Selection
from cyclesim.compiler.parts import Kind
from cyclesim.names import Ident, did_you_mean
from cyclesim.scenario.changes import (
    Written,
    checked_change,
    effective_time,
    override_of,
    say_replacement,
)
from cyclesim.scenario.coverage import laid_over, note_overlap, number_before, own_boxes, uncovered
from cyclesim.scenario.document import Path
from cyclesim.scenario.expectations import check_scenario
from cyclesim.scenario.frame import Frame, constant, first_change
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
    """Return values of stocks and constants before the start; note other variables.

    Parts of an array come after the array that holds them.
    """
    found: dict[Path, tuple[Selection, float]] = {}
    for name, value in given.items():
        at = (*path, name)
        selection = frame.selection(name, at, at_key=True)
        seen = [other for other, _ in found.values()]
        if selection is None or not note_overlap(selection, seen, at, frame):
            continue
        variable = selection.variable
        if variable.kind is not Kind.STOCK and not constant(variable):
            message = (
                f"'{variable.name}' is neither a stock nor a constant: "
                f"it follows from '{variable.equation}'"
            )
            hint = "Give the values it follows from, or put it under 'changes'."
            frame.findings.fault("initial", at, message, hint, at_key=True)
            continue
        frame.check_range(variable, value, at)
        found[at] = (selection, value)
    widest_first = sorted(found.values(), key=lambda each: -each[0].variable.size)
    return {selection.variable.ident: value for selection, value in widest_first}


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
    made: list[Written] = []
    for name, change in keys.changes.items():
        if change is None:
            continue  # what is no change at all has been noted and taken out
        at = (*path, "changes", name)
        written = checked_change(name, change, at, frame)
        seen = [other.selection for other in made]
        if written is not None and note_overlap(written.selection, seen, at, frame):
            made.append(written)
    named = [written.selection for written in made]
    left = ((each, own_boxes(each.selection, named)) for each in made)
    return tuple(replace(each, boxes=boxes) for each, boxes in left if boxes is not None)


def _events(keys: ScenarioKeys, path: Path, valid: Valid, frame: Frame) -> tuple[Event, ...]:
    at = (*path, "events")
    places = valid.places.get(at, ())
    for place, event in zip(places, keys.events, strict=True):
        frame.check_time(event.at, (*at, place, "at"))
    return tuple(Event(event.at, event.note) for event in keys.events)


def _scenario(
    name: str, keys: StudyKeys, whole: Merged, states: States, general: float, frame: Frame
) -> Scenario:
    values = uncovered(laid_over(states.get(whole.start or "", {}), whole.initial), frame.flat)
    changes: list[Change] = []
    for written, time in whole.changes:
        override = override_of(written, general if time is None else time, whole.recompute, frame)
        if override is None:
            continue
        variable = written.variable
        if written.path[1] == name:  # said once, where it is written
            say_replacement(written, override, frame)
        before = number_before(written.selection, values, frame.flat)
        words = change_words(override, variable, before, frame.specs.time_units)
        changes.append(Change(variable, override, effective_time(override, frame.start), words))
    own = keys.scenarios[name]
    title = own.title or f"{name[:1].upper()}{name[1:]}"
    return Scenario(
        name, title, own.description or "", values, tuple(changes), whole.events,
        whole.recompute, whole.start, general if whole.change_from is None else whole.change_from,
        frozenset(whole.initial) & values.keys(),
    )  # fmt: skip
