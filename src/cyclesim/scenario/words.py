"""Times, quantities and changes in a few words, for tables and sentences."""

from __future__ import annotations

from cyclesim.compiler import (
    FlatVariable,
    InitialValue,
    Override,
    Points,
    Pulse,
    Ramp,
    Replacement,
    Step,
)
from cyclesim.scenario.quantities import as_written

_WITHOUT_UNIT = frozenset({"", "1", "dmnl", "dimensionless", "unitless", "no units", "none"})
_MOST_SHOWN = 6


def moment(time: float, units: str) -> str:
    """Return a time in words: "week 10"."""
    return f"{_singular(units) or 'time'} {as_written(time)}"


def duration(length: float, units: str) -> str:
    """Return a length of time in words: "26 weeks"."""
    unit = _singular(units) or "time unit"
    return f"{as_written(length)} {unit}" + ("" if length == 1 else "s")


def quantity(value: float, units: str | None) -> str:
    """Return a number with its unit; a dimensionless one has none."""
    return f"{as_written(value)}{_unit(units)}"


def change_words(
    override: Override, variable: FlatVariable, before: float | None, time_units: str
) -> str:
    """Return what a change does, in words; `before` is the value it had, where that is known."""

    def at(time: float) -> str:
        return moment(time, time_units)

    match override:
        case Replacement(value=value) | InitialValue(value=value):
            return f"{_course(variable, before, value, None)} from before the start"
        case Step(time=time, to=to, by=by):
            return f"{_course(variable, before, to, by)} from {at(time)}"
        case Ramp(start=start, until=until, to=to, by=by):
            course = _course(variable, before, to, by)
            return f"{course}, little by little from {at(start)} to {at(until)}"
        case Pulse(start=start, duration=length, to=to, by=by):
            course = _course(variable, before, to, by)
            return f"{course} from {at(start)} for {duration(length, time_units)}"
        case Points():
            return _points(override, variable, time_units)


def _course(
    variable: FlatVariable, before: float | None, to: float | None, by: float | None
) -> str:
    if before is not None:
        after = to if to is not None else before + (by or 0.0)
        return f"{as_written(before)} -> {quantity(after, variable.units)}"
    if to is not None:
        return f"set to {quantity(to, variable.units)}"
    sign = "+" if (by or 0.0) >= 0 else ""
    return f"{sign}{quantity(by or 0.0, variable.units)}"


def _points(points: Points, variable: FlatVariable, time_units: str) -> str:
    pairs = list(zip(points.times, points.values, strict=True))
    if len(pairs) > _MOST_SHOWN:
        low, high = min(points.values), max(points.values)
        first, last = moment(points.times[0], time_units), moment(points.times[-1], time_units)
        size = f"between {as_written(low)} and {quantity(high, variable.units)}"
        return f"{len(pairs)} points from {first} to {last}, {size}"
    link = "from" if points.hold or len(pairs) == 1 else "at"
    shown = ", ".join(
        f"{quantity(value, variable.units)} {link} {moment(time, time_units)}"
        for time, value in pairs
    )
    return shown if points.hold or len(pairs) == 1 else f"{shown}, joined by lines"


def _unit(units: str | None) -> str:
    return "" if (units or "").strip().casefold() in _WITHOUT_UNIT else f" {units}"


def _singular(units: str) -> str:
    word = units.strip().casefold()
    return word[:-1] if len(word) > 2 and word.endswith("s") else word
