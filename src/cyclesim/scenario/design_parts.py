"""Designs: which numbers differ from run to run, by which distributions, and in how many runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from cyclesim.scenario.varied import Varied, VariedKind

if TYPE_CHECKING:
    import numpy as np

USUAL_RUNS = 1000
"""Runs of a design that does not say how many."""

MOST_RUNS = 100_000_000
"""More runs than these are taken for a slip of the pen."""


class DesignMethod(Enum):
    """How runs are chosen; the value is the word for it in a study."""

    LATIN_HYPERCUBE = "latin hypercube"
    MONTE_CARLO = "monte carlo"
    SOBOL = "sobol"
    GRID = "grid"
    PAIRED = "paired"
    ONE_AT_A_TIME = "one at a time"
    FILE = "file"

    @property
    def random(self) -> bool:
        """Return whether the number of runs is free."""
        return self in (self.LATIN_HYPERCUBE, self.MONTE_CARLO, self.SOBOL)


@dataclass(frozen=True)
class Uniform:
    """Every number between the ends is equally likely."""

    low: float
    high: float


@dataclass(frozen=True)
class Triangular:
    """Most likely at the mode, less so in a straight line to the ends."""

    low: float
    mode: float
    high: float


@dataclass(frozen=True)
class Normal:
    """A normal distribution cut at the ends, which may be infinite."""

    mean: float
    deviation: float
    low: float
    high: float


@dataclass(frozen=True)
class Lognormal:
    """A number whose logarithm is normal about that of the median; cut at the ends."""

    median: float
    log_deviation: float
    low: float
    high: float


@dataclass(frozen=True)
class Beta:
    """A beta distribution stretched between the ends."""

    alpha: float
    beta: float
    low: float
    high: float


@dataclass(frozen=True)
class Values:
    """Some numbers in order, each with its share of the draws."""

    values: tuple[float, ...]
    shares: tuple[float, ...]

    @property
    def low(self) -> float:
        """Return the smallest."""
        return min(self.values)

    @property
    def high(self) -> float:
        """Return the largest."""
        return max(self.values)


Distribution = Uniform | Triangular | Normal | Lognormal | Beta | Values

_ROLE_WORDS = {"time": "at", "duration": "for"}


@dataclass(frozen=True)
class Quantity:
    """A number that differs from run to run, and how.

    `distribution` is None where a design file holds the numbers.
    """

    varied: Varied
    distribution: Distribution | None
    units: str | None = None

    @property
    def label(self) -> str:
        """Return the name that it has in tables: Price, Customers (initial), Demand (by)."""
        return label_of(self.varied)


def label_of(varied: Varied) -> str:
    """Return the name that a varied number has in tables."""
    if varied.kind is VariedKind.CONSTANT:
        return varied.name
    role = "initial" if varied.kind is VariedKind.INITIAL else varied.role
    return f"{varied.name} ({_ROLE_WORDS.get(role, role)})"


@dataclass(frozen=True)
class Design:
    """Which numbers differ, by which distributions, and how runs are chosen among them.

    `ranks` are the rank correlations (quantity, quantity), () where none are asked for;
    `scenarios` the names of those that are run, () for all; `table` (quantity, run) the numbers of
    a design file.
    """

    name: str
    method: DesignMethod
    runs: int
    seed: int
    quantities: tuple[Quantity, ...]
    ranks: tuple[tuple[float, ...], ...] = ()
    scenarios: tuple[str, ...] = ()
    table: np.ndarray | None = field(default=None, compare=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the name of each number that differs."""
        return tuple(quantity.label for quantity in self.quantities)

    @property
    def told(self) -> dict[str, Any]:
        """Return everything that decides the numbers, ready for JSON."""
        told: dict[str, Any] = {
            "method": self.method.value,
            "runs": self.runs,
            "seed": self.seed,
            "quantities": {
                quantity.label: None
                if quantity.distribution is None
                else {
                    "distribution": type(quantity.distribution).__name__.casefold(),
                    **{k: _json(v) for k, v in asdict(quantity.distribution).items()},
                }
                for quantity in self.quantities
            },
            "rank_correlations": [list(row) for row in self.ranks],
        }
        if self.table is not None:
            told["file_digest"] = hashlib.sha256(self.table.tobytes()).hexdigest()
        return told

    @property
    def digest(self) -> str:
        """Return the SHA-256 of everything that decides the numbers."""
        text = json.dumps(self.told, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _json(value: Any) -> Any:
    """Return a value that JSON can hold: an open end is None."""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None
    return list(value) if isinstance(value, tuple) else value
