"""What remains of an equation once every name is known: total operations on values.

An equation for an array runs over loops, one for each dimension of its variable; a reduction
(SUM and its kin) adds loops of its own. Loops are told apart by a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

from cyclesim.names import Ident

Places = range | tuple[int, ...]
"""Elements of a dimension by their place, counted from 0; a range where they are neighbours."""

Box = tuple[Places, ...]
"""Part of an array: places of each of its dimensions; () for a scalar."""


@dataclass(frozen=True)
class AtLoop:
    """The element whose place is `places[turn]` at each turn of a loop."""

    loop: int
    places: Places


@dataclass(frozen=True)
class AtPlace:
    """One element, by its place."""

    place: int


@dataclass(frozen=True)
class AtValue:
    """The element that a value names, counted from 1; NaN where there is none."""

    value: Term


def compact(places: Sequence[int]) -> Places:
    """Return places as a range where they are neighbours: generated code then slices."""
    if places and all(b - a == 1 for a, b in pairwise(places)):
        return range(places[0], places[-1] + 1)
    return tuple(places)


Index = AtLoop | AtPlace | AtValue


@dataclass(frozen=True)
class Literal:
    """A number."""

    value: float


@dataclass(frozen=True)
class Symbol:
    """The value of a variable at the same time; an index for each dimension of an array."""

    ident: Ident
    indexes: tuple[Index, ...] = ()


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
class LoopValue:
    """A number that depends on the turn of a loop, as a dimension's name used as a number."""

    loop: int
    values: Places


@dataclass(frozen=True)
class Apply:
    """An operation of the table in `functions`, applied to its arguments."""

    operation: str
    arguments: tuple[Term, ...]


@dataclass(frozen=True)
class AtStart:
    """A value, and the one that stands for it while initial values are computed."""

    running: Term
    starting: Term


@dataclass(frozen=True)
class Reduce:
    """A value made of the bodies' values over loops of its own, (number, turns) each.

    `operation` names a reduction of the targets' tables, as sum or rank; `extras` are what it is
    given besides, at one turn of the loops around.
    """

    operation: str
    loops: tuple[tuple[int, int], ...]
    bodies: tuple[Term, ...]
    extras: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Lookup:
    """The graphical function of a variable (of its element for an array), at an argument."""

    table: Ident
    argument: Term
    indexes: tuple[Index, ...] = ()


@dataclass(frozen=True)
class Draw:
    """A number between 0 and 1, new each noise step; a seed makes it the same in every run.

    `element` numbers the elements of an array.
    """

    site: int
    seed: int | None = None
    element: Term = Literal(0.0)


Term = Literal | Symbol | Clock | LoopValue | Apply | AtStart | Reduce | Lookup | Draw

ZERO, ONE = Literal(0.0), Literal(1.0)
TIME, STEP_TIME = Clock(Reading.TIME), Clock(Reading.STEP_TIME)
DT, START, STOP = Clock(Reading.DT), Clock(Reading.START), Clock(Reading.STOP)


def apply(operation: str, *arguments: Term) -> Term:
    """Return the operation applied, a sign folded into a number."""
    if operation == "negate" and isinstance(arguments[0], Literal):
        return Literal(-arguments[0].value)
    return Apply(operation, arguments)


def _computed(indexes: tuple[Index, ...]) -> Iterator[Term]:
    return (index.value for index in indexes if isinstance(index, AtValue))


def operands(term: Term) -> tuple[Term, ...]:
    """Return the terms directly within a term."""
    match term:
        case Apply(arguments=arguments):
            return arguments
        case Symbol(indexes=indexes):
            return tuple(_computed(indexes)) if indexes else ()
        case AtStart(running=running, starting=starting):
            return (running, starting)
        case Lookup(argument=argument, indexes=indexes):
            return (argument, *_computed(indexes))
        case Reduce(bodies=bodies, extras=extras):
            return (*bodies, *extras)
        case Draw(element=element):
            return (element,)
    return ()


def walk(term: Term) -> Iterator[Term]:
    """Yield the term and all below it, each before its operands, left to right."""
    waiting = [term]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(operands(node)))


