"""Whether a study's expectations hold, in sentences with the numbers in them."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping

from cyclesim.names import Ident
from cyclesim.results import Results
from cyclesim.scenario.parts import Expectation, Predicate, Reference, Study, Verdict
from cyclesim.scenario.quantities import as_written
from cyclesim.scenario.words import moment, quantity

_SAME_TIME = 1e-9
_DIGITS = 4


class _NoValue(Exception):
    """A scenario has no value to judge; the text says why."""


def verdicts(study: Study, results: Mapping[str, Results]) -> tuple[Verdict, ...]:
    """Return whether each expectation of a study holds, in the study's order.

    A scenario that did not reach its end holds nothing that is expected of it, nor anything
    that is expected in comparison with it.
    """
    return tuple(_verdict(expectation, study, results) for expectation in study.expectations)


def value_at(results: Results, ident: Ident, time: float | None) -> float:
    """Return the value of a scalar, or of an element, at a time, the end where it is None.

    A saved time gives exactly what was saved; between two of them the value lies on the straight
    line that joins theirs.
    """
    times = results.time
    values = results[ident]
    if time is None:
        return float(values[-1])
    after = min(bisect_left(times, time), len(times) - 1)
    for near in (after, max(0, after - 1)):
        if abs(times[near] - time) <= _SAME_TIME * max(1.0, abs(time)):
            return float(values[near])
    if time < times[0] or time > times[-1]:
        return math.nan
    share = (time - times[after - 1]) / (times[after] - times[after - 1])
    return float(values[after - 1] + share * (values[after] - values[after - 1]))


def _verdict(wanted: Expectation, study: Study, results: Mapping[str, Results]) -> Verdict:
    units = study.specs.time_units
    end = float(study.specs.stop)
    when = moment(end if wanted.time is None else wanted.time, units)
    about = f"{wanted.variable.name} at {when}"
    try:
        value = _value(results, wanted.scenario, wanted.variable.ident, wanted.time)
        limits = [_limit(reference, wanted, results) for reference in wanted.references]
    except _NoValue as none:
        return Verdict(wanted, False, f"{about} cannot be judged: {none}")
    held = _holds(wanted, value, limits)
    size, *shown = _told([value, *limits], wanted)
    named = [
        number + _source(reference, wanted, units, end)
        for number, reference in zip(shown, wanted.references, strict=True)
    ]
    relation = _relation(wanted, named)
    if held:
        return Verdict(wanted, True, f"{about} is {size}, {relation} as expected")
    because = f": {wanted.because}" if wanted.because else ""
    return Verdict(wanted, False, f"{about} is {size}, not {relation}{because}")


def _value(
    results: Mapping[str, Results], scenario: str, ident: Ident, time: float | None
) -> float:
    found = results[scenario]
    if not found.status.complete:
        raise _NoValue(f"'{scenario}' did not reach the end, {found.status.message}")
    value = value_at(found, ident, time)
    if not math.isfinite(value):
        raise _NoValue(f"'{scenario}' gives no number there")
    return value


def _limit(reference: Reference, wanted: Expectation, results: Mapping[str, Results]) -> float:
    if reference.number is not None:
        return reference.number
    variable = reference.variable or wanted.variable
    value = _value(results, reference.scenario or "", variable.ident, reference.time)
    return reference.times * value


def _holds(wanted: Expectation, value: float, limits: list[float]) -> bool:
    match wanted.predicate:
        case Predicate.ABOVE:
            return value > limits[0]
        case Predicate.BELOW:
            return value < limits[0]
        case Predicate.BETWEEN:
            return limits[0] <= value <= limits[1]
        case Predicate.EQUALS:
            return abs(value - limits[0]) <= wanted.within


def _relation(wanted: Expectation, named: list[str]) -> str:
    match wanted.predicate:
        case Predicate.BETWEEN:
            return f"between {named[0]} and {named[1]}"
        case Predicate.EQUALS:
            return f"within {as_written(wanted.within)} of {named[0]}"
        case _:
            return f"{wanted.predicate.value} {named[0]}"


def _told(numbers: list[float], wanted: Expectation) -> list[str]:
    """Return numbers with as many digits as it takes to tell the first from the others."""
    first, *others = numbers
    digits = _DIGITS
    while digits < 15 and any(
        other != first and _rounded(other, digits) == _rounded(first, digits) for other in others
    ):
        digits += 1
    limits = [
        as_written(number if reference.number is not None else _rounded(number, digits))
        for number, reference in zip(others, wanted.references, strict=True)
    ]
    return [quantity(_rounded(first, digits), wanted.variable.units), *limits]


def _rounded(number: float, digits: int) -> float:
    # Whole numbers keep all their digits: 21,428 customers are not 21,430.
    if abs(number) >= 10**digits:
        return float(round(number))
    return float(f"{number:.{digits}g}")


def _source(reference: Reference, wanted: Expectation, units: str, end: float) -> str:
    if reference.number is not None:
        return ""
    factor = "" if reference.times == 1 else f"{as_written(reference.times)} times "
    what = "that"
    if reference.variable is not None and reference.variable.ident != wanted.variable.ident:
        what = reference.variable.name
    when = ""
    if reference.time != wanted.time:
        when = f" at {moment(end if reference.time is None else reference.time, units)}"
    return f" ({factor}{what} of '{reference.scenario}'{when})"
