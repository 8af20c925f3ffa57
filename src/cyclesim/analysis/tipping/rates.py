"""How fast stocks move, and how that answers to stocks and to one number: the Jacobian.

Stocks are measured in their own size and rates in sizes per unit of time, so that one tolerance
serves all. Stocks that nothing depends on are left out, and sums of stocks that never change are
held at today's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.tipping.today import Today

Array = np.ndarray

STEP = float(np.finfo(float).eps) ** (1 / 3)
"""The perturbation as a share of a stock's size: the best for central differences."""

KINK = 1e-3
"""One-sided differences that disagree by more than this share are those of a kink."""


@dataclass(frozen=True)
class Box:
    """Where stocks may be: `low` and `high` (stock,), and how far off them a root may lie.

    A range that the model gives is kept to; one that is only assumed may be left upwards by a
    quarter, downwards by a hundredth.
    """

    low: Array
    high: Array
    below: Array
    above: Array

    @property
    def size(self) -> Array:
        """Return the width of each side."""
        return np.asarray(self.high - self.low)


def box_of(today: Today, visited: Array, reached: Array | None = None) -> Box:
    """Return the box that equilibria are looked for in; `visited` are states (stock, state).

    It is the stocks' ranges; where the model gives none, from nothing (or twice what is below it)
    up to twice the most that was visited. `reached` are states that runs from all over went
    through after their beginnings: an equilibrium lies at most a quarter of these beyond them, or
    it is a root of equations outside all that the model is about.
    """
    low, high = np.zeros(len(visited)), np.zeros(len(visited))
    open_below, open_above = np.zeros(len(visited), dtype=bool), np.zeros(len(visited), dtype=bool)
    for place, stock in enumerate(today.stocks):
        seen = visited[place][np.isfinite(visited[place])]
        given = stock.variable.range
        least, most = float(seen.min(initial=0.0)), float(seen.max(initial=0.0))
        low[place] = given.low if given.low is not None else 2 * least
        high[place] = given.high if given.high is not None else 2 * most
        if high[place] <= low[place]:
            high[place] = low[place] + 1.0
        open_below[place], open_above[place] = given.low is None, given.high is None
    below, above = np.where(open_below, 0.01, 1e-6), np.where(open_above, 0.25, 1e-6)
    if reached is None:
        return Box(low, high, below * (high - low), above * (high - low))
    least, most = np.nanmin(reached, axis=1), np.nanmax(reached, axis=1)
    room = 0.25 * (most - least) + 0.01 * (high - low)
    return Box(
        low,
        high,
        np.minimum(below * (high - low), low - least + room),
        np.minimum(above * (high - low), most - high + room),
    )


