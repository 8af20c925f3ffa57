"""What remains of an equation once every name is known: total operations on values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from cyclesim.names import Ident


@dataclass(frozen=True)
class Literal:
    """A number."""

    value: float


@dataclass(frozen=True)
class Symbol:
    """The value of a variable at the same time."""

    ident: Ident


class Reading(Enum):
    """What can be read off the clock. STEP_TIME stands still within a step."""

    TIME = "time"
    STEP_TIME = "step_time"
    DT = "dt"
    START = "start"
    STOP = "stop"


MOVING = frozenset({Reading.TIME, Reading.STEP_TIME})


@dataclass(frozen=True)
class Clock:
    """A reading of the clock."""

    reading: Reading


@dataclass(frozen=True)
class Apply:
    """An operation of the table in `functions`, applied to its arguments."""

    operation: str
    arguments: tuple[Term, ...]


@dataclass(frozen=True)
class Lookup:
    """The graphical function of a variable, at an argument."""

    table: Ident
    argument: Term


@dataclass(frozen=True)
class Draw:
    """A number between 0 and 1, new each noise step; a seed makes it the same in every run."""

    site: int
    seed: int | None = None


Term = Literal | Symbol | Clock | Apply | Lookup | Draw

ZERO, ONE = Literal(0.0), Literal(1.0)
TIME, STEP_TIME = Clock(Reading.TIME), Clock(Reading.STEP_TIME)
DT, START, STOP = Clock(Reading.DT), Clock(Reading.START), Clock(Reading.STOP)


def apply(operation: str, *arguments: Term) -> Term:
    """Return the operation applied, a sign folded into a number."""
    if operation == "negate" and isinstance(arguments[0], Literal):
        return Literal(-arguments[0].value)
    return Apply(operation, arguments)


def walk(term: Term) -> Iterator[Term]:
    """Yield the term and all below it."""
    yield term
    if isinstance(term, Apply):
        for argument in term.arguments:
            yield from walk(argument)
    elif isinstance(term, Lookup):
        yield from walk(term.argument)


def symbols(term: Term) -> tuple[Ident, ...]:
    """Return the variables a term reads, each once, in order of appearance."""
    return tuple(dict.fromkeys(node.ident for node in walk(term) if isinstance(node, Symbol)))


def moves(term: Term) -> bool:
    """Return whether a term changes with time by itself: it reads the clock or draws noise."""
    return any(
        isinstance(node, Draw) or (isinstance(node, Clock) and node.reading in MOVING)
        for node in walk(term)
    )
