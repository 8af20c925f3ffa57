"""The text of a program for the Python targets: one `bind` that returns five functions.

Each line of an equation ends in the equation as the modeller wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cyclesim.codegen.render import Renderer
from cyclesim.compiler import FlatModel, Term
from cyclesim.compiler.order import dependency_order
from cyclesim.compiler.terms import Draw, symbols, walk
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
        self.needs = {ident: symbols(flat.by_ident[ident].term) for ident in flat.steps}

    def lines(self) -> list[str]:
        flat = self.flat
        names = self.renderer.names
        noisy = any(isinstance(node, Draw) for term in self.terms() for node in walk(term))
        body = [f"{_tuple(names[i] for i in flat.parameters)} = parameters"]
        if noisy:
            body.append("step_number, draw, draw_seeded = "
                        "noise_of(start, declared_dt, noise_seed, runs)")  # fmt: skip
        body += [self.assignment(ident) for ident in flat.constants]
        self.opening = ["noise_step = step_number(step_time)"] if noisy else []
        body += self.initial()
        body += self.function("derivatives", self.rates(), self.rate_needs())
        body += self.function("update", self.updates(), self.update_needs())
        shown = [names[variable.ident] for variable in flat.variables]
        wanted = [variable.ident for variable in flat.variables]
        body += self.function("outputs", shown, wanted)
        body += self.breakpoints()
        body.append("return initial, derivatives, update, outputs, breakpoints")
        return [_HEAD, *(f"    {line}" for line in body)]

    def terms(self) -> Iterable[Term]:
        for variable in self.flat.variables:
            yield variable.term
        for rule in self.flat.memories:
            if rule.update is not None:
                yield rule.update
        for ring in self.flat.buffers:
            yield from (ring.input, ring.delay)

    def assignment(self, ident: Ident) -> str:
        variable = self.flat.by_ident[ident]
        line = f"{self.renderer.names[ident]} = {self.renderer.render(variable.term)}"
        written = variable.equation or f"made for {variable.name}"
        return f"{line}  # {_comment(written)}"

    @property
    def held(self) -> list[Ident]:
        memories = [rule.ident for rule in self.flat.memories]
        return memories + [ring.ident for ring in self.flat.buffers]

    def initial(self) -> list[str]:
        names = self.renderer.names
        levels = _tuple(names[rule.ident] for rule in self.flat.levels)
        held = _tuple(names[ident] for ident in self.held)
        lines = ["time = step_time = start", *self.opening]
        lines += [self.assignment(ident) for ident in self.flat.initial]
        return ["def initial():", *_indented([*lines, f"return {levels}, {held}"])]

    def function(self, name: str, results: Sequence[str], wanted: Iterable[Ident]) -> list[str]:
        """Return a function of time and state that computes what it needs and no more."""
        names = self.renderer.names
        order, _ = dependency_order(wanted, self.needs)
        lines = []
        if self.flat.levels:
            lines.append(f"{_tuple(names[rule.ident] for rule in self.flat.levels)} = levels")
        if self.held:
            lines.append(f"{_tuple(names[ident] for ident in self.held)} = held")
        lines += self.opening
        lines += [self.assignment(ident) for ident in order]
        lines.append(f"return {_tuple(results)}")
        return [f"def {name}({_STATE}):", *_indented(lines)]

    def rates(self) -> list[str]:
        names = self.renderer.names
        rates = []
        for rule in self.flat.levels:
            gains = " + ".join(names[ident] for ident in rule.inflows) or "0.0"
            losses = "".join(f" - {names[ident]}" for ident in rule.outflows)
            rates.append(gains + losses)
        return rates

    def rate_needs(self) -> list[Ident]:
        return [ident for rule in self.flat.levels for ident in (*rule.inflows, *rule.outflows)]

    def update_terms(self) -> list[Term | None]:
        terms: list[Term | None] = [rule.update for rule in self.flat.memories]
        for ring in self.flat.buffers:
            terms += [ring.input, ring.delay]
        return terms

    def updates(self) -> list[str]:
        kept = [self.renderer.names[rule.ident] for rule in self.flat.memories]
        return [
            self.renderer.render(term) if term is not None else kept[place]
            for place, term in enumerate(self.update_terms())
        ]

    def update_needs(self) -> list[Ident]:
        return [
            ident for term in self.update_terms() if term is not None for ident in symbols(term)
        ]

    def breakpoints(self) -> list[str]:
        shown = []
        for point in self.flat.breakpoints:
            interval = self.renderer.render(point.interval) if point.interval else "0.0"
            shown.append(f"({self.renderer.render(point.time)}, {interval})")
        return ["def breakpoints():", *_indented([f"return [{', '.join(shown)}]"])]


def _tuple(items: Iterable[str]) -> str:
    shown = list(items)
    return f"({', '.join(shown)}{',' if len(shown) == 1 else ''})"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _comment(text: str) -> str:
    """Return text that cannot end its comment: one line of printable characters."""
    return "".join(character if character.isprintable() else " " for character in text)
