"""The smallest pulse that turns the outcome, for each duration.

After Walrave (2016), who sizes the intervention that changes a pattern of behaviour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cyclesim.analysis.tipping.parts import Pulses, Rule
from cyclesim.analysis.tipping.search import WAY, first_turns
from cyclesim.analysis.tipping.today import Today, stand
from cyclesim.compiler import Pulse, Role, selected
from cyclesim.ensemble import VariedKind
from cyclesim.errors import UsageError
from cyclesim.scenario.parts import Change, Scenario

Array = np.ndarray

Ends = Callable[[Array, Array], Array]
"""Where runs end, of lines (lane,) at shares of their way (lane,)."""

DURATIONS = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""Durations tried, as shares of the study's run."""

TOLERANCE = 0.005


def pulses(today: Today, scenario: Scenario, rule: Rule, name: str) -> tuple[Pulses, ...]:
    """Return the smallest pulses of a variable, upwards and downwards, that turn the outcome.

    `scenario` is the organisation's own, to which the pulse is added from `today.start` on. A
    direction in which no pulse within the variable's range turns it is told with NaN sizes. Where
    the run leaves the numbers beyond a size, that is no turn, and the size says so.
    Raises UsageError for a stock, and for a variable that the scenario changes already.
    """
    chosen = selected(today.study.model.flat, name)
    variable = chosen.variable
    if variable.shape:
        raise UsageError(f"'{variable.name}' is an array. Name one element for the pulse.")
    if variable.role is Role.LEVEL:
        raise UsageError(f"'{variable.name}' is a stock: its margins say what a jump of it does.")
    if any(change.override.ident == chosen.whole.ident for change in scenario.changes):
        raise UsageError(f"'{scenario.name}' changes '{variable.name}' itself: it has no pulse.")
    start = float(today.start)
    made = Pulse(chosen.whole.ident, start, 1.0, by=1.0, boxes=chosen.boxes)
    change = Change(variable, made, start, "")
    pulsed = stand(today.study, replace(scenario, changes=(*scenario.changes, change)))
    pulsed = replace(pulsed, levels=today.levels, start=today.start)
    size, length = (
        next(
            place
            for place, v in enumerate(pulsed.varied)
            if v.kind is VariedKind.CHANGE and v.changed == variable.ident and v.role == role
        )
        for role in ("by", "duration")
    )
    value = float(today.values(today.levels[:, None], None, start)[today.place(variable.name), 0])
    span = float(today.specs.stop - today.specs.start)
    dt = float(today.own_step.dt)
    durations = np.unique([max(dt, round(span * share / dt) * dt) for share in DURATIONS])
    found = []
    for limit in _limits(value, variable.range.low, variable.range.high):

        def ends(lines: Array, shares: Array, limit: float = limit) -> Array:
            numbers = np.repeat(pulsed.numbers[:, None], lines.size, axis=1)
            numbers[size] = shares * (limit - value)
            numbers[length] = durations[lines]
            return pulsed.ends(rule.variable, rule.time, None, numbers)

        def judge(lines: Array, shares: Array, ends: Ends = ends) -> Array:
            return rule.judged(ends(lines, shares))

        turns = first_turns(judge, np.full(len(durations), rule.is_good), TOLERANCE, WAY)
        sizes = (turns.low + turns.high) / 2 * (limit - value)
        broken = np.zeros(len(durations), dtype=bool)
        some = np.flatnonzero(np.isfinite(turns.high))
        if some.size:
            broken[some] = ~np.isfinite(ends(some, turns.high[some]))
        found.append(
            Pulses(rule, variable.name, variable.units, start, value, limit, durations, sizes,
                   broken, TOLERANCE, not rule.is_good)
        )  # fmt: skip
    return tuple(found)


def _limits(value: float, low: float | None, high: float | None) -> list[float]:
    """Return how far a pulse may carry the value: its range, else up to twice it and down to 0."""
    size = abs(value) or 1.0
    up = high if high is not None else value + size
    down = low if low is not None else (0.0 if value > 0 else value - size)
    return [limit for limit in (up, down) if limit != value]
