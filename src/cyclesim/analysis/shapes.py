"""What a curve does, in one of a few shapes.

Atomic behaviour follows Ford (1999): a curve speeds up, slows down or goes straight. Longer
patterns are sequences of slopes and curvatures between turning points, as in the templates of
Barlas and Kanar (1999) and of Yücel and Barlas (2011), taken from curves freed of their noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

import numpy as np

from cyclesim.analysis import turns as turning
from cyclesim.analysis.smoothing import smoothed
from cyclesim.scenario.parts import Direction

UNMOVED_SHARE = 0.01
"""A movement smaller than this share of the variable's own size does not count."""
BEGUN = 0.02
PROMINENT = 0.05
STRAIGHT = 0.06
SLOWER, SURELY_SLOWER = 0.9, 0.7
"""Below these shares of the highest speed a curve has slowed down; the second where noise is."""
GRID = 101
FIRST, LAST = 10, 15
"""Speed is taken over so many hundredths of the run: fewer for a slow start, which may be short."""
AT_ONCE = 1000
"""So many curves are smoothed at a time: enough for speed, and little memory."""


class Shape(Enum):
    """How a variable moves over a run; the value is the label."""

    UNMOVED = "unmoved"
    RISING_EVER_FASTER = "rising ever faster"
    DECLINING_EVER_FASTER = "declining ever faster"
    LEVELLING_OFF = "levelling off"
    S_SHAPED = "ever faster and then levelling off"
    STEADY = "at a steady pace"
    OVERSHOOTING = "overshooting"
    DIPPING = "dipping and coming back"
    PEAKING = "rising and falling back"
    WORSE_BEFORE_BETTER = "worse before better"
    BETTER_BEFORE_WORSE = "better before worse"
    TURNING = "turning once"
    TURNING_TWICE = "turning twice"
    OSCILLATING = "oscillating"
    DAMPED = "oscillating less and less"
    GROWING = "oscillating more and more"
    FLUCTUATING = "fluctuating"


@dataclass(frozen=True)
class Point:
    """A place on a curve."""

    time: float
    value: float


@dataclass(frozen=True)
class _Curve:
    """One curve at even times, without its noise; what the noise was, and what is left of it."""

    time: np.ndarray
    values: np.ndarray
    noise: float
    remaining: float


@dataclass(frozen=True)
class Behaviour:
    """What a variable did: `turns` are its turning points, smaller ripples left out.

    `began` is when it had left its start by 2 % of its range, None where it did not move;
    `size` is the variable's own size, against which movement is judged.
    """

    shape: Shape
    good: Direction
    start: float
    end: float
    start_time: float
    end_time: float
    size: float
    began: float | None = None
    turns: tuple[Point, ...] = ()
    lowest: Point | None = None
    highest: Point | None = None
    still_moving: bool = False

    @property
    def change(self) -> float:
        """Return the end less the start."""
        return self.end - self.start

    @property
    def extreme(self) -> Point | None:
        """Return the turning point farthest from the start, None where there is none."""
        return max(self.turns, key=lambda turn: abs(turn.value - self.start), default=None)

    @property
    def better(self) -> bool | None:
        """Return whether the end is better than the start; None where that cannot be said."""
        if self.good is Direction.NEITHER or self.shape is Shape.UNMOVED:
            return None
        if not abs(self.change) >= UNMOVED_SHARE * self.size:
            return None
        return (self.change > 0) == (self.good is Direction.UP)


def behaviour(
    time: np.ndarray, values: np.ndarray, good: Direction, reference: float | None = None
) -> Behaviour:
    """Return the shape of a curve and the numbers that go with it.

    `reference` is the variable's own size, its largest absolute value where not given. Noise
    is estimated and smoothed away first; values that are not finite end the curve.
    """
    return behaviours(time, np.asarray(values, float)[None], good, reference)[0]


def behaviours(
    time: np.ndarray, values: np.ndarray, good: Direction, reference: float | None = None
) -> tuple[Behaviour, ...]:
    """Return for each curve what `behaviour` does, many times faster; for batches of runs.

    `values` has an axis of runs, then one of times.
    """
    time, values = np.asarray(time, float), np.asarray(values, float)
    whole = np.isfinite(values)
    counts = np.where(whole.all(axis=1), values.shape[1], np.argmin(whole, axis=1))
    found: dict[int, Behaviour] = {}
    for count in np.unique(counts).tolist():
        rows = np.flatnonzero(counts == count)
        for first in range(0, len(rows), AT_ONCE):
            some = rows[first : first + AT_ONCE]
            curves = _behaviours(time[:count], values[some, :count], good, reference)
            found.update(zip(some.tolist(), curves, strict=True))
    return tuple(found[row] for row in range(len(values)))


