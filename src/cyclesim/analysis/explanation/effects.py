"""What taking something away does to a movement: read at its end, its height, or its swings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from cyclesim.analysis.shapes import UNMOVED_SHARE, Behaviour, Shape

Array = np.ndarray

SWINGING = (Shape.OSCILLATING, Shape.DAMPED, Shape.GROWING)
BEYOND_START = (Shape.WORSE_BEFORE_BETTER, Shape.BETTER_BEFORE_WORSE, Shape.TURNING)
RETURNING = (Shape.PEAKING, Shape.DIPPING)
"""Shapes with a way out and a way back, which may have causes of their own."""

NET = 0.25
"""A movement that ends nearer its start than this share of its range is not read at its end."""

SLOWER = 0.72
"""A movement speeds up where it begins below this share of its highest speed."""


class Reading(Enum):
    """Where two runs are compared; the value is the word for other programs."""

    END = "end"
    HEIGHT = "farthest from the start"
    SWINGS = "ups and downs"


@dataclass(frozen=True)
class Effect:
    """Two runs compared: `value` as it ran and `without` at a `time`, the end or the height.

    `took` is the part of the movement that is gone, of swings that of all ups and downs.
    """

    reading: Reading
    time: float
    value: float
    without: float
    took: float


def effect(found: Behaviour, time: Array, own: Array, other: Array) -> Effect:
    """Return what the run `other` lacks of the movement of `own`; all are (time,).

    A movement that swings is read by the way it goes up and down beyond what it gets on by: an
    end says nothing of it. One that comes back to its start is read where it is farthest from it.
    """
    moved = float(own[-1] - own[0])
    spread = float(np.ptp(own))
    ends = (float(time[-1]), float(own[-1]), float(other[-1]))
    if found.shape in SWINGING:
        return Effect(Reading.SWINGS, *ends, _part(_swings(own) - _swings(other), _swings(own)))
    past = found.shape in BEYOND_START and abs(found.change) >= UNMOVED_SHARE * found.size
    if abs(moved) >= NET * spread or past:
        return Effect(Reading.END, *ends, _part(ends[1] - ends[2], moved))
    place = int(np.abs(own - own[0]).argmax())
    value, without = float(own[place]), float(other[place])
    took = _part(value - without, value - float(own[0]))
    return Effect(Reading.HEIGHT, float(time[place]), value, without, took)


def speeds_up(time: Array, values: Array, start: float, end: float) -> bool:
    """Return whether a curve moves faster and faster within two times."""
    speed = np.abs(np.diff(values[(time >= start) & (time <= end)]))
    early = speed[: max(1, len(speed) // 10)]
    return bool(speed.size and speed.max() * SLOWER > early.mean())


def _part(gone: float, whole: float) -> float:
    return gone / whole if whole else 0.0


def _swings(values: Array) -> float:
    """Return how far a curve goes up and down beyond what it gets on by."""
    return float(np.abs(np.diff(values)).sum()) - abs(float(values[-1] - values[0]))
