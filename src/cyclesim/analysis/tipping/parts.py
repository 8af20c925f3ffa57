"""What an analysis of tipping points gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from cyclesim.analysis.tipping.branches import Continuation
from cyclesim.display import Shown

Array = np.ndarray


@dataclass(frozen=True)
class Rule:
    """What counts as good: where a variable is at a time, `good` and `bad` as two known runs end.

    A run counts as good if it ends on the good run's side of the middle between them; one that
    leaves the numbers counts as bad. `today` is where the organisation itself ends, `settled`
    whether good and bad have come to rest by then.
    """

    variable: str
    title: str
    units: str | None
    time: float
    good: float
    bad: float
    good_name: str
    bad_name: str
    today: float
    settled: bool

    @property
    def middle(self) -> float:
        """Return the value between good and bad."""
        return (self.good + self.bad) / 2

    @property
    def gap(self) -> float:
        """Return how far apart good and bad are."""
        return abs(self.good - self.bad)

    @property
    def is_good(self) -> bool:
        """Return whether the organisation itself ends well."""
        return bool(self.judged(np.array([self.today]))[0])

    def judged(self, ends: Array) -> Array:
        """Return for each end whether it is good."""
        with np.errstate(invalid="ignore"):
            beyond = ends > self.middle if self.good > self.bad else ends < self.middle
        return np.asarray(beyond & np.isfinite(ends))


class What(Enum):
    """What is moved."""

    STOCK = "stock"
    CONSTANT = "constant"
    CHANGE = "change"
    LINE = "line"


@dataclass(frozen=True)
class Threshold(Shown):
    """Where the outcome turns as one thing moves from today's value towards `limit`.

    `value` is the nearest such value, None where it does not turn; `within` how far off it may
    be. `before` and `beyond` are where the outcome's variable ends a twentieth of the way short
    of it and past it, `steep` the share of the gap between good and bad that lies between the two.
    `crossings` counts the turns seen on the way to `limit`; `assumed` says that the model gives no
    limit there. `label` is what the study's page calls it, if anything.
    """

    name: str
    what: What
    units: str | None
    today: float
    limit: float
    assumed: bool
    value: float | None
    within: float
    before: float
    beyond: float
    steep: float
    crossings: int
    label: str = ""

    @property
    def title(self) -> str:
        """Return what it is called: its label in quotes where the study gives one."""
        return f"'{self.label}'" if self.label else self.name

    @property
    def upwards(self) -> bool:
        """Return whether it moves up."""
        return self.limit > self.today

    @property
    def distance(self) -> float:
        """Return how far away it is, infinite where it does not turn."""
        return np.inf if self.value is None else abs(self.value - self.today)

    @property
    def share(self) -> float:
        """Return the distance as a share of today's value, or of the way where that is 0."""
        size = abs(self.today) or abs(self.limit - self.today) or 1.0
        return self.distance / size

    @property
    def rank(self) -> tuple[bool, float]:
        """Return what thresholds are ordered by: what is 0 today has no size to compare with."""
        return self.today == 0, self.share

    @property
    def tips(self) -> bool:
        """Return whether it turns at once there, not by degrees.

        A tenth of the way carries the outcome over more than half of the gap; by degrees it would
        be a twentieth of it.
        """
        return self.value is not None and self.steep > STEEP

    @property
    def breaks_off(self) -> bool:
        """Return whether the run leaves the numbers there, so that it neither tips nor turns."""
        return self.value is not None and not np.isfinite(self.before - self.beyond)

    @property
    def how(self) -> str:
        """Return how it turns there, in words; nothing where it does not."""
        if self.value is None:
            return ""
        if self.breaks_off:
            return "the run breaks off"
        return "at once" if self.tips else "by degrees"


STEEP = 0.5


@dataclass(frozen=True)
class Margins:
    """How far each stock, constant and number of a change can move before the outcome turns."""

    rule: Rule
    thresholds: tuple[Threshold, ...]
    runs: int
    step: str

    @property
    def turning(self) -> tuple[Threshold, ...]:
        """Return those at which the outcome turns, the nearest first."""
        found = [each for each in self.thresholds if each.value is not None]
        return tuple(sorted(found, key=lambda each: each.rank))


@dataclass(frozen=True)
class Nearest(Shown):
    """The nearest tipping point of a scenario, or that none was found.

    `threshold` is what tips the outcome of `rule` first, None where nothing of the `decisions` (as
    many numbers as scenarios change) does, nor of the `others` (stocks and numbers) looked at.
    `left_out` says that the time did not suffice for all others.
    """

    scenario: str
    time_units: str
    rule: Rule
    threshold: Threshold | None
    decisions: int
    others: int
    left_out: bool
    lasting: bool


