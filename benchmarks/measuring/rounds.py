"""Engines run in turn, and compared before any time is believed."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from .cases import Case
from .engines import Engine, Lap, Missing
from .recipes import Recipe

TOLERANCE = 1e-9
"""Largest difference between engines, as a share of a series' range over all runs compared."""

COMPARED = 8
"""Runs whose values are compared, at every saved time."""


@dataclass(frozen=True)
class Spread:
    """Medians with the least and the most."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Spread:
        """Return that of some numbers."""
        return cls(statistics.median(numbers), min(numbers), max(numbers))


@dataclass
class Group:
    """The engines of a case that are there and agree; why others are not."""

    case: Case
    engines: dict[str, Engine] = field(default_factory=dict)
    differences: dict[str, float] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def compare(self) -> None:
        """Hold every engine against the first, and leave out those that differ."""
        every = self.case.every
        names = list(self.engines)
        reference = self.engines[names[0]].values(COMPARED, every)
        for name in names[1:]:
            try:
                found = self.engines[name].values(COMPARED, every)
            except Missing as reason:
                self.leave(name, str(reason))
                continue
            size = self.differences[name] = difference(reference, found)
            if not size <= TOLERANCE:
                self.leave(name, f"differs by {size:.1e} of a range: no time of it is shown")

    def leave(self, name: str, reason: str) -> None:
        """End an engine, which takes no part for a reason."""
        self.left_out[name] = reason
        self.engines.pop(name).stop()


def difference(reference: np.ndarray, found: np.ndarray) -> float:
    """Return the largest difference of series (time, series, run), as a share of their range.

    An engine may have done fewer runs. It is infinite where shapes differ or a number is missing.
    """
    part = reference[:, :, : found.shape[2]]
    if part.shape != found.shape or not np.isfinite(found).all():
        return float("inf")
    size = np.ptp(reference, axis=(0, 2), keepdims=True)
    return float(np.max(np.abs(part - found) / size))


@contextmanager
def group(case: Case, recipes: Sequence[Recipe]) -> Iterator[Group]:
    """Start engines and compare them; the first is the reference. They end with the block."""
    found = Group(case)
    try:
        for recipe in recipes:
            if case.method not in recipe.methods:
                continue
            try:
                found.engines[recipe.name] = recipe.start(case)
            except Missing as reason:
                found.left_out[recipe.name] = str(reason)
        found.compare()
        yield found
    finally:
        for engine in found.engines.values():
            engine.stop()


Work = Callable[[], Lap]
Key = TypeVar("Key")


def in_turn(works: Mapping[Key, Work], rounds: int, *, warm: bool = True) -> dict[Key, list[Lap]]:
    """Return the laps of each work; every round does each once.

    With `warm` there is a round before the first that does not count.
    """
    laps: dict[Key, list[Lap]] = {key: [] for key in works}
    for number in range(-1 if warm else 0, rounds):
        for key, work in works.items():
            lap = work()
            if number >= 0:
                laps[key].append(lap)
    return laps


def ratios(above: Sequence[float], below: Sequence[float]) -> Spread:
    """Return the quotients of each round."""
    return Spread.of([a / b for a, b in zip(above, below, strict=True)])
