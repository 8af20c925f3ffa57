"""Terms into text of a target; a target is a subclass that says how each operation is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from cyclesim.compiler import FlatModel, Term
from cyclesim.compiler.terms import Apply, Clock, Draw, Literal, Lookup, Reading, Symbol
from cyclesim.names import Ident


class Renderer:
    """Writes terms as expressions; `infix` and `templates` are what targets differ in."""

    infix: ClassVar[dict[str, tuple[str, int]]] = {}
    templates: ClassVar[dict[str, str]] = {}
    atom = 100

    def __init__(self, flat: FlatModel) -> None:
        self.names = safe_names(variable.ident for variable in flat.variables)
        self.tables = {ident: f"table_{n}" for n, ident in enumerate(flat.tables)}

    def render(self, term: Term) -> str:
        """Return the term as text."""
        return self.written(term)[0]

    def written(self, term: Term) -> tuple[str, int]:
        """Return the text of a term and how tightly it binds."""
        match term:
            case Literal(value=value):
                return self.number(value), self.atom if value >= 0 else 0
            case Symbol(ident=ident):
                return self.names[ident], self.atom
            case Clock(reading=reading):
                return self.clock(reading), self.atom
            case Lookup(table=table, argument=argument):
                return f"{self.tables[table]}({self.render(argument)})", self.atom
            case Draw(site=site, seed=seed):
                return self.draw(site, seed), self.atom
            case Apply():
                return self.operation(term)

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

    def draw(self, site: int, seed: int | None) -> str:
        """Return the call that draws a number between 0 and 1."""
        return f"draw({site}, noise_step)" if seed is None else f"draw_seeded({seed}, noise_step)"


def held(written: tuple[str, int], level: int) -> str:
    """Return a written term, in brackets where it binds more loosely than `level`."""
    text, binds = written
    return text if binds >= level else f"({text})"


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
