"""The checked model that targets are generated from: each thing in its place and in order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from cyclesim.compiler.parts import Conveying, Kind, Origin, Piece, Table
from cyclesim.compiler.terms import Box, Literal, Term
from cyclesim.names import Ident, canonical
from cyclesim.project import About, Bounds, Dimension, SimSpecs


class Role(Enum):
    """What holds or computes a variable's value in a run."""

    PARAMETER = "numbers bound when a run starts"
    CONSTANT = "computed once from parameters"
    LEVEL = "integrated"
    MEMORY = "renewed once a step"
    BUFFER = "read from a ring of earlier values"
    ALGEBRAIC = "computed each time"


@dataclass(frozen=True)
class FlatVariable:
    """One variable: what is said of it, what it is to the modeller and what it is to a run.

    `pieces` are its value where it is computed, the initial value of a level, memory or buffer:
    one piece for a scalar, one for each part that an array's equations name. `shape` is () for
    a scalar, else the number of elements of each dimension.
    """

    about: About
    kind: Kind
    role: Role
    pieces: tuple[Piece, ...]
    equation: str
    shape: tuple[int, ...] = ()
    elements: tuple[tuple[str, ...], ...] = ()
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
    def dimensions(self) -> tuple[Ident, ...]:
        """Return the index sets its equations run over, () for a scalar."""
        return self.about.dimensions

    @property
    def size(self) -> int:
        """Return the number of elements, 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def term(self) -> Term:
        """Return the term of a variable that has one equation."""
        return self.pieces[0].term

    @property
    def hidden(self) -> bool:
        """Return whether it was made by the compiler and is shown only through its origin."""
        return self.origin is not None

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the name of each element in order, as Name[E1,E2]; a scalar's own name."""
        if not self.shape:
            return (self.name,)
        return tuple(f"{self.name}[{','.join(each)}]" for each in itertools.product(*self.elements))

    @property
    def values(self) -> tuple[float, ...]:
        """Return the numbers of a parameter, one an element."""
        found = [0.0] * self.size
        for piece in self.pieces:
            assert isinstance(piece.term, Literal)
            for place in places_in(self.shape, piece.box):
                found[place] = piece.term.value
        return tuple(found)


def places_in(shape: tuple[int, ...], box: Box) -> list[int]:
    """Return where the elements of a box lie among all elements in order, last index fastest."""
    spots = [0]
    for size, places in zip(shape, box, strict=True):
        spots = [spot * size + place for spot in spots for place in places]
    return spots


@dataclass(frozen=True)
class Assignment:
    """A value to be computed at this point of an order: a variable, or part of an array.

    Parts are computed one after the other where variables need each other's elements in turn;
    `first` marks the part that begins its array. A dimension with one place in the box of a part
    has no loop in its term.
    """

    ident: Ident
    pieces: tuple[Piece, ...]
    part: bool = False
    first: bool = False

    @property
    def assignments(self) -> tuple[Assignment, ...]:
        """Return itself, as a sweep returns what it goes through."""
        return (self,)


@dataclass(frozen=True)
class Sweep:
    """Parts of arrays computed together, place by place along one of their dimensions."""

    axis: int
    places: tuple[int, ...]
    assignments: tuple[Assignment, ...]


Statement = Assignment | Sweep


@dataclass(frozen=True)
class LevelRule:
    """How a level changes: the flows that fill it less those that drain it."""

    ident: Ident
    inflows: tuple[Ident, ...]
    outflows: tuple[Ident, ...]
    non_negative: bool = False


@dataclass(frozen=True)
class MemoryRule:
    """What a memory holds after the step; no update keeps the initial value."""

    ident: Ident
    update: tuple[Piece, ...]


@dataclass(frozen=True)
class BufferRule:
    """What goes into a buffer each step, and how long it stays."""

    ident: Ident
    input: tuple[Piece, ...]
    delay: tuple[Piece, ...]


@dataclass(frozen=True)
class Breakpoint:
    """A time, known before the run, at which an equation jumps or bends; then each interval."""

    time: Term
    interval: Term | None = None


@dataclass(frozen=True)
class FlatModel:
    """A model in which three orders exist and each identifier has its place.

    `variables` are in file order; `places` gives the first row of each in results, where each
    element has a row. `levels`, `memories`, `buffers` and `parameters` give the place of each
    in state and parameter arrays. `constants` and `steps` are orders of computation, `initial`
    the order at the start, levels and memories included.
    """

    path: str
    name: str
    doc: str | None
    sim_specs: SimSpecs
    variables: tuple[FlatVariable, ...]
    parameters: tuple[Ident, ...]
    constants: tuple[Statement, ...]
    initial: tuple[Statement, ...]
    steps: tuple[Statement, ...]
    levels: tuple[LevelRule, ...]
    memories: tuple[MemoryRule, ...]
    buffers: tuple[BufferRule, ...]
    tables: Mapping[Ident, Table]
    dimensions: tuple[Dimension, ...]
    conveyors: tuple[Conveying, ...]
    breakpoints: tuple[Breakpoint, ...]
    by_ident: Mapping[Ident, FlatVariable]
    places: Mapping[Ident, int]
    digest: str

    @property
    def visible(self) -> tuple[FlatVariable, ...]:
        """Return the variables that the modeller wrote."""
        return tuple(variable for variable in self.variables if not variable.hidden)

    def found(self, name: str) -> tuple[FlatVariable, int | None] | None:
        """Return a variable, or an element of an array and its place, by its name.

        However it is spelt; None where there is none.
        """
        variable = self.by_ident.get(canonical(name))
        if variable is not None:
            return variable, None
        base, _, inner = name.strip().rpartition("[")
        variable = self.by_ident.get(canonical(base))
        if variable is None or not variable.shape or not inner.endswith("]"):
            return None
        wanted = [canonical(each) for each in inner[:-1].split(",")]
        known = [[canonical(each) for each in elements] for elements in variable.elements]
        if len(wanted) != len(known) or any(w not in k for w, k in zip(wanted, known, strict=True)):
            return None
        place = 0
        for each, elements in zip(wanted, known, strict=True):
            place = place * len(elements) + elements.index(each)
        return variable, place

    @property
    def rows(self) -> int:
        """Return the number of rows of results: one for each element of each variable."""
        return sum(variable.size for variable in self.variables)

    @property
    def time_units(self) -> str:
        """Return the unit of time as written."""
        return self.sim_specs.time_units
