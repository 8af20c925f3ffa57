"""What an explanation says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from cyclesim.analysis.explanation.effects import Effect
from cyclesim.analysis.labels import Cycle
from cyclesim.analysis.shapes import Behaviour
from cyclesim.display import Shown
from cyclesim.scenario.parts import Output, Scenario

Array = np.ndarray


class Cause(Enum):
    """What made an output move; the value is the word for other programs."""

    NOTHING = "it does not move"
    LOOP = "a feedback loop carries the change"
    OUTSIDE = "the change comes from outside"
    SHARED = "no single loop carries the change"
    BROKEN_OFF = "the run broke off"


@dataclass(frozen=True)
class ToldLoop:
    """A loop: its name, given or not, the variables that it runs through, its sign."""

    name: str
    given: bool
    way: tuple[str, ...]
    reinforcing: bool


@dataclass(frozen=True)
class Share:
    """A loop with its mean share of the sum of |score| of its partition, over a stretch."""

    loop: ToldLoop
    share: float


@dataclass(frozen=True)
class Cut:
    """A link held from a time on: what `target` reads of `source`, at its value of that time.

    `elements` of an array are held each at its own value; `value` is that of a scalar. `also` are
    other loops that run through the link, which the cut cuts too.
    """

    source: str
    target: str
    time: float
    from_the_start: bool
    value: float | None
    elements: int
    also: tuple[Share, ...]


@dataclass(frozen=True)
class Claim:
    """A loop that leads, and what becomes of the output with the loop cut.

    `leading` are it and others of its sign, as many as come to half of the change, three at most;
    `ruling` is the share of all loops of that sign. `with_others` are loops that cannot be cut
    apart from it, for which the claim holds as well; with `either`, loops of which each would have
    done alone, cut together. With `by_name` shares are of the loops of given names alone, in a
    model that is seen through a few stocks. `effect` holds what goes with the loop of the output's
    movement from `start` on: 1 where it stays where it was, above 1 where it turns, below 0 where
    it goes further. `values` (time,) are the output's without the loop, NaN past the
    end of a run that broke off. The claim `stands` where the cut changes the shape or direction, or
    takes or adds `STATED` of the movement; `carries` where it takes half of it or turns it.
    """

    loop: ToldLoop
    start: float
    end: float
    share: float
    leading: tuple[Share, ...]
    ruling: float
    cut: Cut
    with_others: tuple[ToldLoop, ...]
    end_value: float
    end_without: float
    effect: Effect
    behaviour: Behaviour
    values: Array
    stands: bool
    carries: bool
    reason: str = ""
    either: bool = False
    by_name: bool = False

    @property
    def took(self) -> float:
        """Return the part of the movement that goes with the loop."""
        return self.effect.took


@dataclass(frozen=True)
class Balanced:
    """A loop that reinforces and one that balances as much all along: neither makes a movement."""

    loop: ToldLoop
    other: ToldLoop


@dataclass(frozen=True)
class Driver:
    """Something outside all loops, and what becomes of the output without it."""

    names: tuple[str, ...]
    changes: bool
    end_without: float
    effect: Effect

    @property
    def took(self) -> float:
        """Return the part of the movement that goes with it."""
        return self.effect.took


@dataclass(frozen=True)
class Phase:
    """A stretch of time for the strip of dominance: who leads, with which share."""

    start: float
    end: float
    leading: Share | None
    ruling: float


@dataclass(frozen=True)
class Explanation(Shown):
    """Why one output of one scenario moved as it did.

    `claim` is the loop that carries the change or adds to it, `back` the one that carries the way
    back of an output that rises and falls, or dips and recovers. `withdrawn` are loops that led by
    their scores and whose cut changed too little, `balanced` such as another
    holds in balance, so that none was cut. `phases` are those of the partition that decided,
    `time` and `reinforcing` (interval,) the share of its loops that reinforce over time. `course`
    are the saved times and the output's values. `notes` say what a reader has to know; `seconds` is
    what it took. `named` are the loops of given names of a model that is seen through a few stocks,
    in mean shares of one another, and `beside` says what these are worth.
    """

    scenario: Scenario
    output: Output
    cause: Cause
    behaviour: Behaviour
    label: str
    cycle: Cycle | None
    claim: Claim | None
    back: Claim | None
    withdrawn: tuple[Claim, ...]
    balanced: tuple[Balanced, ...]
    driver: Driver | None
    phases: tuple[Phase, ...]
    time: Array
    reinforcing: Array
    course: tuple[Array, Array]
    time_units: str
    sentence: str
    notes: tuple[str, ...]
    seconds: float
    named: tuple[Share, ...] = ()
    beside: tuple[str, ...] = ()
