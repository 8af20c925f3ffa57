"""Terms into text of a target; a target is a subclass that says how each node is written."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

from cyclesim.compiler import FlatModel, Piece, Term
from cyclesim.compiler.flat import Assignment, Sweep
from cyclesim.compiler.terms import (
    Apply,
    Clock,
    Draw,
    Index,
    Literal,
    Lookup,
    LoopValue,
    Places,
    Reading,
    Reduce,
    Symbol,
)
from cyclesim.names import Ident


class Renderer(ABC):
    """Writes terms as expressions and definitions as lines.

    `infix` and `templates` say how operations are written; a target says how an array is held:
    read at indexes, reduced, defined, unpacked from state and packed into results. `support`
    collects numbers too long to be written into the code.
    """

    infix: ClassVar[dict[str, tuple[str, int]]] = {}
    templates: ClassVar[dict[str, str]] = {}
    atom = 100

    def __init__(self, flat: FlatModel) -> None:
        self.flat = flat
        self.names = safe_names(variable.ident for variable in flat.variables)
        self.tables = {ident: f"table_{n}" for n, ident in enumerate(flat.tables)}
        self.support: dict[str, Any] = {}

    # What a target says

    @abstractmethod
    def element(self, ident: Ident, indexes: tuple[Index, ...]) -> str:
        """Return an array read at indexes."""

    @abstractmethod
    def table(self, ident: Ident, indexes: tuple[Index, ...], argument: Term) -> str:
        """Return the graphical function of an array's element, applied."""

    @abstractmethod
    def turn(self, term: LoopValue) -> str:
        """Return a number that depends on the turn of a loop."""

    @abstractmethod
    def reduction(self, term: Reduce) -> str:
        """Return one value made of all turns of a reduction's loops."""

    @abstractmethod
    def definition(self, name: str, pieces: tuple[Piece, ...], shape: tuple[int, ...]) -> list[str]:
        """Return the lines that give a name the value of pieces."""

    @abstractmethod
    def begun(self, name: str, shape: tuple[int, ...]) -> str:
        """Return the line that makes an array whose parts follow."""

    @abstractmethod
    def filled(
        self, name: str, piece: Piece, shape: tuple[int, ...], standing: int | None
    ) -> list[str]:
        """Return the lines that compute a part of an array; loop `standing` is open already."""

    @abstractmethod
    def opened(self, sweep: Sweep) -> str:
        """Return the line that opens a loop."""

    @abstractmethod
    def unpacked(self, idents: list[Ident], source: str) -> list[str]:
        """Return the lines that name the entries of a state."""

    @abstractmethod
    def packed(self, idents: list[Ident]) -> str:
        """Return a state, or results, of named values."""

    @abstractmethod
    def rates(self) -> str:
        """Return the rate of change of each level."""

    @abstractmethod
    def entry(self, name: str, shape: tuple[int, ...]) -> str:
        """Return a named value as an entry of a state."""

    @abstractmethod
    def fed(self, given: str, delay: str, shape: tuple[int, ...]) -> str:
        """Return what a buffer takes in, each followed by its delay, as entries of an update."""

    # What all targets share

    def assignment(self, assignment: Assignment, standing: int | None = None) -> list[str]:
        """Return the lines of an assignment, within a loop over dimension `standing` if any."""
        shape = self.flat.by_ident[assignment.ident].shape
        name = self.names[assignment.ident]
        if not assignment.part:
            return self.definition(name, assignment.pieces, shape)
        return self.filled(name, assignment.pieces[0], shape, standing)

    def render(self, term: Term) -> str:
        """Return the term as text."""
        return self.written(term)[0]

    def written(self, term: Term) -> tuple[str, int]:
        """Return the text of a term and how tightly it binds."""
        match term:
            case Literal(value=value):
                return self.number(value), self.atom if value >= 0 else 0
            case Symbol(ident=ident, indexes=()):
                return self.names[ident], self.atom
            case Symbol(ident=ident, indexes=indexes):
                return self.element(ident, indexes), self.atom
            case Clock(reading=reading):
                return self.clock(reading), self.atom
            case LoopValue():
                return self.turn(term), self.atom
            case Reduce():
                return self.reduction(term), self.atom
            case Lookup(table=table, argument=argument, indexes=()):
                return f"{self.tables[table]}({self.render(argument)})", self.atom
            case Lookup(table=table, argument=argument, indexes=indexes):
                return self.table(table, indexes, argument), self.atom
            case Draw():
                return self.draw(term), self.atom
            case Apply():
                return self.operation(term)
        raise AssertionError(term)  # AtStart is gone once a model is flat

    def operation(self, term: Apply) -> tuple[str, int]:
        """Return an operation between, before or around its arguments."""
        if term.operation in self.infix:
            symbol, level = self.infix[term.operation]
            left, right = (self.written(argument) for argument in term.arguments)
            return f"{held(left, level)} {symbol} {held(right, level + 1)}", level
        arguments = [self.render(argument) for argument in term.arguments]
        if term.operation in self.templates:
            return self.templates[term.operation].format(*arguments), self.atom
        return f"{term.operation}({', '.join(arguments)})", self.atom

    def number(self, value: float) -> str:
        """Return a number that reads back the same."""
        if value != value:
            return "nan"
        if value in (float("inf"), float("-inf")):
            return "inf" if value > 0 else "-inf"
        return repr(float(value))

    def clock(self, reading: Reading) -> str:
        """Return the name that a clock reading has in the code."""
        return reading.value

    def draw(self, term: Draw) -> str:
        """Return the call that draws a number between 0 and 1."""
        element = self.render(term.element)
        if term.seed is None:
            return f"draw({term.site}, {element}, noise_step)"
        return f"draw_seeded({term.seed}, {element}, noise_step)"

    def kept(self, stem: str, value: Any) -> str:
        """Return a name under which the code finds a value."""
        for name, other in self.support.items():
            if name.startswith(stem) and other is value:
                return name
        name = f"{stem}_{len(self.support)}"
        self.support[name] = value
        return name


def held(written: tuple[str, int], level: int) -> str:
    """Return a written term, in brackets where it binds more loosely than `level`."""
    text, binds = written
    return text if binds >= level else f"({text})"


def whole(places: Places, size: int) -> bool:
    """Return whether places are all of a dimension in order."""
    return places == range(size)


def safe_names(idents: Iterable[Ident]) -> dict[Ident, str]:
    """Return a name for each identifier: `v_` and letters, digits, underscores; all different.

    The prefix keeps them apart from every other name in the code.
    """
    names: dict[Ident, str] = {}
    taken: set[str] = set()
    for ident in idents:
        plain = "v_" + re.sub(r"[^A-Za-z0-9_]+", "_", ident)[:60]
        name, number = plain, 1
        while name in taken:
            number += 1
            name = f"{plain}__{number}"
        taken.add(name)
        names[ident] = name
    return names
