"""Pieces on a canvas: first by how far they are apart in links, then each where it costs least.

The start is a stress layout (Gansner, Koren and North 2004, by majorisation); then the pieces are
set down one by one, none upon another, and taken up and set down again where their links are
short, cross few others and run through nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from cyclesim.diagram.arcs import segments
from cyclesim.diagram.chains import Piece
from cyclesim.diagram.sheet import Place

Array = np.ndarray

GRID = 20.0
"""Pieces are set down on points this far apart."""

_CELL = 10.0
_NEAR = 110
"""Places tried in full of those where links are shortest."""


@dataclass
class Canvas:
    """Where pieces stand. `links` are pairs of keys of places, `length` what a link may take."""

    pieces: Sequence[Piece]
    links: Sequence[tuple[str, str]]
    length: float = 160.0
    wide: float = 1.45
    """How much wider than high the picture may grow."""
    clear: float = 14.0
    """How far pieces stay from one another."""
    pull: float = 0.12
    """How strongly pieces are drawn to the middle, against what a link's length costs."""
    at: Array = field(default_factory=lambda: np.zeros((0, 2)))

    def __post_init__(self) -> None:
        self.home = {p.key: n for n, piece in enumerate(self.pieces) for p in piece.places}
        self.anchor = {p.key: (p.x, p.y) for piece in self.pieces for p in piece.places}
        self.solid = [np.array(piece.solid) for piece in self.pieces]
        self.pipes = [_pipes(piece) for piece in self.pieces]
        self.within = [np.array([p.symbol for p in piece.places]) for piece in self.pieces]
        self.ends = np.array([(self.home[a], self.home[b]) for a, b in self.links] or [(0, 0)][:0])
        self.ends = self.ends.reshape(-1, 2)
        self.shift = np.array([(*self.anchor[a], *self.anchor[b]) for a, b in self.links])
        self.shift = self.shift.reshape(-1, 4)
        self.down = np.zeros(len(self.pieces), dtype=bool)

    def placed(self, passes: int = 4) -> tuple[Place, ...]:
        """Return all places, on whole numbers, the top left one near the origin."""
        self.at = _stress(self._distances(), self._start()) * (self.wide**0.5, self.wide**-0.5)
        order = sorted(range(len(self.pieces)), key=lambda n: (-self._bulk(n), n))
        for number in order:
            self._set_down(number, full=False)
        for turn in range(passes):
            for number in order if turn % 2 == 0 else reversed(order):
                self._set_down(number, full=True)
        lows = [(self.solid[n][:, :2] + self.at[n]).min(axis=0) for n in range(len(self.pieces))]
        origin = np.floor(np.min(lows, axis=0)) - 30 if lows else np.zeros(2)
        found: list[Place] = []
        for number, piece in enumerate(self.pieces):
            x, y = (float(value) for value in np.round(self.at[number] - origin))
            found += piece.at(x, y)
        return tuple(found)

    def _bulk(self, number: int) -> float:
        boxes = self.solid[number]
        wide, high = boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)
        return float(wide * high) + 400.0 * int((self.ends == number).any(axis=1).sum())

    def _start(self) -> Array:
        """Return points of a spiral of even density, one a piece: the same each time."""
        turns = np.arange(len(self.pieces)) + 0.5
        angles = turns * math.pi * (3 - math.sqrt(5))
        reach = self.length * np.sqrt(turns)
        return np.column_stack((reach * np.cos(angles), reach * np.sin(angles)))

    def _distances(self) -> Array:
        """Return how far apart pieces should lie: their own halves and a length for each link."""
        count = len(self.pieces)
        steps = np.full((count, count), np.inf)
        np.fill_diagonal(steps, 0.0)
        for a, b in self.ends:
            if a != b:
                steps[a, b] = steps[b, a] = 1.0
        for middle in range(count):
            steps = np.minimum(steps, steps[:, middle, None] + steps[None, middle, :])
        finite = steps[np.isfinite(steps)]
        far = min(float(finite.max()) / 2 + 1.0, 3.5) if len(finite) else 2.0
        steps[~np.isfinite(steps)] = far  # parts that no link joins lie beside one another
        halves = np.array([self._half(n) for n in range(count)])
        apart: Array = self.length * 0.85 * steps + (halves[:, None] + halves[None, :]) * 0.7
        np.fill_diagonal(apart, 0.0)
        return apart

    def _half(self, number: int) -> float:
        boxes = self.solid[number]
        wide, high = boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)
        return float(math.sqrt(wide * high)) / 2

    def _set_down(self, number: int, full: bool) -> None:
        """Move a piece to the free point that costs least."""
        self.down[number] = False
        mine = [k for k, (a, b) in enumerate(self.ends) if (a == number) != (b == number)]
        near = [k for k in mine if self.down[self._other(k, number)]]
        points = self._free(number)
        if full and near:
            cost = self._stretch(number, points, near)
            best = np.argsort(cost, kind="stable")[:_NEAR]
            cost = cost[best] + self._trouble(number, points[best], near)
            self.at[number] = points[best[int(np.argmin(cost))]]
        else:
            self.at[number] = points[int(np.argmin(((points - self.at[number]) ** 2).sum(axis=1)))]
        self.down[number] = True

    def _other(self, link: int, number: int) -> int:
        a, b = self.ends[link]
        return int(b if a == number else a)

    def _free(self, number: int) -> Array:
        """Return the grid points at which a piece covers nothing, around what stands already."""
        boxes = self.solid[number]
        own_low, own_high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        taken = [self.solid[n] + np.tile(self.at[n], 2) for n in np.flatnonzero(self.down)]
        ground = np.vstack(taken) if taken else np.array([[*self.at[number], *self.at[number]]])
        room = (own_high - own_low).max() + 2 * self.length
        low = np.minimum(ground[:, :2].min(axis=0), self.at[number]) - room
        high = np.maximum(ground[:, 2:].max(axis=0), self.at[number]) + room
        low = np.floor(low / GRID) * GRID
        size = np.ceil((high - low) / _CELL).astype(int) + 2
        mask = np.zeros(size, dtype=np.int32)
        if taken:
            for box in _cells(ground, low, self.clear):
                mask[box[0] : box[2], box[1] : box[3]] = 1
        total = np.zeros(size + 1, dtype=np.int32)
        total[1:, 1:] = mask.cumsum(axis=0).cumsum(axis=1)
        axes = [
            np.arange(low[i] + math.ceil(-own_low[i] / GRID) * GRID, high[i] - own_high[i], GRID)
            for i in (0, 1)
        ]
        x, y = (each.ravel() for each in np.meshgrid(*axes, indexing="ij"))
        free = np.ones(len(x), dtype=bool)
        for left, top, right, bottom in boxes:
            x0 = np.floor((x + left - low[0]) / _CELL).astype(int)
            x1 = np.ceil((x + right - low[0]) / _CELL).astype(int)
            y0 = np.floor((y + top - low[1]) / _CELL).astype(int)
            y1 = np.ceil((y + bottom - low[1]) / _CELL).astype(int)
            free &= total[x1, y1] - total[x0, y1] - total[x1, y0] + total[x0, y0] == 0
        return np.column_stack((x[free], y[free]))

    def _ways(self, number: int, points: Array, links: list[int]) -> Array:
        """Return the lines (points, links, 4) from the piece at each point to its neighbours."""
        mine = self.ends[links, 0] == number
        own = np.where(mine[:, None], self.shift[links, :2], self.shift[links, 2:])
        far = np.where(mine[:, None], self.shift[links, 2:], self.shift[links, :2])
        others = self.ends[links, 1] * mine + self.ends[links, 0] * ~mine
        far = far + self.at[others]
        start = points[:, None, :] + own[None]
        return np.concatenate((start, np.broadcast_to(far[None], start.shape)), axis=2)

    def _stretch(self, number: int, points: Array, links: list[int]) -> Array:
        ways = self._ways(number, points, links)
        far = np.hypot(ways[..., 2] - ways[..., 0], (ways[..., 3] - ways[..., 1]) * 1.15)
        short = np.maximum(0.0, self.length * 0.6 - far)
        cost: Array = (far + far**2 / (6 * self.length) + 1.5 * short).sum(axis=1)
        centre = self.at[self.down].mean(axis=0)
        away = np.abs(points - centre) * (1.0, self.wide)
        cost += self.pull * away.max(axis=1)
        return cost

    def _trouble(self, number: int, points: Array, links: list[int]) -> Array:
        """Return what crossings and boxes run through cost at each point."""
        ways = self._ways(number, points, links)
        standing = [k for k, (a, b) in enumerate(self.ends) if self._stands(a, b, number)]
        lines = self.shift[standing] + self.at[self.ends[standing]].reshape(-1, 4)
        downs = np.flatnonzero(self.down)
        pipes = [self.pipes[n] + np.tile(self.at[n], 2) for n in downs]
        cost = 70.0 * _crossed(ways, lines) + 30.0 * _crossed(ways, _stack(pipes))
        blocks = [self.within[n] + np.tile(self.at[n], 2) for n in downs]
        cost += 55.0 * (_through(ways, _stack(blocks)) - len(links))
        own = self.within[number][None] + np.tile(points, 2)[:, None, :]
        for box in range(own.shape[1]):
            cost += 55.0 * _through_each(lines, own[:, box])
        mine = self.pipes[number]
        for pipe in mine:
            at = (pipe + np.tile(points, 2))[:, None, :]
            cost += 30.0 * _crossed(at, lines)
        return cost

    def _stands(self, a: int, b: int, number: int) -> bool:
        return a != number and b != number and bool(self.down[a] and self.down[b])


