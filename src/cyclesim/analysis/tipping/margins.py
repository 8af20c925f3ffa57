"""How far each stock, constant and number of a change can move before the outcome turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cyclesim.analysis.tipping.outcome import labels
from cyclesim.analysis.tipping.parts import Margins, Rule, Threshold, What
from cyclesim.analysis.tipping.search import WAY, first_turns
from cyclesim.analysis.tipping.today import Today
from cyclesim.compiler import FlatVariable, selected
from cyclesim.ensemble import Varied, VariedKind

Array = np.ndarray

TOLERANCE = 0.005
"""How near a margin is found, as a share of itself."""

LASTING_WAY, LASTING_TOLERANCE = (1 / 16, 1 / 4, 1.0), 0.01
"""The same for runs that last many times as long."""

ASIDE = 0.05
"""How far on either side of a threshold its steepness is measured, as a share of the way."""


@dataclass(frozen=True)
class Line:
    """One thing that moves from today's value towards a limit: a stock, or a number, by place."""

    name: str
    what: What
    place: int
    units: str | None
    today: float
    limit: float
    assumed: bool

    def at(self, share: float) -> float:
        """Return the value at a share of the way."""
        return self.today + share * (self.limit - self.today)


class Outcomes:
    """Where the outcome's variable ends for points on lines, each point a lane."""

    def __init__(self, today: Today, lines: Sequence[Line], rule: Rule) -> None:
        self.today, self.rule = today, rule
        self.origin = np.array([line.today for line in lines])
        self.way = np.array([line.limit - line.today for line in lines])
        self.place = np.array([line.place for line in lines])
        self.of_stock = np.array([line.what is What.STOCK for line in lines], dtype=bool)
        self.runs = 0

    def ends(self, lines: Array, shares: Array) -> Array:
        """Return the ends (lane,) of `lines` (lane,) at `shares` (lane,) of their way."""
        if not lines.size:
            return np.zeros(0)
        self.runs += lines.size
        count = lines.size
        levels = np.repeat(self.today.levels[:, None], count, axis=1)
        numbers = np.repeat(self.today.numbers[:, None], count, axis=1)
        values = self.origin[lines] + shares * self.way[lines]
        lanes = np.arange(count)
        stocks = self.of_stock[lines]
        levels[self.place[lines[stocks]], lanes[stocks]] = values[stocks]
        numbers[self.place[lines[~stocks]], lanes[~stocks]] = values[~stocks]
        return self.today.ends(self.rule.variable, self.rule.time, levels, numbers)

    def judged(self, lines: Array, shares: Array) -> Array:
        """Return whether each end is good."""
        return self.rule.judged(self.ends(lines, shares))


def margins(
    today: Today,
    rule: Rule,
    *,
    lines: Sequence[Line] | None = None,
    tolerance: float = TOLERANCE,
    way: tuple[float, ...] = WAY,
) -> Margins:
    """Return how far each thing can move, up and down, until the outcome of `rule` turns.

    Each line is scanned first, since an outcome may turn more than once; the nearest turn is
    bisected, all lines at once as lanes, with the study's own step. A number that moves holds from
    the organisation's start on.
    """
    lines = tuple(lines_of(today) if lines is None else lines)
    outcomes = Outcomes(today, lines, rule)
    base = np.full(len(lines), rule.is_good)
    turns = first_turns(outcomes.judged, base, tolerance, way)
    found = np.flatnonzero(np.isfinite(turns.high))
    middle = (turns.low + turns.high) / 2
    aside = np.concatenate(
        (middle[found] * (1 - ASIDE), np.minimum(middle[found] * (1 + ASIDE), 1))
    )
    before, beyond = np.split(outcomes.ends(np.tile(found, 2), aside), 2)
    called = labels(today.study)
    shown = [
        replace(each, label=called.get(each.name, ""))
        for each in _thresholds(lines, middle, turns.high - turns.low, turns.crossings)
    ]
    for place, line in enumerate(found.tolist()):
        lost = not np.isfinite(before[place] - beyond[place])
        steep = 0.0 if lost else abs(before[place] - beyond[place]) / rule.gap
        shown[line] = replace(shown[line], before=float(before[place]), beyond=float(beyond[place]),
                              steep=float(steep))  # fmt: skip
    step = today.own_step
    words = f"{step.method.value}, dt {float(step.dt):g}"
    return Margins(rule, tuple(shown), outcomes.runs, words)