def symbols(term: Term) -> tuple[Ident, ...]:
    """Return the variables a term reads, each once, in order of appearance."""
    return tuple(dict.fromkeys(node.ident for node in walk(term) if isinstance(node, Symbol)))


def moves(term: Term) -> bool:
    """Return whether a term changes with time by itself: it reads the clock or draws noise."""
    return any(
        isinstance(node, Draw) or (isinstance(node, Clock) and node.reading in MOVING)
        for node in walk(term)
    )


def rewritten(term: Term, change: Callable[[Term], Term]) -> Term:
    """Return the term with `change` applied to each node, operands first."""

    def at(index: Index) -> Index:
        return AtValue(rewritten(index.value, change)) if isinstance(index, AtValue) else index

    match term:
        case Apply(arguments=arguments):
            term = replace(term, arguments=tuple(rewritten(a, change) for a in arguments))
        case AtStart(running=running, starting=starting):
            term = AtStart(rewritten(running, change), rewritten(starting, change))
        case Symbol(indexes=indexes) if indexes:
            term = replace(term, indexes=tuple(map(at, indexes)))
        case Lookup(argument=argument, indexes=indexes):
            inner = rewritten(argument, change)
            term = replace(term, argument=inner, indexes=tuple(map(at, indexes)))
        case Reduce(bodies=bodies, extras=extras):
            given = tuple(rewritten(body, change) for body in bodies)
            further = tuple(rewritten(extra, change) for extra in extras)
            term = replace(term, bodies=given, extras=further)
        case Draw(element=element):
            term = replace(term, element=rewritten(element, change))
    return change(term)


def at_turn(term: Term, turns: Mapping[int, int]) -> Term:
    """Return the term with each loop named in `turns` standing at that turn."""

    def fixed(index: Index) -> Index:
        if isinstance(index, AtLoop) and index.loop in turns:
            return AtPlace(index.places[turns[index.loop]])
        return index

    def change(node: Term) -> Term:
        match node:
            case Symbol(indexes=indexes) | Lookup(indexes=indexes) if indexes:
                return replace(node, indexes=tuple(map(fixed, indexes)))
            case LoopValue(loop=loop, values=values) if loop in turns:
                return Literal(float(values[turns[loop]]))
        return node

    return rewritten(term, change)


def at_turns(term: Term, turns: Mapping[int, tuple[int, ...]]) -> Term:
    """Return the term with each loop named in `turns` running over those of its turns only."""

    def chosen(places: Places, loop: int) -> Places:
        return compact([places[turn] for turn in turns[loop]])

    def fewer(index: Index) -> Index:
        if isinstance(index, AtLoop) and index.loop in turns:
            return AtLoop(index.loop, chosen(index.places, index.loop))
        return index

    def change(node: Term) -> Term:
        match node:
            case Symbol(indexes=indexes) | Lookup(indexes=indexes) if indexes:
                return replace(node, indexes=tuple(map(fewer, indexes)))
            case LoopValue(loop=loop, values=values) if loop in turns:
                return LoopValue(loop, chosen(values, loop))
        return node

    return rewritten(term, change)


def in_phase(term: Term, start: bool) -> Term:
    """Return the term as it is while initial values are computed, or afterwards."""

    def change(node: Term) -> Term:
        if isinstance(node, AtStart):
            return node.starting if start else node.running
        return node

    return rewritten(term, change)


def has_phases(term: Term) -> bool:
    """Return whether a term is another while initial values are computed."""
    return any(isinstance(node, AtStart) for node in walk(term))


def loops_of(term: Term) -> frozenset[int]:
    """Return the numbers of all loops that occur in a term."""
    found: set[int] = set()
    for node in walk(term):
        match node:
            case Symbol(indexes=indexes) | Lookup(indexes=indexes):
                found.update(index.loop for index in indexes if isinstance(index, AtLoop))
            case LoopValue(loop=loop):
                found.add(loop)
            case Reduce(loops=loops):
                found.update(number for number, _ in loops)
    return frozenset(found)
