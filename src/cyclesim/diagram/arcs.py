"""Links as arcs of circles: their points, where they meet boxes, and which way they bend."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cyclesim.diagram.sheet import Arrow, Box, Place, Point, Sheet, bend, chord

BENDS = tuple(
    s * turn for turn in (18.0, 10.0, 3.0, 26.0, 34.0, 43.0, 52.0, 62.0, 74.0) for s in (1, -1)
)
"""How far a link may turn off the straight line, in degrees, the nicest first."""

_POINTS = 33
_COARSE = 4
"""Every so many points of an arc are enough to see what it crosses."""
_GAP = 3.0


def arc(start: Point, end: Point, turn: float, count: int = _POINTS) -> np.ndarray:
    """Return points (count, 2) of the arc that leaves `start` turned by `turn` off the line."""
    (x0, y0), (x1, y1) = start, end
    share = np.linspace(0.0, 1.0, count)
    length = math.hypot(x1 - x0, y1 - y0)
    half = math.radians(turn)
    if abs(half) < 1e-3 or length < 1e-9:
        along, aside = share, np.zeros(count)
    else:
        radius = 1 / (2 * math.sin(half))
        swept = half - 2 * half * share
        along = 0.5 - radius * np.sin(swept)
        aside = radius * (np.cos(swept) - math.cos(half))
    # `aside` is to the left of the way; y runs downwards.
    dx, dy = x1 - x0, y1 - y0
    return np.column_stack((x0 + along * dx + aside * dy, y0 + along * dy - aside * dx))


def visible(points: np.ndarray, source: Sequence[Box], target: Sequence[Box]) -> np.ndarray:
    """Return the part of an arc between the last point in its source and the first in its target.

    Empty where the two touch.
    """
    leaves = np.flatnonzero(_inside(points, source))
    first = int(leaves[-1]) + 1 if len(leaves) else 0
    arrives = np.flatnonzero(_inside(points[first:], target))
    last = first + int(arrives[0]) if len(arrives) else len(points)
    return points[first:last]


def _inside(points: np.ndarray, boxes: Sequence[Box], margin: float = _GAP) -> np.ndarray:
    inside = np.zeros(len(points), dtype=bool)
    x, y = points[:, 0], points[:, 1]
    for left, top, right, bottom in boxes:
        inside |= (
            (x > left - margin) & (x < right + margin) & (y > top - margin) & (y < bottom + margin)
        )
    return inside


def drawn(arrow: Arrow, places: Mapping[str, Place], count: int = 121) -> np.ndarray:
    """Return the points of an arrow as far as it is seen."""
    source, target = places[arrow.source], places[arrow.target]
    start, end = (source.x, source.y), (target.x, target.y)
    points = arc(start, end, bend(arrow.angle, start, end), count)
    return visible(points, _ends(source), _ends(target))


def _ends(place: Place) -> tuple[Box, ...]:
    return place.boxes


def crossings(first: np.ndarray, others: np.ndarray) -> int:
    """Return how often a line of points (n, 2) crosses segments (m, 4)."""
    if len(first) < 2 or not len(others):
        return 0
    low, high = first.min(axis=0), first.max(axis=0)
    near = (
        (np.maximum(others[:, 0], others[:, 2]) >= low[0])
        & (np.minimum(others[:, 0], others[:, 2]) <= high[0])
        & (np.maximum(others[:, 1], others[:, 3]) >= low[1])
        & (np.minimum(others[:, 1], others[:, 3]) <= high[1])
    )
    others = others[near]
    a, b = first[:-1, None], first[1:, None]
    c, d = others[None, :, :2], others[None, :, 2:]
    return int((_opposite(a, b, c, d) & _opposite(c, d, a, b)).sum())


def _opposite(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Return whether c and d lie on two sides of the line from a to b."""
    along = b - a
    left = along[..., 0] * (c - a)[..., 1] - along[..., 1] * (c - a)[..., 0]
    right = along[..., 0] * (d - a)[..., 1] - along[..., 1] * (d - a)[..., 0]
    return np.asarray(left * right < -1e-9)