def _stack(arrays: Iterable[Array]) -> Array:
    return np.vstack([*arrays, np.zeros((0, 4))])


def _pipes(piece: Piece) -> Array:
    return _stack(segments(np.array(place.points)) for place in piece.places if place.points)


def _cells(boxes: Array, low: Array, margin: float) -> Array:
    shifted = boxes - np.tile(low, 2)
    starts = np.floor((shifted[:, :2] - margin) / _CELL)
    ends = np.ceil((shifted[:, 2:] + margin) / _CELL)
    return np.hstack((starts, ends)).astype(int)


def _stress(wanted: Array, start: Array, rounds: int = 160) -> Array:
    """Return points whose distances come near to those wanted, near ones counting more."""
    count = len(start)
    if count < 2:
        return start
    weight = np.zeros_like(wanted)
    np.divide(1.0, wanted**2, out=weight, where=wanted > 0)
    total = np.diag(weight.sum(axis=1)) - weight + 1.0 / count
    inverse = np.linalg.inv(total)
    at: Array = start - start.mean(axis=0)
    for _ in range(rounds):
        far = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
        ratio = np.zeros_like(far)
        np.divide(weight * wanted, far, out=ratio, where=far > 1e-9)
        pull = -ratio
        np.fill_diagonal(pull, ratio.sum(axis=1))
        at = inverse @ (pull @ at)
        at -= at.mean(axis=0)
    return at


