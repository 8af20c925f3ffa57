"""Where a curve turns, and whether its waves grow or die down."""

from __future__ import annotations

import numpy as np

LARGE = 0.15
AWAY = 2.5
"""A last stretch so many times the largest wave leaves the waves behind: they were ripples."""
FOLD = 1.6
"""Waves whose height changes by more than this factor over the run grow, or die down."""
REGULAR, EVEN = 0.8, 3.0
"""Waves have a course only where the logarithms of their heights follow time at least with this
correlation, and no time between turns is more than so many times another."""


def turning_points(values: np.ndarray, swing: float) -> list[int]:
    """Return the places of the highs and lows between swings larger than `swing`."""
    ways = np.sign(np.diff(values))  # a product of steps could leave the numbers
    places = np.flatnonzero(ways[:-1] * ways[1:] <= 0) + 1
    turns: list[int] = []
    low = high = 0
    bottom = top = start = float(values[0])
    rising: bool | None = None
    for index, value in zip(
        [*places.tolist(), len(values) - 1],
        [*values[places].tolist(), float(values[-1])],
        strict=True,
    ):
        if value >= top:
            high, top = index, value
        if value <= bottom:
            low, bottom = index, value
        if rising is not False and top - value > swing:
            if rising or top - start > swing:
                turns.append(high)
            rising, low, bottom = False, index, value
        elif rising is not True and value - bottom > swing:
            if rising is False or start - bottom > swing:
                turns.append(low)
            rising, high, top = True, index, value
    return turns


def settled_turns(values: np.ndarray, swing: float, height: float) -> list[int]:
    """Return the turning points that name the shape: the small ones only in a true oscillation."""
    turns = turning_points(values, swing)
    if len(turns) <= 1:
        return turns
    large = turning_points(values, max(swing, LARGE * height))
    if len(turns) < 3 or len(large) < 2:
        return large
    waves = np.abs(np.diff(values[turns])).max()
    leaves = abs(values[-1] - values[turns[-1]]) > AWAY * waves
    return turning_points(values, waves) if leaves else turns


def growth(values: np.ndarray, turns: list[int]) -> float:
    """Return the factor by which the waves' height changes over the run, 1 where it has no course.

    The logarithm of the height between turns is fitted by a line in time: the logarithmic
    decrement (Ogata 2010, 5.3). The mean of two heights in a row is free of a straight trend.
    """
    heights = np.abs(np.diff(values[turns]))
    middles = (np.array(turns[1:]) + np.array(turns[:-1])) / 2
    gaps = np.diff(turns)
    if gaps.max() > EVEN * gaps.min():
        return 1.0
    if len(heights) >= 3:
        heights, middles = (heights[1:] + heights[:-1]) / 2, (middles[1:] + middles[:-1]) / 2
    logs = np.log(heights) - np.log(heights).mean()
    away = middles - middles.mean()
    if not logs.any() or abs(logs @ away) < REGULAR * np.sqrt((logs @ logs) * (away @ away)):
        return 1.0
    return float(np.exp((logs @ away) / (away @ away) * (len(values) - 1)))
