"""What a study says of its tipping point, checked against its names and its run."""

from __future__ import annotations

from collections.abc import Sequence

from cyclesim.compiler import FlatVariable
from cyclesim.names import canonical, did_you_mean
from cyclesim.scenario.frame import Frame, constant
from cyclesim.scenario.parts import Output, Scenario, TippingWish
from cyclesim.scenario.scenarios import starting_values
from cyclesim.scenario.schema import StudyKeys


def tipping_of(
    keys: StudyKeys, scenarios: Sequence[Scenario], outputs: Sequence[Output], frame: Frame
) -> TippingWish | None:
    """Return what a study says of its tipping point, None where it says nothing."""
    wish = keys.tipping
    if wish is None:
        return None
    outcome: Output | None = None
    if wish.outcome is not None:
        outcome = _output(wish.outcome, outputs, frame)
    if wish.at is not None:
        frame.check_time(wish.at, ("tipping", "at"))
        if wish.at == frame.start:
            message = "the outcome would be judged before anything has happened"
            hint = "Choose a later time."
            frame.findings.fault("time", ("tipping", "at"), message, hint)
    both: tuple[FlatVariable, FlatVariable] | None = None
    if wish.map is not None:
        x = _parameter(wish.map.x, ("tipping", "map", "x"), frame)
        y = _parameter(wish.map.y, ("tipping", "map", "y"), frame)
        if x is not None and y is not None:
            both = (x, y)
            if x.ident == y.ident:
                message = f"'{x.name}' is named twice: a map has two parameters"
                frame.findings.fault("map", ("tipping", "map", "y"), message, "Name another.")
    parameter = pulse = None
    if wish.parameter is not None:
        parameter = _parameter(wish.parameter, ("tipping", "parameter"), frame)
    if wish.pulse is not None:
        pulse = frame.one(wish.pulse, ("tipping", "pulse"))
    return TippingWish(
        _course(wish.good, "good", keys, scenarios, frame),
        _course(wish.bad, "bad", keys, scenarios, frame),
        outcome, wish.at, both, parameter, pulse,
        _course(wish.scenario, "scenario", keys, scenarios, frame),
    )  # fmt: skip


def _course(
    name: str | None, key: str, keys: StudyKeys, scenarios: Sequence[Scenario], frame: Frame
) -> Scenario | None:
    """Return the scenario of a name, or the starting state as one without changes."""
    if name is None:
        return None
    for scenario in scenarios:
        if scenario.name == name:
            return scenario
    if name in keys.starting_states:
        values = starting_values(keys.starting_states[name], ("starting_states", name), frame)
        return Scenario(name, f"{name[:1].upper()}{name[1:]}", "", values, (), (), start_name=name)
    known = [*keys.scenarios, *keys.starting_states]
    message = f"no scenario and no starting state is called '{name}'"
    hint = did_you_mean(name, known) or f"The study has {', '.join(known)}."
    frame.findings.fault("unknown-scenario", ("tipping", key), message, hint)
    return None


def _output(name: str, outputs: Sequence[Output], frame: Frame) -> Output | None:
    for output in outputs:
        if output.variable.ident == canonical(name):
            return output
    names = [output.variable.name for output in outputs]
    message = f"'{name}' is none of the study's outputs"
    hint = did_you_mean(name, names) or "Add it under 'outputs'."
    frame.findings.fault("outcome", ("tipping", "outcome"), message, hint)
    return None


def _parameter(name: str, path: tuple[str, ...], frame: Frame) -> FlatVariable | None:
    variable = frame.one(name, path)
    if variable is not None and not constant(variable):
        message = f"'{variable.name}' is no constant: it follows from '{variable.equation}'"
        frame.findings.fault("parameter", path, message, "Name a constant.")
        return None
    return variable
