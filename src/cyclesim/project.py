"""What a model file says, as written: XMILE's vocabulary and nothing computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from itertools import pairwise

from cyclesim.errors import Location, SourceText
from cyclesim.expr import Expr
from cyclesim.names import Ident


@dataclass(frozen=True)
class Equation:
    """An equation's text, where it stands, and the tree it was parsed into."""

    source: SourceText
    expr: Expr

    @property
    def text(self) -> str:
        """Return the equation as written, on one line."""
        return " ".join(self.source.content.split())


class GraphicalKind(Enum):
    """How a graphical function goes on between and beyond its points."""

    CONTINUOUS = "continuous"
    EXTRAPOLATE = "extrapolate"
    DISCRETE = "discrete"


@dataclass(frozen=True)
class GraphicalFunction:
    """Points (x, y), x never falling; the value beyond the ends depends on `kind`."""

    kind: GraphicalKind
    x: tuple[float, ...]
    y: tuple[float, ...]

    @property
    def slopes(self) -> tuple[float, ...]:
        """Return the slope of each segment, 0 for one without width."""
        points = zip(self.x, self.y, strict=True)
        return tuple(
            (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0 for (x0, y0), (x1, y1) in pairwise(points)
        )


@dataclass(frozen=True)
class Bounds:
    """The smallest and the largest value a variable may take; None where open."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Return whether `value` lies within the bounds."""
        above = self.low is None or value >= self.low
        return above and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        if self.low is not None and self.high is not None:
            return f"from {self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"at least {self.low:g}"
        return f"at most {self.high:g}" if self.high is not None else "any number"


@dataclass(frozen=True)
class About:
    """What is said of a variable besides its equation."""

    name: str
    ident: Ident
    location: Location
    units: str | None = None
    doc: str | None = None
    range: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True)
class Stock:
    """An accumulation: an initial value, and the flows that change it."""

    about: About
    initial: Equation
    inflows: tuple[Equation, ...] = ()
    outflows: tuple[Equation, ...] = ()
    non_negative: bool = False


@dataclass(frozen=True)
class Flow:
    """A rate that fills or drains stocks."""

    about: About
    equation: Equation
    graphical: GraphicalFunction | None = None
    non_negative: bool = False


@dataclass(frozen=True)
class Auxiliary:
    """A variable computed from others at the same time, or a constant."""

    about: About
    equation: Equation
    graphical: GraphicalFunction | None = None


@dataclass(frozen=True)
class Graph:
    """A graphical function that stands by itself and is called by name."""

    about: About
    graphical: GraphicalFunction


Variable = Stock | Flow | Auxiliary | Graph


class Method(Enum):
    """How stocks are integrated. The first three are XMILE's, on a fixed step."""

    EULER = "euler"
    RK2 = "rk2"
    RK4 = "rk4"
    RK45 = "rk45"
    LSODA = "lsoda"
    RADAU = "radau"

    @property
    def adaptive(self) -> bool:
        """Return whether the solver chooses its own steps."""
        return self in (Method.RK45, Method.LSODA, Method.RADAU)


@dataclass(frozen=True)
class SimSpecs:
    """Start, stop and dt in the model's time unit, as exact fractions of what was written."""

    start: Fraction = Fraction(0)
    stop: Fraction = Fraction(100)
    dt: Fraction = Fraction(1)
    save_interval: Fraction | None = None
    method: Method = Method.EULER
    time_units: str = ""


@dataclass(frozen=True)
class View:
    """A diagram as it stands in the file: kept, not interpreted."""

    xml: str
    location: Location


@dataclass(frozen=True)
class Project:
    """A model file, every equation parsed and located."""

    path: str
    name: str
    sim_specs: SimSpecs
    variables: tuple[Variable, ...]
    views: tuple[View, ...] = ()
    doc: str | None = None
