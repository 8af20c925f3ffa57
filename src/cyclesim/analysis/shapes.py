"""What a curve does, in one of a few shapes.

Atomic behaviour follows Ford (1999): a curve speeds up, slows down or goes straight. Longer
patterns are told apart by their turning points, as in the templates of Barlas and Kanar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np

from cyclesim.analysis import smoothing
from cyclesim.scenario.parts import Direction

UNMOVED_SHARE = 0.01
"""A movement smaller than this share of the variable's own size does not count."""
BEGUN = 0.02
PROMINENT, LARGE = 0.05, 0.15
STRAIGHT = 0.06
SLOWER, SURELY_SLOWER = 0.9, 0.72
"""Below these shares of the highest speed a curve has slowed down; the second where noise is."""
GRID = 101
WINDOW = 15


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
    FLUCTUATING = "fluctuating"


@dataclass(frozen=True)
class Point:
    """A place on a curve."""

    time: float
    value: float


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
    whole = np.isfinite(values)
    count = len(values) if whole.all() else int(np.argmin(whole))
    if count == 0:
        nan = math.nan
        return Behaviour(Shape.UNMOVED, good, nan, nan, nan, nan, nan)
    time, values = np.asarray(time[:count], float), np.asarray(values[:count], float)
    size = float(abs(reference)) if reference else float(np.abs(values).max())
    ends = (float(values[0]), float(values[-1]), float(time[0]), float(time[-1]), size)
    # A curve is judged by its range, so that units as small as 1e-12 or as large do not matter.
    spread = float(np.ptp(values))
    if count < 3 or spread <= UNMOVED_SHARE * size:
        return Behaviour(Shape.UNMOVED, good, *ends)
    curve = smoothing.smoothed(time, values)
    height = float(np.ptp(curve.values))
    low, high = (
        Point(float(time[i]), float(values[i])) for i in (values.argmin(), values.argmax())
    )
    if height <= UNMOVED_SHARE * size or height <= 3 * curve.noise:
        shape = Shape.FLUCTUATING
        return Behaviour(shape, good, *ends, lowest=low, highest=high)
    least = max(BEGUN * height, 4 * curve.remaining)
    first = _begin(np.abs(curve.values - curve.values[0]) > least)
    swing = max(PROMINENT * height, 4 * curve.remaining, UNMOVED_SHARE * size)
    turns = _settled_turns(curve.values, swing, height)
    return Behaviour(
        _shape(curve, first, turns, good),
        good,
        *ends,
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


def turning_points(values: np.ndarray, swing: float) -> list[int]:
    """Return the places of the highs and lows between swings larger than `swing`."""
    turns: list[int] = []
    low = high = 0
    rising: bool | None = None
    for index, value in enumerate(values):
        high = index if value >= values[high] else high
        low = index if value <= values[low] else low
        if rising is not False and values[high] - value > swing:
            if rising or values[high] - values[0] > swing:
                turns.append(high)
            rising, low = False, index
        elif rising is not True and value - values[low] > swing:
            if rising is False or values[0] - values[low] > swing:
                turns.append(low)
            rising, high = True, index
    return turns


def _settled_turns(values: np.ndarray, swing: float, height: float) -> list[int]:
    """Return the turning points that name the shape: the small ones only in a true oscillation."""
    turns = turning_points(values, swing)
    large = turning_points(values, max(swing, LARGE * height))
    oscillates = len(turns) >= 3 and len(large) >= 2
    return turns if oscillates or len(turns) <= 1 else large


def _shape(curve: smoothing.Curve, first: int, turns: list[int], good: Direction) -> Shape:
    if len(turns) >= 3:
        return Shape.OSCILLATING
    if len(turns) == 2:
        return Shape.TURNING_TWICE
    if len(turns) == 1:
        return _turned_once(curve.values, turns[0], good)
    # One sample earlier, so that the curve begins where it still stood.
    return _monotone(curve.values[max(0, first - 1) :], curve.remaining)


def _turned_once(values: np.ndarray, turn: int, good: Direction) -> Shape:
    out = values[turn] - values[0]
    returned = (values[turn] - values[-1]) / out
    if returned > 1.0 + LARGE:
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
    speed = way[WINDOW:] - way[:-WINDOW]
    fastest = speed.max()
    begins_slowly = speed[0] < SURELY_SLOWER * fastest
    ends_slowly = speed[-1] < (SURELY_SLOWER if noise else SLOWER) * fastest
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
