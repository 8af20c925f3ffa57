"""Where along many lines at once an outcome turns: a scan, then bisection of each turn seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray

Judge = Callable[[Array, Array], Array]
"""Good or not, of lines (lane,) at shares of their way (lane,)."""

WAY = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""Where a line is looked at first: a turn near today is the one that matters."""

_AT_ONCE = 32
"""Lanes that a round may have for little more than one lane costs: a few blocks of machine code."""


@dataclass(frozen=True)
class Turns:
    """The first turn of each line: it lies above `low` and at or below `high`, shares of the way.

    Both are NaN for a line without one; `crossings` counts those seen in the scan.
    """

    low: Array
    high: Array
    crossings: Array


def first_turns(judge: Judge, base: Array, tolerance: float, way: tuple[float, ...] = WAY) -> Turns:
    """Return the first turn of each line from `base` (line,), the outcome at its beginning.

    `tolerance` is relative to the way to the turn. Every scanned point and every bisection is one
    lane; a round of bisection cuts each bracket in as many parts as lanes are cheap.
    """
    count, points = len(base), len(way)
    lines = np.repeat(np.arange(count), points)
    good = judge(lines, np.tile(way, count)).reshape(count, points)
    course = np.concatenate((base[:, None], good), axis=1)
    changes = course[:, 1:] != course[:, :-1]
    crossings = changes.sum(axis=1)
    some = crossings > 0
    first = changes.argmax(axis=1)
    edges = np.array((0.0, *way))
    low = np.where(some, edges[first], np.nan)
    high = np.where(some, edges[first + 1], np.nan)
    before = course[np.arange(count), first]
    low, high = bisected(judge, low, high, before, tolerance)
    return Turns(low, high, crossings)


def bisected(
    judge: Judge, low: Array, high: Array, before: Array, tolerance: float, relative: bool = True
) -> tuple[Array, Array]:
    """Return brackets (line,) narrowed to `tolerance`, of the way to the turn where `relative`.

    `before` is the outcome at `low`. Lines whose bracket is NaN are left alone. No bracket is
    narrowed beyond what numbers can tell apart.
    """
    low, high = low.copy(), high.copy()
    for _ in range(200):
        width = tolerance * high if relative else np.full_like(high, tolerance)
        middle = (low + high) / 2
        wide = (high - low > width) & (middle > low) & (middle < high)
        lines = np.flatnonzero(wide)
        if not lines.size:
            break
        parts = int(np.clip(_AT_ONCE // lines.size, 1, 15)) + 1
        shares = np.arange(1, parts) / parts
        at = low[lines, None] + shares * (high - low)[lines, None]
        good = judge(np.repeat(lines, parts - 1), at.ravel()).reshape(at.shape)
        turned = good != before[lines, None]
        # The first point that has turned; behind it the bracket may hold more turns.
        first = np.where(turned.any(axis=1), turned.argmax(axis=1), parts - 1)
        edges = np.concatenate((low[lines, None], at, high[lines, None]), axis=1)
        rows = np.arange(lines.size)
        low[lines], high[lines] = edges[rows, first], edges[rows, first + 1]
    return low, high