def _behaviours(
    time: np.ndarray, values: np.ndarray, good: Direction, reference: float | None
) -> Iterator[Behaviour]:
    count = values.shape[1]
    if count == 0:
        nan = math.nan
        yield from [Behaviour(Shape.UNMOVED, good, nan, nan, nan, nan, nan)] * len(values)
        return
    sizes = np.abs(values).max(axis=1)
    if reference:
        sizes[:] = abs(reference)
    # A curve is judged by its range, so that units as small as 1e-12 or as large do not matter.
    moved = np.ptp(values, axis=1) > UNMOVED_SHARE * sizes if count >= 3 else sizes < 0
    curves = smoothed(time, values[moved]) if moved.any() else None
    place = 0
    for row, size in enumerate(sizes.tolist()):
        ends = (float(values[row, 0]), float(values[row, -1]))
        still = Behaviour(Shape.UNMOVED, good, *ends, float(time[0]), float(time[-1]), size)
        if curves is None or not moved[row]:
            yield still
            continue
        noise, remaining = float(curves.noise[place]), float(curves.remaining[place])
        curve = _Curve(curves.time, curves.values[place], noise, remaining)
        yield _moving(still, curve, time, values[row])
        place += 1


def _moving(still: Behaviour, curve: _Curve, time: np.ndarray, values: np.ndarray) -> Behaviour:
    """Return what a curve did that is not unmoved; `time` and `values` are as they were."""
    height, remaining, size = float(np.ptp(curve.values)), curve.remaining, still.size
    low, high = (
        Point(float(time[i]), float(values[i])) for i in (values.argmin(), values.argmax())
    )
    if height <= UNMOVED_SHARE * size or height <= 3 * curve.noise:
        return replace(still, shape=Shape.FLUCTUATING, lowest=low, highest=high)
    first = _begin(np.abs(curve.values - curve.values[0]) > max(BEGUN * height, 4 * remaining))
    swing = max(PROMINENT * height, 4 * remaining, UNMOVED_SHARE * size)
    turns = turning.settled_turns(curve.values, swing, height)
    return replace(
        still,
        shape=_shape(curve, first, turns, still.good),
        began=float(curve.time[first]),
        turns=tuple(Point(float(curve.time[i]), float(curve.values[i])) for i in turns),
        lowest=low,
        highest=high,
        still_moving=_moves_at_the_end(curve.values, height),
    )


def _begin(away: np.ndarray) -> int:
    # A single sample that noise has lifted is not a beginning: a run of samples is.
    lasting = max(1, len(away) // 30)
    for index in np.flatnonzero(away):
        if away[index : index + lasting].all():
            return int(index)
    return int(np.argmax(away))


def _moves_at_the_end(values: np.ndarray, height: float) -> bool:
    last = max(1, len(values) // 10)
    return bool(abs(values[-1] - values[-1 - last]) > 0.03 * height)


def _shape(curve: _Curve, first: int, turns: list[int], good: Direction) -> Shape:
    if len(turns) >= 3:
        return _wave(turning.growth(curve.values, turns))
    if len(turns) == 2:
        return Shape.TURNING_TWICE
    if len(turns) == 1:
        return _turned_once(curve.values, turns[0], good)
    # One sample earlier, so that the curve begins where it still stood.
    return _monotone(curve.values[max(0, first - 1) :], curve.remaining)


def _wave(growth: float) -> Shape:
    if growth > turning.FOLD:
        return Shape.GROWING
    return Shape.DAMPED if growth < 1 / turning.FOLD else Shape.OSCILLATING


def _turned_once(values: np.ndarray, turn: int, good: Direction) -> Shape:
    out = values[turn] - values[0]
    returned = (values[turn] - values[-1]) / out
    if returned > 1.0 + turning.LARGE:
        if good is Direction.NEITHER:
            return Shape.TURNING
        first_better = (out > 0) == (good is Direction.UP)
        return Shape.BETTER_BEFORE_WORSE if first_better else Shape.WORSE_BEFORE_BETTER
    if returned < 0.5:
        return Shape.OVERSHOOTING
    return Shape.PEAKING if out > 0 else Shape.DIPPING


def _monotone(values: np.ndarray, noise: float) -> Shape:
    rise = values[-1] - values[0]
    if len(values) < 4:
        return Shape.STEADY
    places = np.linspace(0, len(values) - 1, GRID)
    way = (np.interp(places, np.arange(len(values)), values) - values[0]) / rise
    straight = max(STRAIGHT, 10 * noise / abs(rise))
    if np.abs(way - np.linspace(0, 1, GRID)).max() < straight:
        return Shape.STEADY
    early, late = (way[window:] - way[:-window] for window in (FIRST, LAST))
    begins_slowly = early[0] < SURELY_SLOWER * early.max()
    ends_slowly = late[-1] < (SURELY_SLOWER if noise else SLOWER) * late.max()
    if begins_slowly and not ends_slowly:
        return Shape.RISING_EVER_FASTER if rise > 0 else Shape.DECLINING_EVER_FASTER
    if begins_slowly:
        return Shape.S_SHAPED
    return Shape.LEVELLING_OFF if ends_slowly else Shape.STEADY


def swings(found: Behaviour) -> tuple[tuple[Point, Point], ...]:
    """Return the stretches between start, turning points and end."""
    start = Point(found.start_time, found.start)
    end = Point(found.end_time, found.end)
    return tuple(pairwise((start, *found.turns, end)))