def segments(points: np.ndarray) -> np.ndarray:
    """Return the segments (n - 1, 4) of a line of points."""
    return np.hstack((points[:-1], points[1:])) if len(points) > 1 else np.zeros((0, 4))


class Router:
    """Chooses for each link how it bends: through no box, across few links, near the line."""

    def __init__(self, sheet: Sheet, preferred: Mapping[tuple[str, str], int] | None = None):
        self.places = sheet.by_key
        self.preferred = preferred or {}
        self.boxes = np.array([b for p in sheet.places for b in p.boxes] or [(0, 0, 0, 0)])
        self.owner = np.array([p.key for p in sheet.places for _ in p.boxes] or [""])
        pipes = [segments(np.array(p.points)) for p in sheet.places if p.points]
        self.pipes = np.vstack(pipes) if pipes else np.zeros((0, 4))

    def routed(self, arrows: Sequence[Arrow], rounds: int = 2) -> tuple[Arrow, ...]:
        """Return the arrows with their angles, short links first, then all once more."""
        order = sorted(range(len(arrows)), key=lambda n: (self._length(arrows[n]), n))
        chosen = list(arrows)
        lines: dict[int, np.ndarray] = {}
        for _ in range(rounds):
            for number in order:
                lines.pop(number, None)
                taken = np.vstack(list(lines.values()) or [np.zeros((0, 4))])
                chosen[number] = self._best(chosen[number], taken)
                lines[number] = segments(_coarse(self._line(chosen[number])))
        return tuple(chosen)

    def _length(self, arrow: Arrow) -> float:
        source, target = self.places[arrow.source], self.places[arrow.target]
        return math.hypot(source.x - target.x, source.y - target.y)

    def _line(self, arrow: Arrow) -> np.ndarray:
        return drawn(arrow, self.places, _POINTS)

    def _best(self, arrow: Arrow, taken: np.ndarray) -> Arrow:
        source, target = self.places[arrow.source], self.places[arrow.target]
        straight = chord((source.x, source.y), (target.x, target.y))
        best, least = arrow, math.inf
        for turn in BENDS:
            option = replace(arrow, angle=round((straight + turn) % 360, 1))
            line = self._line(option)
            cost = self._cost(option, turn, line)
            if cost < least:  # what it crosses makes it no better
                crossed = crossings(_coarse(line), np.vstack((taken, self.pipes)))
                cost += 14.0 * crossed if len(line) > 2 else 0.0
            if cost < least:
                best, least = option, cost
        return best

    def _cost(self, arrow: Arrow, turn: float, line: np.ndarray) -> float:
        """Return what a bend costs apart from crossings."""
        if len(line) < 3:
            return 400.0 + abs(turn)
        wanted = self.preferred.get((arrow.source, arrow.target), 0)
        against = 25.0 if wanted * turn < 0 else 0.0
        nice = abs(abs(turn) - 20) * 0.6 + 0.02 * _bulge(line, turn)
        tight = max(0.0, 26.0 - _span(line)) * 4  # no room for a head
        return 130.0 * self._hits(line, arrow) + nice + against + tight

    def _hits(self, line: np.ndarray, arrow: Arrow) -> int:
        """Return how many boxes of others, about, the line runs through."""
        others = (self.owner != arrow.source) & (self.owner != arrow.target)
        boxes = self.boxes[others]
        x, y = line[:, 0, None], line[:, 1, None]
        inside = (
            (x > boxes[:, 0] - 2) & (x < boxes[:, 2] + 2)
            & (y > boxes[:, 1] - 2) & (y < boxes[:, 3] + 2)
        )  # fmt: skip
        return int(inside.any(axis=0).sum())


def _coarse(line: np.ndarray) -> np.ndarray:
    return np.vstack((line[:-1:_COARSE], line[-1:]))


def _bulge(line: np.ndarray, turn: float) -> float:
    """Return how far, about, an arc leads round: long ones should stay near their line."""
    return max(0.0, abs(turn) - 20) / 20 * _span(line)


def _span(line: np.ndarray) -> float:
    return float(np.hypot(*(line[-1] - line[0])))
