"""What lies on a conveyor, step by step, and what comes off it (docs/semantics.md, 4.8 to 4.11).

What enters in a step is one lot. It is `age` steps old in the steps that follow, leaks in each of
them, and leaves in the last, when its age is its transit time in steps. Lanes lie side by side
and know nothing of each other: the elements of an array, the runs of a set. Sums run lot by lot
from the oldest, so that a lane gives the same bits whatever lies beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Lanes = np.ndarray
"""One number a lane."""


class Zone(NamedTuple):
    """The part of a conveyor that leaks, as shares of its length from the entry."""

    start: float
    end: float


class Leaking(NamedTuple):
    """What a leak takes in a step. Linear: its rate; exponential: the content it takes a share of.

    `ending` is what lies in the zone of that which leaves in this step, 0 where it is linear.
    """

    amount: Lanes
    ending: Lanes


class Belt:
    """Lots on one conveyor, oldest first; arrays are (lot, lane).

    `fractions` are what each leak takes: linear, of what enters, over the whole way; exponential,
    of what lies there, in a unit of time.
    """

    def __init__(
        self,
        zones: Sequence[Zone],
        exponential: bool,
        dt: float,
        content: Lanes,
        transit: Lanes,
        fractions: Sequence[Lanes],
    ) -> None:
        self.zones = tuple(zones)
        self.exponential = exponential
        self.dt = dt
        lanes = whole_steps(transit, dt)
        most = int(np.max(lanes))
        self.ages = np.arange(most, 0.0, -1.0)[:, None]
        self.steps = np.broadcast_to(lanes, (most, len(lanes)))
        fractions = [each * dt for each in fractions] if exponential else fractions
        inside = self.ages <= self.steps
        kept = np.where(inside, self._kept(fractions), 0.0)
        # As much a lot as fills the conveyor: the steady state of that content.
        lot = content / _total(kept)
        self.rest = lot * kept if exponential else inside * (lot * _left(fractions))
        self.shed = [] if exponential else [inside * (lot * each) for each in fractions]

    def _kept(self, fractions: Sequence[Lanes]) -> np.ndarray:
        """Return what is left of each lot of a steady flow of 1 a step, as it lies there."""
        if self.exponential:
            slats = [f * self._zoned(zone) for f, zone in zip(fractions, self.zones, strict=True)]
            gone = sum(slats, np.zeros(self.steps.shape))
            before = np.cumprod(1.0 - gone[::-1], axis=0)[:-1]
            return np.concatenate([np.ones_like(gone[:1]), before])[::-1]
        kept = np.ones(self.steps.shape)
        for fraction, zone in zip(fractions, self.zones, strict=True):
            way = (zone.end - zone.start) * self.steps
            kept = kept - fraction * np.clip(
                (self.ages - 1.0 - zone.start * self.steps) / way, 0, 1
            )
        return kept

    def _zoned(self, zone: Zone) -> np.ndarray:
        """Return which share of the slat that each lot lies on is in a zone, 0 once it has left."""
        begin = np.maximum(self.ages - 1.0, zone.start * self.steps)
        found: np.ndarray = np.maximum(0.0, np.minimum(self.ages, zone.end * self.steps) - begin)
        return found

    def _at_the_end(self, lots: np.ndarray) -> Lanes:
        """Return what of lots belongs to those whose last step this is."""
        last = self.ages == self.steps
        some = np.flatnonzero(last.any(axis=1))  # one lot of many, where the transit time stays
        if not some.size:
            return np.zeros(lots.shape[1])
        return _total(np.where(last[some], lots[some], 0.0))

    def leaving(self) -> Lanes:
        """Return the rate at which the end of the conveyor is reached in this step."""
        return self._at_the_end(self.rest) / self.dt

    def leaking(self) -> list[Leaking]:
        """Return what each leak takes in this step."""
        found = []
        for number, zone in enumerate(self.zones):
            share = self._zoned(zone)
            if self.exponential:
                taken = self.rest * share
                found.append(Leaking(_total(taken), self._at_the_end(taken)))
                continue
            share = share / ((zone.end - zone.start) * self.steps)
            amount = _total(self.shed[number] * share) / self.dt
            found.append(Leaking(amount, np.zeros(len(amount))))
        return found

    def move(
        self, entering: Lanes, transit: Lanes, fractions: Sequence[Lanes], leaked: Sequence[Lanes]
    ) -> None:
        """Take what leaks and leaves off, move on by a step and put on what enters.

        `leaked` is the share that each exponential leak took of a full slat in the step.
        """
        if self.exponential:
            slats = [f * self._zoned(zone) for f, zone in zip(leaked, self.zones, strict=True)]
            self.rest = self.rest * (1.0 - sum(slats, np.zeros(self.steps.shape)))
        done: np.ndarray = np.all(self.ages >= self.steps, axis=1)
        first = len(done) if done.all() else int(np.argmin(done))
        one = np.ones((1, 1))
        self.ages = np.concatenate([self.ages[first:] + 1.0, one])
        self.steps = _with(self.steps[first:], whole_steps(transit, self.dt))
        rest = entering if self.exponential else entering * _left(fractions)
        self.rest = _with(self.rest[first:], rest)
        self.shed = [
            _with(lots[first:], entering * fraction)
            for lots, fraction in zip(self.shed, fractions, strict=False)
        ]


def whole_steps(transit: Lanes, dt: float) -> Lanes:
    """Return transit times in steps: the nearest whole number, at least one."""
    return np.maximum(1.0, np.floor(np.nan_to_num(transit / dt, nan=1.0, posinf=1.0) + 0.5))


def _left(fractions: Sequence[Lanes]) -> Any:
    """Return the share of what enters that linear leaks leave."""
    left: Any = 1.0
    for fraction in fractions:
        left = left - fraction
    return left


def _with(lots: np.ndarray, lot: Lanes) -> np.ndarray:
    return np.concatenate([lots, np.broadcast_to(lot, (1, lots.shape[1]))])


def _total(lots: np.ndarray) -> Lanes:
    """Return the sum over lots, one after the other: lots of 0 in front change no bit."""
    return np.asarray(np.cumsum(lots, axis=0)[-1])


def at_start(
    number: float,
    exponential: float,
    dt: float,
    content: Any,
    transit: Any,
    *leaks: Any,
) -> Any:
    """Return what a conveyor gives in the first step: what leaves, or what its leaks take.

    `leaks` are fraction, start and end of the zone of each; `number` is 0 for what leaves, then
    each leak has its amount and its ending.
    """
    fractions = leaks[0::3]
    zones = [Zone(float(a), float(b)) for a, b in zip(leaks[1::3], leaks[2::3], strict=True)]
    given = np.broadcast_arrays(content, transit, *fractions)
    lanes = [np.ravel(np.asarray(each, dtype=float)) for each in given]
    belt = Belt(zones, bool(exponential), float(dt), lanes[0], lanes[1], lanes[2:])
    if number == 0:
        found = belt.leaving()
    else:
        leak = belt.leaking()[int(number - 1) // 2]
        found = leak.amount if number % 2 else leak.ending
    return found.reshape(given[0].shape)


def one_at_start(*given: float) -> float:
    """Return `at_start` of plain numbers as a plain number."""
    return float(at_start(*given))
