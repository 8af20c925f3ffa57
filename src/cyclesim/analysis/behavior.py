"""What a variable did in a run, and the sentence for it; never a claim about why."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

from cyclesim.analysis.labels import Cycle, Label, Rules, label
from cyclesim.analysis.shapes import Behaviour, Point, Shape, behaviour, behaviours, swings
from cyclesim.analysis.words import as_told, compared, many, moment, number, pair, places, with_unit
from cyclesim.results import Results
from cyclesim.scenario.parts import Output

__all__ = [
    "Behaviour",
    "Cycle",
    "Label",
    "Point",
    "Rules",
    "Shape",
    "behaviour",
    "behaviours",
    "label",
    "movement",
    "output_behaviour",
    "sentence",
    "shape_words",
    "shown",
]


def output_behaviour(output: Output, results: Results, reference: float | None = None) -> Behaviour:
    """Return what a headline variable did in a run."""
    return behaviour(results.time, results[output.variable.name], output.good, reference)


def sentence(
    output: Output,
    results: Results,
    baseline: Results | None = None,
    baseline_title: str = "",
    reference: float | None = None,
    span: float = 0.0,
) -> str:
    """Return how a headline variable moved, from when, in which shape, and if that is good.

    With a `baseline` it also says how the end compares; `reference` is the variable's own size,
    `span` its range over all runs that are told together: what is nothing beside that is 0.
    """
    found = output_behaviour(output, results, reference)
    text = movement(
        shown(found, span), output.title, output.variable.units, results.flat.time_units
    )
    endings = []
    if found.better is not None:
        endings.append(f"{'better' if found.better else 'worse'} than at the start")
    versus = _against(output, results, baseline, span)
    if versus:
        endings.append(f"{versus} in '{baseline_title}'")
    return f"{text}: {', '.join(endings)}." if endings else f"{text}."


def _against(output: Output, results: Results, baseline: Results | None, span: float) -> str:
    if baseline is None or baseline is results:
        return ""
    end, base = (float(run[output.variable.name][-1]) for run in (results, baseline))
    if not (math.isfinite(end) and math.isfinite(base)):
        return ""
    return compared(end, base, output.variable.units, span)


def shown(found: Behaviour, span: float) -> Behaviour:
    """Return a behaviour with its values as they are told: 0 where nothing beside the `span`."""

    def point(at: Point | None) -> Point | None:
        return None if at is None else Point(at.time, as_told(at.value, span))

    turns = tuple(Point(each.time, as_told(each.value, span)) for each in found.turns)
    values = (found.start, found.end, *(each.value for each in found.turns))
    nothing = span > 0 and all(as_told(value, span) == 0 for value in values)
    return replace(
        found, shape=Shape.UNMOVED if nothing else found.shape, start=as_told(found.start, span),
        end=as_told(found.end, span), turns=turns, lowest=point(found.lowest),
        highest=point(found.highest),
    )  # fmt: skip


def movement(found: Behaviour, name: str, units: str | None, time_units: str) -> str:
    """Return what a curve did, in one clause with its numbers and without a full stop."""
    if with_unit("", units).casefold() == name.casefold():
        units = None  # 'Customers rise to 9,000', not 'to 9,000 customers'
    clause = _CLAUSES.get(found.shape, _one_way)(found, units, time_units)
    if many(name):
        clause = _VERB.sub(r"\1", clause)
    return f"{name} {clause}"


def shape_words(found: Behaviour) -> str:
    """Return the shape with its direction: 'declining ever faster and then levelling off'."""
    way = "rising" if found.change > 0 else "declining"
    if found.shape is Shape.S_SHAPED:
        return (
            f"{way} ever faster at first, then more slowly"
            if found.still_moving
            else (f"{way} {found.shape.value}")
        )
    if found.shape is Shape.LEVELLING_OFF:
        return f"{way} ever more slowly" if found.still_moving else f"{way}, then levelling off"
    if found.shape is Shape.STEADY:
        return f"{way} {found.shape.value}"
    return str(found.shape.value)


def _verb(change: float) -> str:
    return "rises" if change > 0 else "falls"


def _one_way(found: Behaviour, units: str | None, time_units: str) -> str:
    start, end = pair(found.start, found.end)
    since = ""
    if found.began is not None and found.began > found.start_time:
        since = f", from {moment(found.began, time_units)} on"
    return (
        f"{_verb(found.change)} from {start} to {with_unit(end, units)} "
        f"by {moment(found.end_time, time_units)}{since}, {shape_words(found)}"
    )


def _unmoved(found: Behaviour, units: str | None, time_units: str) -> str:
    if not math.isfinite(found.end):
        return "stays without a number"
    return f"stays at {with_unit(number(found.end), units)}"


def _there_and_back(found: Behaviour, units: str | None, time_units: str) -> str:
    turn = found.turns[0]
    decimals = places(found.start, turn.value, found.end)
    start, extreme, end = (number(v, decimals) for v in (found.start, turn.value, found.end))
    returned = (turn.value - found.end) / (turn.value - found.start)
    back = "comes all the way back to" if returned > 0.95 else "comes back to"
    over = ", overshooting," if found.shape is Shape.OVERSHOOTING else ""
    return (
        f"{_verb(turn.value - found.start)} from {start} to {with_unit(extreme, units)} by "
        f"{moment(turn.time, time_units)}{over} and {back} {end} by "
        f"{moment(found.end_time, time_units)}"
    )


def _turning(found: Behaviour, units: str | None, time_units: str) -> str:
    decimals = places(found.start, found.end, *(turn.value for turn in found.turns))
    steps = [
        f"{_verb(to.value - origin.value)} to {number(to.value, decimals)} "
        f"by {moment(to.time, time_units)}"
        for origin, to in swings(found)
    ]
    label = "" if found.shape in (Shape.TURNING, Shape.TURNING_TWICE) else f" ({found.shape.value})"
    begins = f"begins at {with_unit(number(found.start, decimals), units)}"
    return f"{begins}, {', '.join(steps[:-1])} and {steps[-1]}{label}"


def _swinging(found: Behaviour, units: str | None, time_units: str) -> str:
    if found.lowest is None or found.highest is None:
        return "stays without a number"
    low, high = pair(found.lowest.value, found.highest.value)
    start, end = pair(found.start, found.end)
    what = "fluctuates without a course" if found.shape is Shape.FLUCTUATING else "swings"
    waves = {Shape.DAMPED: ", less and less", Shape.GROWING: ", more and more"}
    return (
        f"{what} between {low} and {with_unit(high, units)}{waves.get(found.shape, '')}, "
        f"from {start} at the start to {end} in {moment(found.end_time, time_units)}"
    )


_VERB = re.compile(r"\b(rise|fall|stay|begin|swing|fluctuate|come)s\b")
_Clause = Callable[[Behaviour, str | None, str], str]
_CLAUSES: dict[Shape, _Clause] = {
    Shape.UNMOVED: _unmoved,
    Shape.OVERSHOOTING: _there_and_back,
    Shape.DIPPING: _there_and_back,
    Shape.PEAKING: _there_and_back,
    Shape.WORSE_BEFORE_BETTER: _turning,
    Shape.BETTER_BEFORE_WORSE: _turning,
    Shape.TURNING: _turning,
    Shape.TURNING_TWICE: _turning,
    Shape.OSCILLATING: _swinging,
    Shape.DAMPED: _swinging,
    Shape.GROWING: _swinging,
    Shape.FLUCTUATING: _swinging,
}