def _crossed(ways: Array, lines: Array) -> Array:
    """Return how many of the lines (m, 4) the ways (points, links, 4) cross, for each point."""
    if not len(lines) or not ways.size:
        return np.zeros(len(ways))
    a, b = ways[:, :, None, :2], ways[:, :, None, 2:]
    c, d = lines[None, None, :, :2], lines[None, None, :, 2:]
    return np.asarray((_apart(a, b, c, d) & _apart(c, d, a, b)).sum(axis=(1, 2)), dtype=float)


def _apart(a: Array, b: Array, c: Array, d: Array) -> Array:
    along = b - a
    left = along[..., 0] * (c[..., 1] - a[..., 1]) - along[..., 1] * (c[..., 0] - a[..., 0])
    right = along[..., 0] * (d[..., 1] - a[..., 1]) - along[..., 1] * (d[..., 0] - a[..., 0])
    return np.asarray(left * right < -1e-6)


def _through(ways: Array, boxes: Array) -> Array:
    """Return how many boxes the ways run through, for each point."""
    if not len(boxes):
        return np.zeros(len(ways))
    return np.asarray(_meets(ways[:, :, None, :], boxes[None, None]).sum(axis=(1, 2)), dtype=float)


def _through_each(lines: Array, boxes: Array) -> Array:
    """Return how many lines (m, 4) run through each box (points, 4)."""
    if not len(lines):
        return np.zeros(len(boxes))
    return np.asarray(_meets(lines[None], boxes[:, None]).sum(axis=1), dtype=float)


def _meets(lines: Array, boxes: Array) -> Array:
    """Return whether a line meets a box, by the part of it that lies within both its stripes."""
    first, last = np.zeros(1), np.ones(1)
    for axis in (0, 1):
        start, along = lines[..., axis], lines[..., axis + 2] - lines[..., axis]
        safe = np.where(np.abs(along) < 1e-9, 1e-9, along)
        one = (boxes[..., axis] - start) / safe
        two = (boxes[..., axis + 2] - start) / safe
        first = np.maximum(first, np.minimum(one, two))
        last = np.minimum(last, np.maximum(one, two))
    return np.asarray(first < last)
