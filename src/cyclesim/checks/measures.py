"""Numbers taken from runs, for one run or for many at once."""

from __future__ import annotations

import math

import numpy as np

from cyclesim.checks.parts import Measure, Take

_SAME_TIME = 1e-9
Array = np.ndarray


def measured(measure: Measure, times: Array, values: Array) -> Array:
    """Return a measure of values over saved times: (time, ...) gives (...).

    Between saved times values lie on straight lines; `total` is the area under them. A limit
    that is never crossed gives infinity.
    """
    match measure.take:
        case Take.AT:
            return _at(times, values, float(times[-1]) if measure.time is None else measure.time)
        case Take.FIRST:
            return np.asarray(values[0])
        case Take.ABOVE | Take.BELOW:
            return _crossed(measure, times, values)
    seen, shown = _window(measure, times, values)
    match measure.take:
        case Take.GREATEST:
            return np.asarray(shown.max(axis=0))
        case Take.LEAST:
            return np.asarray(shown.min(axis=0))
    widths = np.diff(seen).reshape((-1, *(1,) * (shown.ndim - 1)))
    total = np.asarray((widths * (shown[1:] + shown[:-1]) / 2).sum(axis=0))
    return total if measure.take is Take.TOTAL else np.asarray(total / (seen[-1] - seen[0]))


def _at(times: Array, values: Array, time: float) -> Array:
    after = min(int(np.searchsorted(times, time)), len(times) - 1)
    for near in (after, max(0, after - 1)):
        if abs(times[near] - time) <= _SAME_TIME * max(1.0, abs(time)):
            return np.asarray(values[near])
    share = (time - times[after - 1]) / (times[after] - times[after - 1])
    return np.asarray(values[after - 1] + share * (values[after] - values[after - 1]))


def _window(measure: Measure, times: Array, values: Array) -> tuple[Array, Array]:
    """Return the times and values looked at, the ends of the window among them."""
    first = float(times[0]) if measure.start is None else measure.start
    last = float(times[-1]) if measure.until is None else measure.until
    near = _SAME_TIME * max(1.0, abs(first), abs(last))
    inside = (times > first + near) & (times < last - near)
    ends = _at(times, values, first)[None], _at(times, values, last)[None]
    seen = np.concatenate(([first], times[inside], [last]))
    return seen, np.concatenate((ends[0], values[inside], ends[1]))


def _crossed(measure: Measure, times: Array, values: Array) -> Array:
    start = -math.inf if measure.start is None else measure.start
    late = times >= start - _SAME_TIME * max(1.0, abs(start) if math.isfinite(start) else 1.0)
    if measure.take is Take.ABOVE:
        there = values > measure.limit
    else:
        there = values < measure.limit
    there = there & late.reshape((-1, *(1,) * (values.ndim - 1)))
    found = np.where(there.any(axis=0), times[there.argmax(axis=0)], math.inf)
    return np.where(np.isnan(values).any(axis=0), math.nan, found)
