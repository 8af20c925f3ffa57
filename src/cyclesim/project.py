"""What a model file says, as written: XMILE's vocabulary and nothing computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from fractions import Fraction
from itertools import pairwise
from math import isnan
from typing import Any

from cyclesim.errors import Location, SourceText
from cyclesim.expr import Expr, Number, Reference, Subscripted
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
class DimensionMapping:
    """How the elements of a dimension stand for those of another, one by one.

    `elements` holds, for each element of the dimension in order, the ones of `target`.
    """

    target: Ident
    elements: tuple[tuple[Ident, ...], ...]


@dataclass(frozen=True)
class Dimension:
    """An index set: named elements in order. A subrange is one whose elements another has too.

    A dimension given by its size has the elements 1, 2, ... and is `numbered`.
    """

    name: str
    ident: Ident
    elements: tuple[str, ...]
    location: Location
    numbered: bool = False
    mappings: tuple[DimensionMapping, ...] = ()


@dataclass(frozen=True)
class About:
    """What is said of a variable besides its equation; `dimensions` is () for a scalar."""

    name: str
    ident: Ident
    location: Location
    units: str | None = None
    doc: str | None = None
    range: Bounds = field(default_factory=Bounds)
    dimensions: tuple[Ident, ...] = ()


@dataclass(frozen=True)
class Definition:
    """An equation for a variable, or for the part of an array that its subscripts name.

    Each subscript is a dimension, a subrange or an element; `excepts` are taken out again.
    A scalar, and an array that one equation serves, has subscripts equal to its dimensions.
    """

    equation: Equation
    subscripts: tuple[Ident, ...] = ()
    excepts: tuple[tuple[Ident, ...], ...] = ()
    graphical: GraphicalFunction | None = None

    @property
    def waiting(self) -> bool:
        """Return whether it only keeps the place of a value that comes from outside a module."""
        expr = self.equation.expr
        return isinstance(expr, Number) and isnan(expr.value)


@dataclass(frozen=True)
class Conveyor:
    """What makes a stock a conveyor (XMILE 1.0, sections 3.7.2 and 4.2.1).

    What enters leaves after the transit time `length`, less what leaks on the way. `capacity` is
    the most that it holds, `inflow_limit` the most that enters a time unit. With `sample`, a new
    transit time counts from when that condition holds.
    """

    length: Equation
    capacity: Equation | None = None
    inflow_limit: Equation | None = None
    sample: Equation | None = None
    exponential: bool = False

    @property
    def equations(self) -> tuple[Equation, ...]:
        """Return the equations given."""
        given = (self.length, self.capacity, self.inflow_limit, self.sample)
        return tuple(equation for equation in given if equation is not None)

    def changed(self, change: Callable[[Equation], Equation]) -> Conveyor:
        """Return the conveyor with each of its equations changed."""
        names = ("length", "capacity", "inflow_limit", "sample")
        given = {name: getattr(self, name) for name in names}
        changed: dict[str, Any] = {name: change(each) for name, each in given.items() if each}
        return replace(self, **changed)


@dataclass(frozen=True)
class Leak:
    """What makes a flow a leak of a conveyor; its equation is the fraction that leaks.

    `start` and `end` are the part of the conveyor that leaks, as shares of its length from the
    entry.
    """

    start: float = 0.0
    end: float = 1.0


@dataclass(frozen=True)
class Stock:
    """An accumulation: initial values, and the flows that change it, of its own dimensions."""

    about: About
    initial: tuple[Definition, ...]
    inflows: tuple[Equation, ...] = ()
    outflows: tuple[Equation, ...] = ()
    non_negative: bool = False
    conveyor: Conveyor | None = None


@dataclass(frozen=True)
class Flow:
    """A rate that fills or drains stocks."""

    about: About
    definitions: tuple[Definition, ...]
    non_negative: bool = False
    leak: Leak | None = None


@dataclass(frozen=True)
class Auxiliary:
    """A variable computed from others at the same time, or a constant.

    `input` says that a module's user may connect it to a variable outside.
    """

    about: About
    definitions: tuple[Definition, ...]
    input: bool = False


@dataclass(frozen=True)
class Graph:
    """Graphical functions that stand by themselves and are called by name.

    One for a scalar; for an array one for each part that its subscripts name.
    """

    about: About
    graphicals: tuple[tuple[tuple[Ident, ...], GraphicalFunction], ...]


@dataclass(frozen=True)
class Connection:
    """An input of a module and the variable outside that feeds it, both as written names.

    `elements` are the part of an input that is an array, () for all of it.
    """

    input: Reference
    source: Reference | Subscripted
    elements: tuple[Ident, ...] = ()


@dataclass(frozen=True)
class Module:
    """A part of the model that is a model itself, under a name of its own."""

    about: About
    model: str
    connections: tuple[Connection, ...] = ()


Variable = Stock | Flow | Auxiliary | Graph | Module


@dataclass(frozen=True)
class Macro:
    """An equation with parameters and, where it needs them, variables of its own.

    `parameters` are names with the equation that serves where a call gives none.
    """

    name: str
    ident: Ident
    location: Location
    parameters: tuple[tuple[Ident, Equation | None], ...]
    equation: Equation
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True)
class UnitDefinition:
    """A unit, what it is made of (None for a unit of its own), and other words for it."""

    name: str
    equation: str | None
    aliases: tuple[str, ...]
    location: Location


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
class Submodel:
    """A model that modules are made of, by its name."""

    name: str
    variables: tuple[Variable, ...]
    views: tuple[View, ...] = ()


@dataclass(frozen=True)
class Project:
    """A model file, every equation parsed and located.

    `variables` are those of the model itself, `submodels` what its modules are made of.
    """

    path: str
    name: str
    sim_specs: SimSpecs
    variables: tuple[Variable, ...]
    dimensions: tuple[Dimension, ...] = ()
    submodels: tuple[Submodel, ...] = ()
    macros: tuple[Macro, ...] = ()
    unit_definitions: tuple[UnitDefinition, ...] = ()
    views: tuple[View, ...] = ()
    doc: str | None = None
