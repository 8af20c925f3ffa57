"""What an analysis of sensitivity finds: frozen results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cyclesim.analysis.heaps import Heaps
from cyclesim.display import Shown
from cyclesim.scenario.design_parts import Quantity
from cyclesim.scenario.parts import Output

Array = np.ndarray


FAILED = "does not reach the end"
"""What becomes of an output where its run fails."""


@dataclass(frozen=True)
class Failures:
    """Runs that did not reach the end: how many, and what leaving them out does.

    They are left out with all runs that are compared with them (`groups` such sets). `shift` is
    the largest difference that it would make to an index, had they given the worst value seen.
    """

    runs: int
    of: int
    groups: int
    shift: float


@dataclass(frozen=True)
class Screening:
    """Morris's elementary effects of each quantity (quantity,) on an output's end, in its unit.

    `mean` is the mean size of the effect of moving the quantity across its distribution (from
    end to end where all numbers are equally likely, else from 5 % to 95 %), `spread`
    their standard deviation (other quantities matter to it, or its effect is no straight line),
    `interval` half the width of the 95 % interval of the mean.
    """

    output: Output
    quantities: tuple[Quantity, ...]
    mean: Array
    spread: Array
    interval: Array
    paths: int
    failures: Failures

    @property
    def shares(self) -> Array:
        """Return each effect as a share of the largest (quantity,), 0 where there is none."""
        largest = np.nanmax(self.mean, initial=0.0)
        return np.nan_to_num(self.mean) / largest if largest > 0 else np.zeros(len(self.mean))

    @property
    def order(self) -> list[int]:
        """Return the places of the quantities, the largest effect first."""
        return [int(place) for place in np.argsort(-self.mean, kind="stable")]


@dataclass(frozen=True)
class Tornado:
    """Where an output ends, all numbers being the study's own but one.

    `numbers` (2, quantity) are the ends of each quantity's way: those of its range or values, or
    5 % and 95 % where not all numbers are equally likely. `ends` (2, quantity) are the output's
    there, `own` with no number moved. NaN is a run that failed.
    """

    output: Output
    quantities: tuple[Quantity, ...]
    numbers: Array
    own: float
    ends: Array

    @property
    def order(self) -> list[int]:
        """Return the places of the quantities, the one that moves the end furthest first."""
        reach = np.nan_to_num(np.abs(self.ends - self.own)).max(axis=0)
        return [int(place) for place in np.argsort(-reach, kind="stable")]


@dataclass(frozen=True)
class Course:
    """Shares of an output's variance over time: `time` (moment,), the others (quantity, moment).

    `first` alone, `total` with all interactions, `interval` half the width of its 95 % interval;
    NaN where the output does not vary. `deviation` (moment,) is its standard deviation.
    """

    time: Array
    first: Array
    total: Array
    interval: Array
    deviation: Array


@dataclass(frozen=True)
class Variance:
    """Sobol indices of each quantity for an output's end: shares of its variance.

    `first` (quantity,) alone, `total` with all its interactions, `second` (quantity, quantity) of
    pairs, NaN below the diagonal; with half the widths of their 95 % intervals. `convergence`
    holds, by number of base points, the total indices and their half widths. `deviation` is
    the output's standard deviation: 0 where it does not vary, NaN where no run reached the end.
    `heaps` are those that its ends lie in, None where they lie in one. `left_out` names numbers
    that were held at their own, though they matter to this output by Morris.
    """

    output: Output
    quantities: tuple[Quantity, ...]
    first: Array
    first_interval: Array
    total: Array
    total_interval: Array
    second: Array
    second_interval: Array
    points: int
    deviation: float
    convergence: Mapping[int, tuple[Array, Array]]
    course: Course
    heaps: Heaps | None
    failures: Failures
    left_out: tuple[str, ...] = ()

    @property
    def order(self) -> list[int]:
        """Return the places of the quantities, the largest total index first."""
        return [int(place) for place in np.argsort(-self.total, kind="stable")]


@dataclass(frozen=True)
class Distance:
    """PAWN: how far fixing a quantity moves the distribution of an output's end.

    `median` and `largest` (quantity,) are Kolmogorov-Smirnov distances between 0 and 1 over
    the slices of the quantity; `noise` (quantity,) is what one that does nothing stays below in
    99 of 100 cases.
    """

    output: Output
    quantities: tuple[Quantity, ...]
    median: Array
    largest: Array
    noise: Array
    failures: Failures

    @property
    def order(self) -> list[int]:
        """Return the places of the quantities, the largest median distance first."""
        return [int(place) for place in np.argsort(-self.median, kind="stable")]


@dataclass(frozen=True)
class Share:
    """A share of runs with its 95 % interval (Wilson 1927)."""

    name: str
    runs: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """Return the share."""
        return self.runs / self.of


@dataclass(frozen=True)
class Limit:
    """A quantity between two numbers; an open end is infinite."""

    quantity: Quantity
    low: float
    high: float


@dataclass(frozen=True)
class Discovery:
    """A region in which an outcome is common: density there, and share of all cases it covers.

    Both are measured on runs that were not used to find it.
    """

    outcome: str
    limits: tuple[Limit, ...]
    inside: int
    cases_inside: int
    cases: int
    runs: int

    @property
    def density(self) -> float:
        """Return the share of runs in the region that have the outcome."""
        return self.cases_inside / self.inside if self.inside else 0.0

    @property
    def coverage(self) -> float:
        """Return the share of all runs with the outcome that lie in the region."""
        return self.cases_inside / self.cases if self.cases else 0.0


@dataclass(frozen=True)
class Labels:
    """What became of an output in how many runs: by the course's name, and better or worse.

    `course_of` and `end_of` (run,) name those of each run.
    """

    output: Output
    courses: tuple[Share, ...]
    ends: tuple[Share, ...]
    discoveries: tuple[Discovery, ...]
    course_of: tuple[str, ...]
    end_of: tuple[str, ...]


@dataclass(frozen=True)
class Fan:
    """The spread of an output over time: `levels` (level,), `values` (level, time).

    At each time it is that of the runs that have not failed by then; `failed` do before the end.
    `heaps` are those that the ends lie in, None where they lie in one.
    """

    output: Output
    levels: tuple[float, ...]
    values: Array
    failed: int = 0
    heaps: Heaps | None = None


@dataclass(frozen=True)
class Runs:
    """The design's own runs: `numbers` (quantity, run), where each output ended (output, run).

    `paths` (output, time, run) are the whole courses of the first runs. NaN is a run that failed.
    """

    numbers: Array
    ends: Array
    paths: Array


@dataclass(frozen=True)
class SensitivityAnalysis(Shown):
    """Which numbers decide where a scenario ends. What was not asked for is empty."""

    study: str
    model: str
    scenario: str
    design: str
    time_units: str
    time: Array
    quantities: tuple[Quantity, ...]
    seed: int
    runs: int
    seconds: float
    screenings: tuple[Screening, ...] = ()
    tornadoes: tuple[Tornado, ...] = ()
    variances: tuple[Variance, ...] = ()
    distances: tuple[Distance, ...] = ()
    labels: tuple[Labels, ...] = ()
    fans: tuple[Fan, ...] = ()
    sample: Runs | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)