def _thresholds(
    lines: Sequence[Line], middle: Array, width: Array, crossings: Array
) -> list[Threshold]:
    found = []
    for line, share, wide, count in zip(lines, middle, width, crossings.tolist(), strict=True):
        turns = bool(np.isfinite(share))
        found.append(
            Threshold(
                line.name, line.what, line.units, line.today, line.limit, line.assumed,
                line.at(float(share)) if turns else None,
                abs(line.limit - line.today) * float(wide) if turns else 0.0,
                np.nan, np.nan, 0.0, count if turns else 0,
            )
        )  # fmt: skip
    return found


def lines_of(today: Today, visited: Array | None = None) -> tuple[Line, ...]:
    """Return all that can move, up and down within its range.

    A stock without one may go as far as it ever is in `visited` (stock, state). Parts of
    delays, which the compiler made, and constants that a change takes over do not.
    """
    found: list[Line] = []
    for place, stock in enumerate(today.stocks):
        if not stock.hidden:
            seen = today.levels[place : place + 1] if visited is None else visited[place]
            found += _both_ways(stock.name, What.STOCK, place, stock.variable,
                                float(today.levels[place]), seen)  # fmt: skip
    changed = {v.ident for v in today.varied if v.kind is VariedKind.CHANGE}
    for place, varied in enumerate(today.varied):
        value = float(today.numbers[place])
        if varied.kind is VariedKind.CHANGE:
            found += _of_change(today, place, varied, value)
        elif varied.ident not in changed:
            variable = today.study.model.flat.by_ident[varied.ident]
            found += _both_ways(varied.name, What.CONSTANT, place, variable, value)
    return tuple(found)


def _both_ways(
    name: str,
    what: What,
    place: int,
    variable: FlatVariable,
    value: float,
    seen: Array | None = None,
) -> list[Line]:
    low, high = variable.range.low, variable.range.high
    size = abs(value) or 1.0
    # Where the model gives no range: down to nothing, up to twice as much.
    down = (0.0 if value > 0 else value - size) if low is None else low
    up = (0.0 if value < 0 else value + size) if high is None else high
    if seen is not None:
        least, most = float(np.nanmin(seen)), float(np.nanmax(seen))
        down, up = (
            (min(down, least) if low is None else down),
            (max(up, most) if high is None else up),
        )
    ways = []
    if down < value:
        ways.append(Line(name, what, place, variable.units, value, down, low is None))
    if up > value:
        ways.append(Line(name, what, place, variable.units, value, up, high is None))
    return ways


def _of_change(today: Today, place: int, varied: Varied, value: float) -> list[Line]:
    name = f"{varied.name} ({varied.role})"
    specs = today.specs
    start, stop = float(specs.start), float(specs.stop)
    units = specs.time_units
    if varied.role in ("time", "until"):
        limits = [(start, False), (stop, False)]
    elif varied.role == "duration":
        limits = [(float(specs.dt), False), (stop - start, False)]
    else:
        variable = selected(today.study.model.flat, varied.changed or varied.ident).variable
        if varied.role == "to":
            return _both_ways(name, What.CHANGE, place, variable, value)
        units, size = variable.units or "", abs(value) or 1.0
        limits = [(value - 2 * size, True), (value + 2 * size, True)]
    return [
        Line(name, What.CHANGE, place, units, value, limit, assumed)
        for limit, assumed in limits
        if limit != value
    ]
