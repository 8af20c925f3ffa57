"""The `python` target: one run, plain floats. It is the oracle, and the quick single run.

An array is a list of floats, its last index fastest; in states and results its elements stand
one after the other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import count
from math import prod
from typing import Any, ClassVar

from cyclesim.codegen import array_functions, belt
from cyclesim.codegen.module import module_text
from cyclesim.codegen.program import Program, Source, load
from cyclesim.codegen.render import Renderer, held, whole
from cyclesim.compiler import FlatModel, Piece, Term
from cyclesim.compiler.flat import Sweep
from cyclesim.compiler.terms import (
    Apply,
    AtLoop,
    AtPlace,
    AtValue,
    Index,
    Literal,
    LoopValue,
    Places,
    Reduce,
    Symbol,
)
from cyclesim.names import Ident
from cyclesim.noise import uniform
from cyclesim.operations import OPERATIONS
from cyclesim.project import GraphicalFunction, GraphicalKind


class PythonRenderer(Renderer):
    """Operators where Python has them, else functions of the table of operations."""

    infix: ClassVar[dict[str, tuple[str, int]]] = {
        "add": ("+", 5),
        "subtract": ("-", 5),
        "multiply": ("*", 6),
    }
    templates: ClassVar[dict[str, str]] = {
        "negate": "(-({0}))",
        "select": "({1} if {0} else {2})",
        "less": "(1.0 if {0} < {1} else 0.0)",
        "at_most": "(1.0 if {0} <= {1} else 0.0)",
        "greater": "(1.0 if {0} > {1} else 0.0)",
        "at_least": "(1.0 if {0} >= {1} else 0.0)",
        "equal": "(1.0 if {0} == {1} else 0.0)",
        "unequal": "(1.0 if {0} != {1} else 0.0)",
        "and": "(1.0 if ({0}) and ({1}) else 0.0)",
        "or": "(1.0 if ({0}) or ({1}) else 0.0)",
        "not": "(0.0 if {0} else 1.0)",
        "round": "round_half_away({0})",
    }

    def __init__(self, flat: FlatModel) -> None:
        super().__init__(flat)
        self.divisors = count(1)

    def operation(self, term: Apply) -> tuple[str, int]:
        """Return an operation; a division is Python's own wherever the divisor is not zero."""
        if term.operation != "divide":
            return super().operation(term)
        above, below = (self.written(argument) for argument in term.arguments)
        match term.arguments[1]:
            case Literal(value=value) if value != 0.0:
                return f"{held(above, 6)} / {held(below, 7)}", 6
            case Symbol(indexes=()):
                name, test = below[0], below[0]
            case _:  # each divisor has a name of its own, since divisions nest
                name = f"divisor_{next(self.divisors)}"
                test = f"({name} := {below[0]})"
        return f"({held(above, 6)} / {name} if {test} else divide({above[0]}, {name}))", self.atom

    def element(self, ident: Ident, indexes: tuple[Index, ...]) -> str:
        """Return an array read at indexes."""
        name, shape = self.names[ident], self.flat.by_ident[ident].shape
        if any(isinstance(index, AtValue) for index in indexes):
            places = ", ".join(self.place(index) for index in indexes)
            return f"at({name}, {shape}, ({places},))"
        return f"{name}[{self.spot(shape, indexes)}]"

    def place(self, index: Index) -> str:
        """Return one index as a number counted from 0."""
        match index:
            case AtPlace(place=place):
                return str(place)
            case AtLoop(loop=loop, places=places):
                return self.loop_place(loop, places)
            case AtValue(value=value):
                return f"{self.render(value)} - 1.0"

    def loop_place(self, loop: int, places: Places) -> str:
        """Return the place of a loop's element at its turn."""
        if isinstance(places, range):
            return f"i{loop} + {places.start}" if places.start else f"i{loop}"
        return f"{self.kept('places', places)}[i{loop}]"

    def spot(self, shape: tuple[int, ...], indexes: Sequence[Index]) -> str:
        """Return where an element lies in the list of all."""
        terms: list[str] = []
        stride = 1
        for size, index in zip(reversed(shape), reversed(indexes), strict=True):
            place = self.place(index)
            terms.append(place if stride == 1 else f"({place}) * {stride}")
            stride *= size
        return " + ".join(reversed(terms))

    def table(self, ident: Ident, indexes: tuple[Index, ...], argument: Term) -> str:
        """Return the graphical function of an element, applied."""
        shape = self.flat.tables[ident].shape
        if any(isinstance(index, AtValue) for index in indexes):
            places = ", ".join(self.place(index) for index in indexes)
            return f"looked_up({self.tables[ident]}, {shape}, ({places},), {self.render(argument)})"
        chosen = f"{self.tables[ident]}[{self.spot(shape, indexes)}]"
        return f"{chosen}({self.render(argument)})"

    def turn(self, term: LoopValue) -> str:
        """Return a number that depends on the turn of a loop."""
        return f"float({self.loop_place(term.loop, term.values)})"

    def reduction(self, term: Reduce) -> str:
        """Return one value made of all turns of a reduction's loops."""
        loops = " ".join(f"for i{number} in range({turns})" for number, turns in term.loops)
        given = [f"[{self.render(body)} {loops}]" for body in term.bodies]
        given += [self.render(extra) for extra in term.extras]
        return f"{term.operation}({', '.join(given)})"

    def definition(self, name: str, pieces: tuple[Piece, ...], shape: tuple[int, ...]) -> list[str]:
        """Return the lines that give a name the value of pieces."""
        if not shape:
            return [f"{name} = {self.render(pieces[0].term)}"]
        first = pieces[0]
        if all(whole(p, size) for p, size in zip(first.box, shape, strict=True)):
            loops = " ".join(f"for i{n} in range({size})" for n, size in enumerate(shape))
            return [f"{name} = [{self.render(first.term)} {loops}]"]
        lines = [self.begun(name, shape)]
        for piece in pieces:
            lines += self.filling(name, piece, shape)
        return lines

    def filling(self, name: str, piece: Piece, shape: tuple[int, ...]) -> list[str]:
        """Return the loops that fill part of an array."""
        indexes = [AtLoop(number, places) for number, places in enumerate(piece.box)]
        lines = [
            f"{'    ' * number}for i{number} in range({len(places)}):"
            for number, places in enumerate(piece.box)
        ]
        inner = "    " * len(shape)
        return [*lines, f"{inner}{name}[{self.spot(shape, indexes)}] = {self.render(piece.term)}"]

    def begun(self, name: str, shape: tuple[int, ...]) -> str:
        """Return the line that makes an array whose parts follow."""
        return f"{name} = [0.0] * {prod(shape)}"

    def filled(
        self, name: str, piece: Piece, shape: tuple[int, ...], standing: int | None
    ) -> list[str]:
        """Return the lines that compute a part of an array; loop `standing` is open already."""
        indexes: list[Index] = []
        lines: list[str] = []
        for axis, places in enumerate(piece.box):
            if len(places) == 1 and axis != standing:
                indexes.append(AtPlace(places[0]))
                continue
            indexes.append(AtLoop(axis, places))
            if axis != standing:
                lines.append(f"{'    ' * len(lines)}for i{axis} in range({len(places)}):")
        inner = "    " * len(lines)
        return [*lines, f"{inner}{name}[{self.spot(shape, indexes)}] = {self.render(piece.term)}"]

    def opened(self, sweep: Sweep) -> str:
        """Return the line that opens a loop."""
        return f"for i{sweep.axis} in range({len(sweep.places)}):"

    def unpacked(self, idents: list[Ident], source: str) -> list[str]:
        """Return the lines that name the entries of a state."""
        names = [self.names[ident] for ident in idents]
        if all(not self.flat.by_ident[ident].shape for ident in idents):
            return [f"({', '.join(names)}{',' if len(names) == 1 else ''}) = {source}"]
        lines = []
        place = 0
        for ident, name in zip(idents, names, strict=True):
            variable = self.flat.by_ident[ident]
            end = place + variable.size
            lines.append(
                f"{name} = {source}[{place}:{end}]"
                if variable.shape
                else f"{name} = {source}[{place}]"
            )
            place = end
        return lines

    def entry(self, name: str, shape: tuple[int, ...]) -> str:
        """Return a named value as an entry of a state."""
        return f"*{name}" if shape else name

    def fed(self, given: str, delay: str, shape: tuple[int, ...]) -> str:
        """Return what a buffer takes in, each followed by its delay."""
        return f"*pairs({given}, {delay})" if shape else f"{given}, {delay}"

    def packed(self, idents: list[Ident]) -> str:
        """Return a state, or results, of named values."""
        shown = [self.entry(self.names[i], self.flat.by_ident[i].shape) for i in idents]
        return f"({', '.join(shown)}{',' if len(shown) == 1 else ''})"

    def rates(self) -> str:
        """Return the rate of change of each level."""
        rates = []
        for rule in self.flat.levels:
            flows = (*rule.inflows, *rule.outflows)
            level = self.flat.by_ident[rule.ident]
            if not level.shape:
                gains = " + ".join(self.names[ident] for ident in rule.inflows) or "0.0"
                losses = "".join(f" - {self.names[ident]}" for ident in rule.outflows)
                rates.append(gains + losses)
            elif not flows:
                rates.append(f"*[0.0] * {level.size}")
            else:
                local = {ident: f"f{number}" for number, ident in enumerate(flows)}
                gains = " + ".join(local[ident] for ident in rule.inflows) or "0.0"
                losses = "".join(f" - {local[ident]}" for ident in rule.outflows)
                listed = ", ".join(
                    self.names[i]
                    if self.flat.by_ident[i].shape
                    else f"[{self.names[i]}] * {level.size}"
                    for i in flows
                )
                turns = f"for {', '.join(local.values())}, in zip({listed})"
                rates.append(f"*[{gains}{losses} {turns}]")
        return f"({', '.join(rates)}{',' if len(rates) == 1 else ''})"


