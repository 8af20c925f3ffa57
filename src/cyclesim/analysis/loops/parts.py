"""What an analysis of loops gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from cyclesim.display import Shown
from cyclesim.errors import UsageError
from cyclesim.names import canonical, did_you_mean

Array = np.ndarray

STILL = 1e-5
"""Stocks that move by less than this share of their size are at rest."""


class Method(Enum):
    """How the loops of a partition were found; the value is the sentence for it."""

    ALL = "all loops, compared with one another"
    FOLDED = "all loops through chosen stocks, everything else folded into the links between them"
    STRONGEST = "loops that a search along the strongest links met; others may be missing"
    NAMED = "the loops that bear given names, compared with one another only"


class Polarity(Enum):
    """What a loop does to a change; the value is the mark for it."""

    REINFORCING = "R"
    BALANCING = "B"
    MOSTLY_REINFORCING = "Ru"
    MOSTLY_BALANCING = "Bu"
    CHANGING = "?"
    IDLE = "-"

    @property
    def word(self) -> str:
        """Return the word for it."""
        return _WORDS[self]


_WORDS = {
    Polarity.REINFORCING: "reinforcing",
    Polarity.BALANCING: "balancing",
    Polarity.MOSTLY_REINFORCING: "mostly reinforcing",
    Polarity.MOSTLY_BALANCING: "mostly balancing",
    Polarity.CHANGING: "changing sign",
    Polarity.IDLE: "idle",
}


@dataclass(frozen=True)
class Named:
    """A name that the modeller gives to the loops that run through these variables in order."""

    name: str
    variables: tuple[str, ...]


@dataclass(frozen=True)
class Loop:
    """One loop, or all loops of a given name together.

    `mark` is short and unique, as R1; `name` is given or says what it runs through. `variables`
    are those that the modeller wrote, in order, of the strongest member where there are several
    `members`; `links` are (cause, effect) by full name, hidden parts of delays included.
    `score` and `relative` are (interval,), or (interval, run) for a set of runs: the loop score,
    and its share of the sum of |score| over all loops of the partition (Schoenberg, Davidsen and
    Eberlein 2020). `importance` is the mean |relative| from the first interval in which the
    loop is active, `peak` the largest |relative|. `direct` is the part of the score that stands
    for ways straight from stock to stock, past no other: 1 where nothing is folded. It is above 1
    where ways through other stocks work against it. A named loop that is never active is idle: its
    scores are 0, its mark begins with I, and it has no members.
    """

    mark: str
    name: str
    given: bool
    partition: int
    variables: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    members: int
    polarity: Polarity
    importance: float
    peak: float
    direct: float
    score: Array
    relative: Array


@dataclass(frozen=True)
class Shift:
    """The link whose share of its effect's change differs most between two phases.

    `before` and `after` are its mean shares: relative link scores, with their sign.
    """

    cause: str
    effect: str
    before: float
    after: float


@dataclass(frozen=True)
class Phase:
    """A stretch of time with one dominant set: the fewest loops of one sign with half the change.

    `loops` are their marks, none where the partition is at rest. `share` is the mean size of
    their relative scores added up while anything moves, with the sign that these have on the
    whole; below a half where short phases of others are counted in. `shift` leads into the phase.
    """

    start: float
    end: float
    loops: tuple[str, ...]
    share: float
    shift: Shift | None = None


@dataclass(frozen=True)
class Partition:
    """Values that all reach one another; loops are compared within a partition only.

    `loops` counts what was compared, `shown` what is listed; the rest is never more than
    `rest` of the change together. `net` is, over time, the sum of all relative scores: near 0 where
    loops cancel one another. `moved` is the largest share of its size by which a stock moved in
    the run.
    """

    number: int
    stocks: tuple[str, ...]
    variables: int
    method: Method
    through: tuple[str, ...]
    loops: int
    shown: int
    rest: float
    net: Array
    moved: float
    phases: tuple[Phase, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class LoopAnalysis(Shown):
    """Which loop did it, and when. `time` (interval,) is the start of each interval.

    Loops are in order of importance within their partition, partitions by their number. A partition
    seen through a few stocks is there once more in `by_name`, under a number of its own, with its
    named loops alone: each is scored as it is, past whatever stocks, and compared with the others
    of these. What both list is in `loops`, those by name after the others.
    """

    model: str
    time: Array
    stop: float
    time_units: str
    partitions: tuple[Partition, ...]
    loops: tuple[Loop, ...]
    notes: tuple[str, ...] = ()
    by_name: tuple[Partition, ...] = ()

    def __getitem__(self, key: str) -> Loop:
        """Return the loop of a mark or a name. Raises UsageError where there is none."""
        for loop in self.loops:
            if key == loop.mark or canonical(key) == canonical(loop.name):
                return loop
        known = [text for loop in self.loops for text in (loop.mark, loop.name)]
        raise UsageError(f"no loop is called '{key}'. {did_you_mean(key, known) or ''}".strip())

    def of(self, partition: int) -> tuple[Loop, ...]:
        """Return the loops of a partition."""
        return tuple(loop for loop in self.loops if loop.partition == partition)
