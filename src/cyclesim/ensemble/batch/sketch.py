"""Quantiles of more numbers than memory holds, with an error that is known and not a chance.

Munro and Paterson 1980, as Manku, Rajagopalan and Lindsay 1998 put it: buffers of `size` sorted
numbers, each standing for a power of two of them. Two buffers of one weight make one of twice the
weight: every other number of the two together, alternately the first or the second of each pair.
Taking the first raises ranks by at most the weight, taking the second lowers them by as much; the
sums of both are counted, and the larger is the error. Nothing is drawn at random: numbers added in
the same order give the same sketch.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np

from cyclesim.errors import RunError


@dataclass
class Sketch:
    """What is left of numbers of many cells (cell, run); NaN counts as not there.

    `rest` (cell, few) are numbers that do not fill a buffer yet, `buffers` (cell, size) by weight's
    power of two. NaN sorts last, and so takes no number's place.
    """

    size: int
    rest: np.ndarray
    buffers: dict[int, np.ndarray] = field(default_factory=dict)
    raised: int = 0
    lowered: int = 0
    runs: int = 0

    @classmethod
    def empty(cls, size: int, cells: int) -> Sketch:
        """Return a sketch of no numbers."""
        return cls(size, np.empty((cells, 0)))

    def add(self, values: np.ndarray) -> None:
        """Take in more numbers (cell, run)."""
        self.runs += values.shape[1]
        self._add_rest(values)

    def merge(self, other: Sketch) -> None:
        """Take in another sketch; the order in which sketches are taken in decides the result."""
        self.runs += other.runs
        self.raised += other.raised
        self.lowered += other.lowered
        for level in sorted(other.buffers):
            self._put(level, other.buffers[level])
        self._add_rest(other.rest)

    def _add_rest(self, values: np.ndarray) -> None:
        whole = np.concatenate([self.rest, values], axis=1)
        full = whole.shape[1] // self.size * self.size
        for first in range(0, full, self.size):
            self._put(0, np.sort(whole[:, first : first + self.size], axis=1))
        self.rest = whole[:, full:].copy()

    def _put(self, level: int, buffer: np.ndarray) -> None:
        """Put a buffer among those of its weight; two become one of twice the weight."""
        while level in self.buffers:
            both = np.concatenate([self.buffers.pop(level), buffer], axis=1)
            both.sort(axis=1)
            weight = 1 << level
            if self.raised <= self.lowered:
                buffer, self.raised = both[:, ::2].copy(), self.raised + weight
            else:
                buffer, self.lowered = both[:, 1::2].copy(), self.lowered + weight
            level += 1
        self.buffers[level] = buffer

    @property
    def rank_error(self) -> float:
        """Return by how much the share of numbers below a quantile may be off at most."""
        if not self.runs:
            return 0.0
        coarsest = 1 << max(self.buffers, default=0)
        return (max(self.raised, self.lowered) + coarsest) / self.runs

    def quantiles(self, shares: np.ndarray, there: np.ndarray) -> np.ndarray:
        """Return (cell, share): what that share of a cell's `there` numbers stays at or below."""
        parts = [(np.sort(self.rest, axis=1), 1)]
        parts += [(self.buffers[level], 1 << level) for level in sorted(self.buffers)]
        values = np.concatenate([part for part, _ in parts], axis=1)
        weights = np.concatenate([np.full(part.shape[1], weight) for part, weight in parts])
        found = np.full((len(values), len(shares)), np.nan)
        for cell, row in enumerate(values):
            if not there[cell]:
                continue
            order = np.argsort(row, kind="stable")
            ranks = np.cumsum(weights[order])
            wanted = np.maximum(1, np.ceil(shares * there[cell]))
            places = np.minimum(np.searchsorted(ranks, wanted), len(row) - 1)
            found[cell] = row[order][places]
        return found


@dataclass
class Moments:
    """Count, mean, squared deviations, least and most of many cells; NaN is left out."""

    count: np.ndarray
    mean: np.ndarray
    squares: np.ndarray
    least: np.ndarray
    most: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Moments:
        """Return the moments of numbers (cell, run)."""
        there = np.isfinite(values)
        count = there.sum(axis=1)
        total = np.where(there, values, 0.0).sum(axis=1)
        mean = np.divide(total, count, out=np.zeros(len(values)), where=count > 0)
        apart = np.where(there, values - mean[:, None], 0.0)
        least = np.where(there, values, np.inf).min(axis=1, initial=np.inf)
        most = np.where(there, values, -np.inf).max(axis=1, initial=-np.inf)
        return cls(count, mean, (apart * apart).sum(axis=1), least, most)

    def merged(self, other: Moments) -> Moments:
        """Return the moments of both (Chan, Golub and LeVeque 1979)."""
        count = self.count + other.count
        share = np.divide(other.count, count, out=np.zeros(len(count)), where=count > 0)
        apart = other.mean - self.mean
        return Moments(
            count,
            self.mean + apart * share,
            self.squares + other.squares + apart * apart * self.count * share,
            np.minimum(self.least, other.least),
            np.maximum(self.most, other.most),
        )


def packed(sketch: Sketch, moments: Moments) -> bytes:
    """Return a sketch and moments as bytes."""
    arrays = {f"level_{level}": buffer for level, buffer in sketch.buffers.items()}
    counts = np.array([sketch.size, sketch.raised, sketch.lowered, sketch.runs])
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, rest=sketch.rest, counts=counts, **arrays, **vars(moments))
    return file.getvalue()


def unpacked(content: bytes) -> tuple[Sketch, Moments]:
    """Return the sketch and moments of bytes. Raises RunError where they are damaged."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            size, raised, lowered, runs = (int(count) for count in arrays["counts"])
            buffers = {
                int(name.removeprefix("level_")): arrays[name]
                for name in arrays
                if name.startswith("level_")
            }
            sketch = Sketch(size, arrays["rest"], buffers, raised, lowered, runs)
            names = ("count", "mean", "squares", "least", "most")
            return sketch, Moments(*(arrays[name] for name in names))
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"a part of the summary is damaged: {error}.") from None