def emit_python(flat: FlatModel) -> Program:
    """Return the program of a model for one run at a time."""
    renderer = PythonRenderer(flat)
    source = Source("python", module_text(flat, renderer), flat)
    support: dict[str, Any] = {name: operation.scalar for name, operation in OPERATIONS.items()}
    support["round_half_away"] = OPERATIONS["round"].scalar
    support["conveyor_at_start"] = belt.one_at_start
    support |= {"inf": float("inf"), "nan": float("nan"), "noise_of": _noise}
    support |= {"float": float, "range": range, "zip": zip}
    support |= {"at": array_functions.at, "looked_up": array_functions.looked_up}
    support |= {"pairs": array_functions.pairs}
    support |= array_functions.REDUCTIONS | renderer.support
    for number, table in enumerate(flat.tables.values()):
        functions = [scalar_table(graphical) for graphical in table.graphicals]
        support[f"table_{number}"] = functions if table.shape else functions[0]
    return load(source, support)


def _noise(
    start: float, declared_dt: float, seed: int, run: int
) -> tuple[Callable[[float], int], Callable[..., float], Callable[..., float]]:
    """Return the functions that number noise steps and draw at a site, or by a seed."""

    def noise_step(time: float) -> int:
        return int((time - start) / declared_dt + 1e-6)

    def draw(site: int, element: float, step: int) -> float:
        return uniform(seed, run, site, int(element), step)

    def draw_seeded(fixed_seed: int, element: float, step: int) -> float:
        return uniform(fixed_seed, 0, 0, int(element), step)

    return noise_step, draw, draw_seeded


def scalar_table(graphical: GraphicalFunction) -> Callable[[float], float]:
    """Return a graphical function as a function of a number.

    At a repeated x the later point counts, so that a vertical piece is a jump.
    """
    x, y = graphical.x, graphical.y
    slopes = graphical.slopes
    last = len(x) - 1
    low = x[0]
    if graphical.kind is GraphicalKind.DISCRETE:

        def step(value: float) -> float:
            if value != value:
                return value
            return y[max(0, bisect_right(x, value) - 1)]

        return step
    if graphical.kind is GraphicalKind.EXTRAPOLATE:

        def line(value: float) -> float:
            place = max(bisect_right(x, value) - 1, 0)
            if place == last:
                return y[last] + slopes[last - 1] * (value - x[last])
            return y[place] + slopes[place] * (value - x[place])

        return line

    def clamped(value: float) -> float:
        if value != value:
            return value
        if value < low:
            return y[0]
        place = bisect_right(x, value) - 1
        if place >= last:
            return y[last]
        return y[place] + slopes[place] * (value - x[place])

    return clamped
