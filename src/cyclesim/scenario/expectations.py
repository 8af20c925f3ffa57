"""What a study expects of its scenarios, checked against the names and the run."""

from __future__ import annotations

from collections.abc import Sequence

from cyclesim.compiler import FlatVariable
from cyclesim.names import did_you_mean
from cyclesim.scenario.document import Path
from cyclesim.scenario.frame import Frame
from cyclesim.scenario.parts import Expectation, Predicate, Reference
from cyclesim.scenario.schema import ExpectationKeys, ReferenceKeys


def expectation_of(
    keys: ExpectationKeys, path: Path, names: Sequence[str], frame: Frame
) -> Expectation | None:
    """Return an expectation whose names exist and whose times lie within the run."""
    before = len(frame.findings.diagnostics)
    check_scenario(keys.scenario, (*path, "scenario"), names, frame)
    variable = frame.one(keys.variable, (*path, "variable"))
    if keys.at is not None:
        frame.check_time(keys.at, (*path, "at"))
    limits: dict[Predicate, list[tuple[float | ReferenceKeys, Path]]] = {}
    for predicate in Predicate:
        given = getattr(keys, predicate.value)
        at = (*path, predicate.value)
        if isinstance(given, list):
            limits[predicate] = [(limit, (*at, place)) for place, limit in enumerate(given)]
        elif given is not None:
            limits[predicate] = [(given, at)]
    ((predicate, found),) = limits.items()
    references = [_reference(limit, at, keys, variable, names, frame) for limit, at in found]
    _check_order(predicate, references, (*path, predicate.value), frame)
    if variable is None or len(frame.findings.diagnostics) > before:
        return None
    return Expectation(
        keys.scenario,
        variable,
        keys.at,
        predicate,
        tuple(references),
        keys.within or 0.0,
        keys.because or "",
        frame.findings.document.location(path),
    )


def check_scenario(name: str, path: Path, names: Sequence[str], frame: Frame) -> None:
    """Note a scenario that does not exist."""
    if name not in names:
        hint = did_you_mean(name, names) or f"The scenarios are {', '.join(names)}."
        frame.findings.fault("unknown-scenario", path, f"no scenario is called '{name}'", hint)


def _reference(
    limit: float | ReferenceKeys,
    path: Path,
    keys: ExpectationKeys,
    variable: FlatVariable | None,
    names: Sequence[str],
    frame: Frame,
) -> Reference:
    if isinstance(limit, float):
        return Reference(number=limit)
    check_scenario(limit.scenario, (*path, "scenario"), names, frame)
    if limit.variable is not None:
        variable = frame.one(limit.variable, (*path, "variable"))
    time = keys.at
    if "at" in limit.model_fields_set:
        time = limit.at
        if time is not None:
            frame.check_time(time, (*path, "at"))
    return Reference(None, limit.scenario, variable, time, limit.times)


def _check_order(
    predicate: Predicate, references: list[Reference], path: Path, frame: Frame
) -> None:
    if predicate is not Predicate.BETWEEN:
        return
    low, high = (reference.number for reference in references)
    if low is not None and high is not None and low > high:
        message = f"{low:g} is larger than {high:g}: nothing lies between them"
        frame.findings.fault("between", path, message, "Write the smaller number first.")
