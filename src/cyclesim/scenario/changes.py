"""One change of a scenario: checked against the model, then compiled into an override."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cyclesim.compiler import (
    FlatVariable,
    Override,
    Points,
    Pulse,
    Ramp,
    Replacement,
    Role,
    Selection,
    Step,
)
from cyclesim.compiler.parts import Kind
from cyclesim.compiler.terms import Box
from cyclesim.scenario.change_schema import (
    DataChange,
    PointsChange,
    PulseChange,
    PulseKeys,
    RampChange,
    RampKeys,
    StepChange,
    StepKeys,
)
from cyclesim.scenario.data import Series, series
from cyclesim.scenario.document import Path
from cyclesim.scenario.frame import Frame, constant
from cyclesim.scenario.words import moment

Keys = float | StepChange | RampChange | PulseChange | PointsChange | DataChange


@dataclass(frozen=True)
class Written:
    """A change as a study says it, its names and numbers checked; `series` where it has points.

    `boxes` are the elements of an array that it still stands for beside other changes of it.
    """

    selection: Selection
    keys: Keys
    path: Path
    series: Series = ((), ())
    boxes: tuple[Box, ...] = ()

    @property
    def variable(self) -> FlatVariable:
        """Return the variable, or the part of an array, that is named."""
        return self.selection.variable


def checked_change(name: str, keys: Keys, path: Path, frame: Frame) -> Written | None:
    """Return a change whose variable and numbers fit the model; note what does not."""
    selection = frame.selection(name, path, at_key=True)
    if selection is None:
        return None
    variable = selection.variable
    if variable.kind is Kind.STOCK:
        message = f"'{variable.name}' is a stock and changes only through its flows"
        hint = "Change a flow or a constant, or give its value at the start under 'initial'."
        frame.findings.fault("stock", path, message, hint, at_key=True)
        return None
    before = len(frame.findings.diagnostics)
    points: Series = ((), ())
    if isinstance(keys, DataChange):
        points = series(keys, variable, path, frame) or points
    elif isinstance(keys, PointsChange):
        points = _points(keys, variable, path, frame)
    else:
        _check_sizes(keys, variable, path, frame)
        _check_times(keys, path, frame)
    if points[0] and points[0][0] > frame.specs.stop:
        where = (*path, "points") if isinstance(keys, PointsChange) else path
        frame.check_time(points[0][0], where)
    if len(frame.findings.diagnostics) > before:
        return None
    return Written(selection, keys, path, points, selection.boxes)


def say_replacement(written: Written, override: Override, frame: Frame) -> None:
    """Warn where a change takes the place of an equation."""
    variable = written.variable
    if constant(variable) or getattr(override, "by", None) is not None:
        return
    since = moment(effective_time(override, frame.start), frame.specs.time_units)
    message = f"has an equation, '{variable.equation}'; it is replaced from {since} on"
    frame.findings.warn("replaced", written.path, message, at_key=True)


def override_of(written: Written, time: float, always: bool, frame: Frame) -> Override | None:
    """Return the override of a change that takes effect at `time` unless it says otherwise.

    `always` makes a plain number hold from before the start. A ramp that would end before it
    begins is noted.
    """
    ident, keys, boxes = written.selection.whole.ident, written.keys, written.boxes
    match keys:
        case StepChange(step=step):
            return Step(ident, _or(step.at, time), step.to, step.by, boxes)
        case PulseChange(pulse=pulse):
            return Pulse(ident, _or(pulse.from_, time), pulse.for_, pulse.to, pulse.by, boxes)
        case RampChange(ramp=ramp):
            start = _or(ramp.from_, time)
            if ramp.until <= start:
                units = frame.specs.time_units
                begins = f"which begins in {moment(start, units)}"
                message = f"{moment(ramp.until, units)} is not after the ramp, {begins}"
                path = (*written.path, "ramp", "until")
                frame.findings.fault("ramp", path, message, "Let it end later.")
                return None
            return Ramp(ident, start, ramp.until, ramp.to, ramp.by, boxes)
        case PointsChange(between=between) | DataChange(between=between):
            return Points(ident, *written.series, hold=between == "hold", boxes=boxes)
        case _:
            return (
                Replacement(ident, keys, boxes) if always else Step(ident, time, keys, boxes=boxes)
            )


def effective_time(override: Override, start: float) -> float:
    """Return when an override first has an effect."""
    match override:
        case Step(time=time):
            return time
        case Ramp(start=begin) | Pulse(start=begin):
            return begin
        case Points(times=times):
            return max(start, times[0])
    return start


def _or(given: float | None, otherwise: float) -> float:
    return otherwise if given is None else given


def _points(keys: PointsChange, variable: FlatVariable, path: Path, frame: Frame) -> Series:
    for place, (time, value) in enumerate(keys.points):
        at = (*path, "points", place)
        frame.check_range(variable, value, (*at, 1))
        if place and time <= keys.points[place - 1][0]:
            message = f"time {time:g} does not come after {keys.points[place - 1][0]:g}"
            hint = "Put the points in order of time, each time once."
            frame.findings.fault("order", (*at, 0), message, hint)
    times, values = zip(*keys.points, strict=True)
    return tuple(times), tuple(values)


def _check_sizes(keys: Keys, variable: FlatVariable, path: Path, frame: Frame) -> None:
    if isinstance(keys, float):
        frame.check_range(variable, keys, path)
        return
    own = set(variable.values) if variable.role is Role.PARAMETER else set()
    for kind, sized in _sized(keys):
        if sized.to is not None:
            frame.check_range(variable, sized.to, (*path, kind, "to"))
        elif sized.by is not None and own:
            for number in {min(own): 0, max(own): 0}:
                frame.check_range(variable, number + sized.by, (*path, kind, "by"))


def _check_times(keys: Keys, path: Path, frame: Frame) -> None:
    for kind, timed in _sized(keys):
        begin = timed.at if isinstance(timed, StepKeys) else timed.from_
        if begin is not None:
            key = "at" if isinstance(timed, StepKeys) else "from"
            frame.check_time(begin, (*path, kind, key))


def _sized(keys: Keys) -> Iterator[tuple[str, StepKeys | RampKeys | PulseKeys]]:
    match keys:
        case StepChange(step=step):
            yield "step", step
        case RampChange(ramp=ramp):
            yield "ramp", ramp
        case PulseChange(pulse=pulse):
            yield "pulse", pulse
