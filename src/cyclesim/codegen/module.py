"""The text of a program for the Python targets: one `bind` that returns five functions.

The last line of each equation ends in the equation as the modeller wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from cyclesim.codegen.render import Renderer
from cyclesim.compiler import FlatModel, Piece, Term
from cyclesim.compiler.flat import Assignment, Statement
from cyclesim.compiler.order import reachable
from cyclesim.compiler.terms import Draw, walk
from cyclesim.names import Ident

_HEAD = "def bind(parameters, start, stop, dt, declared_dt, noise_seed, runs):"
_STATE = "time, step_time, levels, held"


def module_text(flat: FlatModel, renderer: Renderer) -> str:
    """Return the code of a model."""
    return "\n".join(_Module(flat, renderer).lines()) + "\n"


class _Module:
    def __init__(self, flat: FlatModel, renderer: Renderer) -> None:
        self.flat = flat
        self.renderer = renderer
        self.needs: dict[Ident, tuple[Ident, ...]] = {}
        for statement in flat.steps:
            for each in statement.assignments:
                known = self.needs.get(each.ident, ())
                self.needs[each.ident] = known + _needs(each.pieces)
        self.level_idents = [rule.ident for rule in flat.levels]
        memories = [rule.ident for rule in flat.memories]
        self.held_idents = memories + [ring.ident for ring in flat.buffers]

    def lines(self) -> list[str]:
        flat, renderer = self.flat, self.renderer
        noisy = any(isinstance(node, Draw) for term in self.terms() for node in walk(term))
        shown = [renderer.names[ident] for ident in flat.parameters]
        body = [f"{listed(shown)} = parameters"]
        if noisy:
            made = "noise_of(start, declared_dt, noise_seed, runs)"
            body.append(f"step_number, draw, draw_seeded = {made}")
        body += self.assignments(flat.constants)
        self.opening = ["noise_step = step_number(step_time)"] if noisy else []
        body += self.initial()
        body += self.function("derivatives", renderer.rates(), self.rate_needs())
        body += self.update()
        wanted = [variable.ident for variable in flat.variables]
        body += self.function("outputs", renderer.packed(wanted), wanted)
        body += self.breakpoints()
        body.append("return initial, derivatives, update, outputs, breakpoints")
        return [_HEAD, *_indented(body)]

    def terms(self) -> Iterator[Term]:
        for variable in self.flat.variables:
            yield from (piece.term for piece in variable.pieces)
        for rule in self.flat.memories:
            yield from (piece.term for piece in rule.update)
        for ring in self.flat.buffers:
            yield from (piece.term for piece in (*ring.input, *ring.delay))

    def assignments(self, statements: Iterable[Statement]) -> list[str]:
        return [line for statement in statements for line in self.statement(statement)]

    def statement(self, statement: Statement) -> list[str]:
        names, known = self.renderer.names, self.flat.by_ident
        first = [each.ident for each in statement.assignments if each.first]
        begun = [self.renderer.begun(names[ident], known[ident].shape) for ident in first]
        if isinstance(statement, Assignment):
            return [*begun, *self.assignment(statement, None)]
        if len(statement.places) == 1:
            lines = (self.assignment(each, None) for each in statement.assignments)
            return [*begun, *chain.from_iterable(lines)]
        lines = (self.assignment(each, statement.axis) for each in statement.assignments)
        inner = _indented(chain.from_iterable(lines))
        return [*begun, self.renderer.opened(statement), *inner]

    def assignment(self, assignment: Assignment, standing: int | None) -> list[str]:
        variable = self.flat.by_ident[assignment.ident]
        lines = self.renderer.assignment(assignment, standing)
        written = variable.equation or f"made for {variable.name}"
        return [*lines[:-1], f"{lines[-1]}  # {_comment(written)}"]

    def initial(self) -> list[str]:
        levels = self.renderer.packed(self.level_idents)
        held = self.renderer.packed(self.held_idents)
        lines = ["time = step_time = start", *self.opening, *self.assignments(self.flat.initial)]
        return ["def initial():", *_indented([*lines, f"return {levels}, {held}"])]

    def computed(self, wanted: Iterable[Ident]) -> list[str]:
        """Return the lines that compute what is wanted, and no more, from the state."""
        needed = {need for ident in wanted for need in reachable(ident, self.needs)}
        lines: list[str] = []
        if self.level_idents:
            lines += self.renderer.unpacked(self.level_idents, "levels")
        if self.held_idents:
            lines += self.renderer.unpacked(self.held_idents, "held")
        chosen = [
            statement
            for statement in self.flat.steps
            if any(each.ident in needed for each in statement.assignments)
        ]
        return [*lines, *self.opening, *self.assignments(chosen)]

    def function(self, name: str, result: str, wanted: Iterable[Ident]) -> list[str]:
        lines = [*self.computed(wanted), f"return {result}"]
        return [f"def {name}({_STATE}):", *_indented(lines)]

    def rate_needs(self) -> list[Ident]:
        return [ident for rule in self.flat.levels for ident in (*rule.inflows, *rule.outflows)]

    def update(self) -> list[str]:
        """Return the function that renews memories and feeds buffers."""
        terms = [rule.update for rule in self.flat.memories]
        terms += [pieces for ring in self.flat.buffers for pieces in (ring.input, ring.delay)]
        lines = self.computed(need for pieces in terms for need in _needs(pieces))
        entries: list[str] = []
        for number, rule in enumerate(self.flat.memories):
            shape = self.flat.by_ident[rule.ident].shape
            if rule.update:
                lines += self.renderer.definition(f"next_{number}", rule.update, shape)
                entries.append(self.renderer.entry(f"next_{number}", shape))
            else:
                entries.append(self.renderer.entry(self.renderer.names[rule.ident], shape))
        for number, ring in enumerate(self.flat.buffers):
            shape = self.flat.by_ident[ring.ident].shape
            lines += self.renderer.definition(f"input_{number}", ring.input, shape)
            lines += self.renderer.definition(f"delay_{number}", ring.delay, shape)
            entries.append(self.renderer.fed(f"input_{number}", f"delay_{number}", shape))
        return [f"def update({_STATE}):", *_indented([*lines, f"return {listed(entries)}"])]

    def breakpoints(self) -> list[str]:
        shown = []
        for point in self.flat.breakpoints:
            interval = self.renderer.render(point.interval) if point.interval else "0.0"
            shown.append(f"({self.renderer.render(point.time)}, {interval})")
        return ["def breakpoints():", *_indented([f"return [{', '.join(shown)}]"])]


def _needs(pieces: Iterable[Piece]) -> tuple[Ident, ...]:
    return tuple(dict.fromkeys(need for piece in pieces for need in piece.symbols))


def listed(items: Iterable[str]) -> str:
    """Return names or values as a tuple."""
    shown = list(items)
    return f"({', '.join(shown)}{',' if len(shown) == 1 else ''})"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _comment(text: str) -> str:
    """Return text that cannot end its comment: one line of printable characters."""
    return "".join(character if character.isprintable() else " " for character in text)