@dataclass(frozen=True)
class Between:
    """Where between two starts the outcome turns.

    `shares` are the ways from the bad start (0) to the good one (1) at which it turns, in order;
    `stocks` holds for each stock its name, unit, and value in the bad start, at the first turn and
    in the good start; `output` the outcome's variable at that start. `within` is how far off a
    share may be. `halved` are the shares with half the step, where asked for.
    """

    rule: Rule
    bad_start: str
    good_start: str
    shares: tuple[float, ...]
    within: float
    stocks: tuple[tuple[str, str | None, float, float, float], ...]
    output: float
    ends: Array
    halved: tuple[float, ...] | None = None


class Kind(Enum):
    """What an equilibrium is; the value is the word for it."""

    STABLE = "stable"
    SADDLE = "tipping point"
    UNSTABLE = "unstable"
    NEUTRAL = "neutral"


@dataclass(frozen=True)
class Equilibrium:
    """A state in which nothing moves. `levels` (stock,), `outputs` the study's headline values.

    `eigenvalues` are those of the directions that are not neutral by construction, the largest
    real part first; `kinks` are pairs of a rate and a stock at which it is not smooth; `leading`
    are the stocks that deviate most as a deviation grows (or fades most slowly).
    """

    kind: Kind
    levels: Array
    outputs: Array
    eigenvalues: tuple[complex, ...]
    kinks: tuple[tuple[str, str], ...]
    leading: tuple[str, ...]
    residual: float


@dataclass(frozen=True)
class Equilibria:
    """The equilibria found; `refused` says why none were looked for.

    `drifting` are stocks that nothing depends on, left out; `conserved` are sums of stocks that
    never change, held at today's. `frozen_at` is the time at which inputs that move with time stand
    still; `spans` (output,) how far an output moves between states that runs visit and those found.
    """

    stocks: tuple[str, ...]
    outputs: tuple[str, ...]
    found: tuple[Equilibrium, ...]
    starts: int
    drifting: tuple[str, ...] = ()
    conserved: tuple[tuple[tuple[str, float], ...], ...] = ()
    frozen_at: float | None = None
    refused: str = ""
    spans: tuple[float, ...] = ()


@dataclass(frozen=True)
class RegimeMap:
    """Good and bad outcomes over two parameters.

    `x`, `y` and `good` (point,) are the runs made; `edge` (point, 2) the boundary between them,
    refined; `today` where the organisation is.
    """

    rule: Rule
    names: tuple[str, str]
    units: tuple[str | None, str | None]
    limits: tuple[tuple[float, float], tuple[float, float]]
    today: tuple[float, float]
    x: Array
    y: Array
    good: Array
    edge: Array
    within: float


@dataclass(frozen=True)
class Pulses:
    """The smallest pulse of a variable that turns the outcome, for each duration.

    `sizes` (duration,) are added to the variable from `start` on for the duration; NaN where even
    the largest within its range does not turn it. `breaks_off` (duration,) says that the run
    leaves the numbers just beyond that size, `rescue` that a pulse turns bad into good.
    """

    rule: Rule
    variable: str
    units: str | None
    start: float
    today: float
    limit: float
    durations: Array
    sizes: Array
    breaks_off: Array
    within: float
    rescue: bool


@dataclass(frozen=True)
class Scattered:
    """Where runs from many starts end: `ends` (start,), in `groups` from worst to best.

    `groups` holds the mean end of each and its share of the starts.
    """

    rule_time: float
    ends: Array
    groups: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class TippingAnalysis(Shown):
    """How far an organisation is from the point of no return.

    `levers` are what scenarios change, `named` other levers of its page and what `tipping` names;
    `labels` (name, label) what the study calls its levers and outputs.
    """

    study: str
    model: str
    scenario: str
    time_units: str
    start: float
    rule: Rule | None
    lasting: Rule | None
    between: Between | None
    margins: Margins | None
    lasting_margins: Margins | None
    scattered: Scattered | None
    equilibria: Equilibria | None
    continuation: Continuation | None
    regimes: RegimeMap | None
    pulses: tuple[Pulses, ...]
    levers: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    def titled(self, name: str) -> str:
        """Return what a variable is called: its label in quotes where the study gives one."""
        label = dict(self.labels).get(name)
        return f"'{label}'" if label else name
