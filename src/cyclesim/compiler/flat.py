"""The checked model that targets are generated from: each thing in its place and in order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cyclesim.compiler.parts import Kind, Origin
from cyclesim.compiler.terms import Term
from cyclesim.names import Ident
from cyclesim.project import About, Bounds, GraphicalFunction, SimSpecs


class Role(Enum):
    """What holds or computes a variable's value in a run."""

    PARAMETER = "a number bound when a run starts"
    CONSTANT = "computed once from parameters"
    LEVEL = "integrated"
    MEMORY = "renewed once a step"
    BUFFER = "read from a ring of earlier values"
    ALGEBRAIC = "computed each time"


@dataclass(frozen=True)
class FlatVariable:
    """One variable: what is said of it, what it is to the modeller and what it is to a run.

    `term` is its value where it is computed, the initial value of a level, memory or buffer.
    `dimensions` names the index sets its equation runs over, () for a scalar.
    """

    about: About
    kind: Kind
    role: Role
    term: Term
    equation: str
    dimensions: tuple[Ident, ...] = ()
    origin: Origin | None = None

    @property
    def name(self) -> str:
        """Return the name as written."""
        return self.about.name

    @property
    def ident(self) -> Ident:
        """Return the identifier."""
        return self.about.ident

    @property
    def units(self) -> str | None:
        """Return the unit as written."""
        return self.about.units

    @property
    def range(self) -> Bounds:
        """Return the values it may take."""
        return self.about.range

    @property
    def hidden(self) -> bool:
        """Return whether it was made by the compiler and is shown only through its origin."""
        return self.origin is not None


@dataclass(frozen=True)
class LevelRule:
    """How a level changes: the flows that fill it less those that drain it."""

    ident: Ident
    inflows: tuple[Ident, ...]
    outflows: tuple[Ident, ...]
    non_negative: bool = False


@dataclass(frozen=True)
class MemoryRule:
    """What a memory holds after the step; None keeps the initial value."""

    ident: Ident
    update: Term | None


@dataclass(frozen=True)
class BufferRule:
    """What goes into a buffer each step, and how long it stays."""

    ident: Ident
    input: Term
    delay: Term


@dataclass(frozen=True)
class Breakpoint:
    """A time, known before the run, at which an equation jumps or bends; then each interval."""

    time: Term
    interval: Term | None = None


@dataclass(frozen=True)
class FlatModel:
    """A model in which three orders exist and each identifier has its place.

    `variables` are in file order; `levels`, `memories`, `buffers` and `parameters` give the
    place of each in state and parameter arrays, `places` that of each variable in results.
    `constants` and `steps` are orders of computation, `initial` the order at the start, levels
    and memories included.
    """

    path: str
    name: str
    doc: str | None
    sim_specs: SimSpecs
    variables: tuple[FlatVariable, ...]
    parameters: tuple[Ident, ...]
    constants: tuple[Ident, ...]
    initial: tuple[Ident, ...]
    steps: tuple[Ident, ...]
    levels: tuple[LevelRule, ...]
    memories: tuple[MemoryRule, ...]
    buffers: tuple[BufferRule, ...]
    tables: dict[Ident, GraphicalFunction]
    breakpoints: tuple[Breakpoint, ...]
    by_ident: dict[Ident, FlatVariable]
    places: dict[Ident, int]
    digest: str

    @property
    def visible(self) -> tuple[FlatVariable, ...]:
        """Return the variables that the modeller wrote."""
        return tuple(variable for variable in self.variables if not variable.hidden)

    @property
    def time_units(self) -> str:
        """Return the unit of time as written."""
        return self.sim_specs.time_units