class Rates:
    """Rates of the stocks that count, at a stated time, in sizes per unit of time.

    Points (stock, lane) are stocks over their size. A number, by its place among those that vary,
    may move along: `along` gives its values (lane,).
    """

    def __init__(self, today: Today, box: Box, time: float, seed: int = 1) -> None:
        self.today, self.box, self.time = today, box, time
        self.program = today.pointwise
        self.schedule = today.schedule(today.study.specs.stop)
        self.bound = self.program.bind(today.binding(today.numbers[:, None], self.schedule))
        self.kept = np.arange(len(today.levels))
        self.size = box.size.copy()
        self.laws = np.zeros((len(self.kept), 0))
        samples = np.random.default_rng(seed).uniform(size=(2 * len(self.kept) + 8, len(self.kept)))
        points = (box.low + samples * box.size).T / self.size[:, None]
        self.kept = self._counting(points)
        self.size = box.size[self.kept]
        found = self(points[self.kept])
        found = found[:, np.isfinite(found).all(axis=0)]
        self.typical = float(np.median(np.abs(found).max(axis=0))) if found.size else 1.0
        self.laws = _laws(found)
        self.origin = today.levels[self.kept] / self.size
        whole = np.linalg.qr(np.concatenate((self.laws, np.eye(len(self.kept))), axis=1))[0]
        self.free = whole[:, self.laws.shape[1] :]

    def __call__(self, points: Array, along: tuple[int, Array] | None = None) -> Array:
        """Return the rates (stock, lane) at points; conserved sums off today's count as a rate."""
        lanes = points.shape[1]
        levels = np.repeat(self.today.levels[:, None], lanes, axis=1)
        levels[self.kept] = points * self.size[:, None]
        bound = self.bound
        if along is not None:
            numbers = np.repeat(self.today.numbers[:, None], lanes, axis=1)
            numbers[along[0]] = along[1]
            bound = self.program.bind(self.today.binding(numbers, self.schedule))
        state = self.today.state(levels)
        time = np.float64(self.time)
        rates = bound.derivatives(time, time, state.levels, state.held)
        variables = [self.today.flat.by_ident[rule.ident] for rule in self.today.flat.levels]
        rows = [
            np.broadcast_to(rate, (*v.shape, lanes)).reshape((v.size, lanes))
            for rate, v in zip(rates, variables, strict=True)
        ]
        found = np.concatenate(rows).astype(float)[self.kept] / self.size[:, None]
        if self.laws.shape[1]:
            found = found + self.laws @ (self.laws.T @ (points - self.origin[:, None]))
        return np.asarray(found)

    def sides(self, point: Array) -> tuple[Array, Array, Array]:
        """Return rates at a point (stock,), and above and below it in each stock (stock, stock)."""
        steps = STEP * np.eye(len(point))
        lanes = np.concatenate((point[:, None], point[:, None] + steps, point[:, None] - steps), 1)
        found = self(lanes)
        count = len(point)
        return found[:, 0], found[:, 1 : 1 + count], found[:, 1 + count :]

    def jacobian(self, point: Array) -> Array:
        """Return the Jacobian (rate, stock) by central differences."""
        _, above, below = self.sides(point)
        return np.asarray((above - below) / (2 * STEP))

    def with_number(self, point: Array, place: int, width: float) -> tuple[Array, Array]:
        """Return rates and their derivatives (rate, stock and number) at (stocks, number/width)."""
        count = len(point)
        steps = STEP * np.eye(count)
        lanes = np.concatenate((point[:, None], point[:, None] + steps, point[:, None] - steps), 1)
        found = self(lanes[:-1], (place, lanes[-1] * width))
        return found[:, 0], (found[:, 1 : 1 + count] - found[:, 1 + count :]) / (2 * STEP)

    def eigenvalues(self, jacobian: Array) -> tuple[Array, Array]:
        """Return eigenvalues, largest real part first, and vectors (stock, value).

        Directions in which a conserved sum would change are left out.
        """
        values, vectors = np.linalg.eig(self.free.T @ jacobian @ self.free)
        order = np.lexsort((-values.imag, -values.real))
        return values[order], self.free @ vectors[:, order]

    def levels(self, point: Array) -> Array:
        """Return the stocks (stock,) of a point, those left out as today."""
        found = self.today.levels.copy()
        found[self.kept] = point * self.size
        return found

    def kinks(self, point: Array) -> tuple[tuple[str, str], ...]:
        """Return pairs of a rate and a stock whose rise and fall it answers differently."""
        middle, above, below = self.sides(point)
        right, left = (above - middle[:, None]) / STEP, (middle[:, None] - below) / STEP
        largest = np.maximum(np.abs(right), np.abs(left))
        apart = np.abs(right - left) > KINK * largest + 1e-5 * float(largest.max(initial=0.0))
        names = [self.today.stocks[place].name for place in self.kept]
        return tuple((names[i], names[j]) for i, j in np.argwhere(apart))

    def _counting(self, points: Array) -> Array:
        """Return the stocks that some rate depends on, those of others that count left out."""
        if not points.size:
            return self.kept
        count = len(points)
        touched = np.zeros((count, count), dtype=bool)
        for lane in range(min(points.shape[1], 24)):
            _, above, below = self.sides(points[:, lane])
            touched |= above != below
        kept = list(range(count))
        while True:
            left = [i for i in kept if touched[np.ix_(kept, [i])].any()]
            if left == kept:
                return np.array(left, dtype=int)
            kept = left


def _laws(rates: Array) -> Array:
    """Return orthonormal weights (stock, law) of sums whose rate is zero in all samples."""
    if not rates.size:
        return np.zeros((len(rates), 0))
    left, sizes, _ = np.linalg.svd(rates, full_matrices=True)
    padded = np.zeros(len(rates))
    padded[: len(sizes)] = sizes
    return np.asarray(left[:, padded <= 1e-11 * max(padded.max(), 1e-300)])


def sums(
    laws: Array, size: Array, names: Sequence[str]
) -> tuple[tuple[tuple[str, float], ...], ...]:
    """Return each conserved sum as stocks with weights, as row reduction leaves them."""
    rows = (laws / size[:, None]).T.copy()
    used = 0
    for column in range(rows.shape[1] if rows.size else 0):
        if used == len(rows):
            break
        pivot = used + int(np.abs(rows[used:, column]).argmax())
        if abs(rows[pivot, column]) < 1e-8 * np.abs(rows).max():
            continue
        rows[[used, pivot]] = rows[[pivot, used]]
        rows[used] /= rows[used, column]
        for other in range(len(rows)):
            if other != used:
                rows[other] -= rows[other, column] * rows[used]
        used += 1
    return tuple(
        tuple((name, float(w)) for name, w in zip(names, row, strict=True) if abs(w) > 1e-6)
        for row in rows
    )
