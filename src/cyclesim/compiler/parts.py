"""The parts of a model between reading and flattening, by the kind of state they hold.

`Model[Definition]` is an expanded model: no function that hides state, no module and no macro
is left. `Model[Piece]` is a resolved one: every name exists and every subscript is a place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Generic, TypeVar

from cyclesim.compiler.terms import Box, Term, at_turns, has_phases, moves, symbols
from cyclesim.errors import Diagnostic
from cyclesim.names import Ident
from cyclesim.project import About, Graph, GraphicalFunction, Project

D = TypeVar("D")


@dataclass(frozen=True)
class Piece:
    """A term for part of a variable: the elements at these places of each dimension.

    Loop j of the term runs over `box[j]`. A scalar has one piece, with an empty box. `equation`
    is the text that it was made from; no result depends on it.
    """

    term: Term
    box: Box = ()
    equation: str = field(default="", repr=False, compare=False)

    @cached_property
    def symbols(self) -> tuple[Ident, ...]:
        """Return the variables that the term reads."""
        return symbols(self.term)

    @cached_property
    def moves(self) -> bool:
        """Return whether the term changes with time by itself."""
        return moves(self.term)

    @cached_property
    def phased(self) -> bool:
        """Return whether the term is another while initial values are computed."""
        return has_phases(self.term)


def narrowed(piece: Piece, box: Box) -> Piece:
    """Return the part of a piece that lies in a box within its own."""
    if box == piece.box:
        return piece
    turns = {}
    for axis, (own, places) in enumerate(zip(piece.box, box, strict=True)):
        turn = {place: number for number, place in enumerate(own)}
        turns[axis] = tuple(turn[place] for place in places)
    return replace(piece, term=at_turns(piece.term, turns), box=box)


class Kind(Enum):
    """What the modeller calls a variable."""

    STOCK = "stock"
    FLOW = "flow"
    AUXILIARY = "auxiliary"


@dataclass(frozen=True)
class Origin:
    """Where a variable came from that the modeller did not write.

    `variable` is the one it was made for, `call` the function or change, `role` its part in it.
    """

    variable: Ident
    call: str
    role: str


@dataclass(frozen=True)
class Level(Generic[D]):
    """State that is integrated."""

    about: About
    initial: tuple[D, ...]
    inflows: tuple[Ident, ...]
    outflows: tuple[Ident, ...]
    non_negative: bool = False
    origin: Origin | None = None


@dataclass(frozen=True)
class Algebraic(Generic[D]):
    """A value computed from others at the same time; `limited_below` keeps a flow above 0."""

    about: About
    formula: tuple[D, ...]
    kind: Kind = Kind.AUXILIARY
    limited_below: bool = False
    origin: Origin | None = None


@dataclass(frozen=True)
class Memory(Generic[D]):
    """State that is renewed once a step; without `update` it keeps its initial value."""

    about: About
    initial: tuple[D, ...]
    update: tuple[D, ...]
    origin: Origin


@dataclass(frozen=True)
class Buffer(Generic[D]):
    """What `input` was `delay` ago, at least one step; `initial` before there was any."""

    about: About
    input: tuple[D, ...]
    delay: tuple[D, ...]
    initial: tuple[D, ...]
    origin: Origin


@dataclass(frozen=True)
class Leaking:
    """A leak of a conveyor, by the names of its parts.

    `fraction` and `amount` are memories: what is leaked, and what comes of it in this step. An
    exponential leak has an `ending` too, and a level that gathers what is `leaked` in a step.
    """

    flow: Ident
    start: float
    end: float
    fraction: Ident
    amount: Ident
    ending: Ident | None = None
    leaked: Ident | None = None


@dataclass(frozen=True)
class Conveying:
    """A conveyor, by the names of its parts.

    `transit` and `leaving` are memories: the transit time, and what leaves in this step;
    `entering` is a level that gathers what enters in a step. `capacity` and `inflow_limit` name
    what bounds the inflows.
    """

    stock: Ident
    outflow: Ident
    inflows: tuple[Ident, ...]
    transit: Ident
    entering: Ident
    leaving: Ident
    leaks: tuple[Leaking, ...] = ()
    exponential: bool = False
    capacity: Ident | None = None
    inflow_limit: Ident | None = None

    @property
    def outflows(self) -> tuple[Ident, ...]:
        """Return the flows whose values the conveyor gives."""
        return (self.outflow, *(leak.flow for leak in self.leaks))


@dataclass(frozen=True)
class Table:
    """The graphical function of each element, in order; the same one may serve several."""

    graphicals: tuple[GraphicalFunction, ...]
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Model(Generic[D]):
    """All parts in the order of the file.

    `graphs` are the graphical functions that stand by themselves; `tables`, once names are
    resolved, all graphical functions by the variable that has them. `faults` of an expanded
    model are told with those of its names.
    """

    project: Project
    parts: tuple[Level[D] | Algebraic[D] | Memory[D] | Buffer[D], ...]
    graphs: tuple[Graph, ...] = ()
    tables: Mapping[Ident, Table] = field(default_factory=dict)
    faults: tuple[Diagnostic, ...] = ()
    conveyors: tuple[Conveying, ...] = ()
