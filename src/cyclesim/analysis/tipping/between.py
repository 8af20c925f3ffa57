"""Where between a good and a bad start the outcome turns: bisection along the line between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.tipping.outcome import Contrast
from cyclesim.analysis.tipping.parts import Between, Rule
from cyclesim.analysis.tipping.search import bisected
from cyclesim.analysis.tipping.today import Step, Today, stand
from cyclesim.ensemble import run_scenario
from cyclesim.scenario.parts import Scenario

Array = np.ndarray

POINTS = 9
"""Starts along the line that are run first, to see how often the outcome turns."""


@dataclass(frozen=True)
class Start:
    """A state to start from, `levels` (stock,), and what it is called."""

    name: str
    levels: Array


def starts_of(today: Today, contrast: Contrast) -> tuple[Start, Start]:
    """Return a good and a bad start: those of the two scenarios, or their ends if alike."""
    good, bad = (stand(today.study, each) for each in (contrast.good, contrast.bad))
    sizes = np.maximum(np.abs(good.levels), np.abs(bad.levels))
    if (np.abs(good.levels - bad.levels) > 1e-9 * sizes).any():
        return (Start(f"the start of '{contrast.good.title}'", good.levels),
                Start(f"the start of '{contrast.bad.title}'", bad.levels))  # fmt: skip
    return tuple(_ended(today, each) for each in (contrast.good, contrast.bad))  # type: ignore[return-value]


def _ended(today: Today, scenario: Scenario) -> Start:
    results = run_scenario(today.study, scenario, estimate_error=False)
    rows = [results.columns[stock.name] for stock in today.stocks]
    return Start(f"the end of '{scenario.title}'", results.trajectory.values[rows, -1])


def between(
    today: Today,
    rule: Rule,
    good: Start,
    bad: Start,
    *,
    tolerance: float = 1e-6,
    check_dt: bool = False,
) -> Between:
    """Return where between two starts the outcome of `rule` turns, all else as it is today.

    Every stock lies at the same share of the way from bad to good. A grid of starts comes first;
    each turn seen is bisected to `tolerance` of the way. With `check_dt` it is done again with
    half the step. What the model remembers besides stocks is as today.
    """
    grid = np.linspace(0.0, 1.0, POINTS)
    ends, shares = _turned(today, rule, good, bad, grid, tolerance)
    finer: tuple[float, ...] | None = None
    if check_dt:
        own = today.own_step
        half = Step(own.method, own.dt / 2)
        _, finer = _turned(today, rule, good, bad, grid, tolerance, half)
    first = shares[0] if shares else np.nan
    at = bad.levels + first * (good.levels - bad.levels)
    stocks = tuple(
        (stock.name, stock.variable.units, float(low), float(here), float(high))
        for stock, low, here, high in zip(today.stocks, bad.levels, at, good.levels, strict=True)
        if not stock.hidden
    )
    output = np.nan
    if shares:
        output = float(
            today.values(at[:, None], None, float(today.start))[today.place(rule.variable), 0]
        )
    return Between(rule, bad.name, good.name, shares, tolerance, stocks, output, ends, finer)


def _turned(
    today: Today,
    rule: Rule,
    good: Start,
    bad: Start,
    grid: Array,
    tolerance: float,
    step: Step | None = None,
) -> tuple[Array, tuple[float, ...]]:
    def ends(shares: Array) -> Array:
        levels = bad.levels[:, None] + shares * (good.levels - bad.levels)[:, None]
        return today.ends(rule.variable, rule.time, levels, None, step)

    reached = ends(grid)
    judged = rule.judged(reached)
    turns = np.flatnonzero(judged[1:] != judged[:-1])
    low, high = bisected(
        lambda _, shares: rule.judged(ends(shares)),
        grid[turns], grid[turns + 1], judged[turns], tolerance, relative=False,
    )  # fmt: skip
    return reached, tuple(((low + high) / 2).tolist())
