"""The step that lanes are run with: as long as the answers allow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cyclesim.analysis.tipping.margins import Line, Outcomes, lines_of
from cyclesim.analysis.tipping.outcome import course, headline
from cyclesim.analysis.tipping.parts import Rule, What
from cyclesim.analysis.tipping.today import Step, Today
from cyclesim.errors import UsageError
from cyclesim.project import Method

Array = np.ndarray

_AGREES, _NEAR_ENOUGH = 1e-4, 0.1
_COARSER = ((Method.RK2, 8), (Method.RK2, 4), (Method.RK4, 4), (Method.RK2, 2), (Method.RK4, 2),
            (Method.RK2, 1), (Method.EULER, 2))  # fmt: skip
"""Steps tried instead of the study's own: a method, and how many times as long."""

_COSTS = {Method.EULER: 1, Method.RK2: 2, Method.RK4: 4}
_REACH = {Method.EULER: 1.0, Method.RK2: 1.5, Method.RK4: 2.0}
"""How long a step may be beside the fastest rate: well within what makes the method unstable."""

_SHARE = 0.9
"""The share of lines half way to whose limits a step must be stable; others are run again."""

_ALIKE, _MOST = 0.02, 0.95
"""Ends within this share of the gap, in so many of the sample, make a step trusted."""

_LINES = 64
_SMALL = 1e-6


def step_for(today: Today) -> Step:
    """Return the cheapest step whose run goes where the study's own does, to 1e-4 of its way.

    It must be stable, too, where numbers are far from today's: an organisation that rests says
    nothing of its step. What is defined on the study's own steps (noise, delays in whole steps,
    limits that depend on dt) is run with them.
    """
    own = today.own_step
    if today.beyond_stocks or any(rule.non_negative for rule in today.flat.levels):
        return own
    exact = course(today, own)
    if exact is None:
        return own
    # Each output's highest and lowest value say how far it went; what judges counts most.
    size = np.maximum(np.ptp(exact, axis=1), 0.05 * np.abs(exact).max(axis=1)) + 1e-300
    judging = [output.variable.ident for output in today.study.outputs].index(
        headline(today.study).variable.ident
    )
    off = np.full(len(exact), _NEAR_ENOUGH)
    off[judging] = _AGREES
    longest = 1 / _fastest(today, float(own.dt))
    for step in coarser(own):
        if float(step.dt) > _REACH[step.method] * longest:
            continue
        found = course(today, step)
        if found is not None and (np.abs(found - exact) <= (off * size)[:, None]).all():
            return step
    return own


def coarser(own: Step) -> Iterator[Step]:
    """Yield cheaper steps than the study's own, the cheapest first."""
    for method, times in sorted(_COARSER, key=lambda each: _COSTS[each[0]] / each[1]):
        if _COSTS[method] / times < _COSTS[own.method]:
            yield Step(method, own.dt * times)


def _fastest(today: Today, dt: float) -> float:
    """Return the largest rate, the size of an eigenvalue, that a step has to follow.

    It is that of nine in ten of a sample of lines, each half way to its limit; where the study's
    own step does not follow either, none has to.
    """
    lines = _sample(lines_of(today), _LINES)
    count, stocks = len(lines), len(today.levels)
    sizes = np.maximum(np.abs(today.levels), 1e-3 * (np.abs(today.levels).max(initial=0.0) or 1.0))
    levels = np.repeat(today.levels[:, None], count, axis=1)
    numbers = np.repeat(today.numbers[:, None], count, axis=1)
    for lane, line in enumerate(lines):
        (levels if line.what is What.STOCK else numbers)[line.place, lane] = line.at(0.5)
    moved = np.concatenate((np.zeros((stocks, 1)), np.diag(_SMALL * sizes)), axis=1)
    lanes = (levels[:, :, None] + moved[:, None, :]).reshape(stocks, -1)
    rates = _rates(today, lanes, np.repeat(numbers, stocks + 1, axis=1))
    whole = rates.reshape(stocks, count, stocks + 1)
    slopes = (whole[:, :, 1:] - whole[:, :, :1]) / (_SMALL * sizes)
    slopes = slopes.transpose(1, 0, 2)
    usable = np.isfinite(slopes).all(axis=(1, 2))
    if not usable.any():
        return 1 / dt
    largest = np.abs(np.linalg.eigvals(slopes[usable])).max(axis=1)
    largest = largest[largest * dt <= 1]
    return float(np.quantile(largest, _SHARE)) + 1e-300 if largest.size else 1 / dt


def _sample(lines: tuple[Line, ...], count: int) -> list[Line]:
    if not lines:
        return []
    return [lines[i] for i in np.unique(np.linspace(0, len(lines) - 1, count).astype(int))]


def _rates(today: Today, levels: Array, numbers: Array) -> Array:
    """Return the rates (stock, lane) at the start."""
    schedule = today.schedule(today.study.specs.stop, today.own_step)
    _, program = today.runs.programs
    state = today.state(levels)
    time = np.float64(float(today.start))
    with np.errstate(all="ignore"):
        bound = program.bind(today.binding(numbers, schedule))
        rates = bound.derivatives(time, time, state.levels, state.held)
    variables = [today.flat.by_ident[rule.ident] for rule in today.flat.levels]
    rows = [
        np.broadcast_to(rate, (*v.shape, levels.shape[1])).reshape((v.size, -1))
        for rate, v in zip(rates, variables, strict=True)
    ]
    return np.concatenate(rows).astype(float) if rows else np.zeros((0, levels.shape[1]))


def trusted(today: Today, rule: Rule, step: Step, count: int = 48) -> Step:
    """Return the step, or a finer one where runs far from today end elsewhere with the study's own.

    A sample of lines is run half way to their limits; 19 in 20 must end alike, since what leaves
    the numbers is run again and what is told is confirmed. A step that is good enough for the
    organisation as it is may be unstable where time constants are shorter.
    """
    if step == today.own_step:
        return step
    lines = lines_of(today)
    chosen = np.unique(np.linspace(0, len(lines) - 1, count).astype(int))
    half = np.full(chosen.size, 0.5)
    exact = Outcomes(today, lines, rule, today.own_step).ends(chosen, half)
    ladder = list(coarser(today.own_step))
    for tried in ladder[ladder.index(step) :]:
        try:
            found = Outcomes(today, lines, rule, tried).ends(chosen, half)
        except UsageError:
            continue  # a step that does not divide the run
        near = np.abs(found - exact) <= _ALIKE * rule.gap
        if (near | (np.isnan(found) & np.isnan(exact))).mean() >= _MOST:
            return tried
    return today.own_step
