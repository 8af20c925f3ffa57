"""The parts of a model between reading and flattening, by the kind of state they hold.

`Model[Equation]` is an expanded model: no function that hides state is left. `Model[Term]` is
a resolved one: every name exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from cyclesim.names import Ident
from cyclesim.project import About, GraphicalFunction, Project

F = TypeVar("F")


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
class Level(Generic[F]):
    """State that is integrated."""

    about: About
    initial: F
    inflows: tuple[Ident, ...]
    outflows: tuple[Ident, ...]
    non_negative: bool = False
    origin: Origin | None = None


@dataclass(frozen=True)
class Algebraic(Generic[F]):
    """A value computed from others at the same time; `limited_below` keeps a flow above 0."""

    about: About
    formula: F
    kind: Kind = Kind.AUXILIARY
    graphical: GraphicalFunction | None = None
    limited_below: bool = False
    origin: Origin | None = None


@dataclass(frozen=True)
class Memory(Generic[F]):
    """State that is renewed once a step; without `update` it keeps its initial value."""

    about: About
    initial: F
    update: F | None
    origin: Origin


@dataclass(frozen=True)
class Buffer(Generic[F]):
    """What `input` was `delay` ago, at least one step; `initial` before there was any."""

    about: About
    input: F
    delay: F
    initial: F
    origin: Origin


@dataclass(frozen=True)
class Model(Generic[F]):
    """All parts in the order of the file; graphical functions called by name in `tables`."""

    project: Project
    parts: tuple[Level[F] | Algebraic[F] | Memory[F] | Buffer[F], ...]
    tables: dict[Ident, GraphicalFunction]
