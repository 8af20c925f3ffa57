"""Terms as JavaScript: plain numbers, and for an array a Float64Array, its last index fastest.

Nothing is made within a step: arrays are made once, and a reduction fills one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar

from cyclesim.codegen.render import Renderer, held, whole
from cyclesim.compiler import FlatModel, Piece, Term
from cyclesim.compiler.flat import Sweep
from cyclesim.compiler.terms import (
    Apply,
    AtLoop,
    AtPlace,
    AtValue,
    Draw,
    Index,
    LoopValue,
    Places,
    Reduce,
)
from cyclesim.names import Ident

_COMPARISONS = {
    "less": "<",
    "at_most": "<=",
    "greater": ">",
    "at_least": ">=",
    "equal": "===",
    "unequal": "!==",
}
_WORD = 0xFFFFFFFF


class JavascriptRenderer(Renderer):
    """Operators where JavaScript has them, else functions of the runtime.

    A reduction is made by lines of its own, which stand in `before` until the line that needs
    its value is written. `arrays` are the arrays that the script makes once, by name.
    """

    infix: ClassVar[dict[str, tuple[str, int]]] = {
        "add": ("+", 5),
        "subtract": ("-", 5),
        "multiply": ("*", 6),
        "divide": ("/", 6),
    }
    templates: ClassVar[dict[str, str]] = {
        "negate": "(-({0}))",
        "percent": "(100 * ({0}))",
        "round": "round_half_away({0})",
    }

    def __init__(self, flat: FlatModel) -> None:
        super().__init__(flat)
        self.before: list[str] = []
        self.arrays: dict[str, int] = {}
        self.reductions = 0
        self.scalar = "const {0} = {1};"
        self.place = 0

    def operation(self, term: Apply) -> tuple[str, int]:
        """Return an operation; a condition holds where it is not zero, NaN included."""
        if term.operation == "select":
            chosen, other = (self.render(argument) for argument in term.arguments[1:])
            return f"({self.condition(term.arguments[0])} ? {chosen} : {other})", self.atom
        if term.operation in _COMPARISONS or term.operation in ("and", "or", "not"):
            return f"({self.condition(term)} ? 1 : 0)", self.atom
        return super().operation(term)

    def condition(self, term: Term) -> str:
        """Return whether a term is not zero, as a truth value."""
        match term:
            case Apply(operation=name, arguments=(left, right)) if name in _COMPARISONS:
                one, other = held(self.written(left), 5), held(self.written(right), 5)
                return f"{one} {_COMPARISONS[name]} {other}"
            case Apply(operation="and", arguments=(left, right)):
                return f"({self.condition(left)}) && ({self.condition(right)})"
            case Apply(operation="or", arguments=(left, right)):
                return f"({self.condition(left)}) || ({self.condition(right)})"
            case Apply(operation="not", arguments=(inner,)):
                return f"!({self.condition(inner)})"
        return f"{held(self.written(term), 5)} !== 0"

    def number(self, value: float) -> str:
        """Return a number that reads back the same."""
        text = super().number(value)
        named = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
        return named.get(text, text.removesuffix(".0"))

    def draw(self, term: Draw) -> str:
        """Return the call that draws a number between 0 and 1."""
        element = self.render(term.element)
        if term.seed is None:
            return f"uniform(seed, run, {term.site & _WORD}, {element}, noise_step)"
        return f"uniform({term.seed & _WORD}, 0, 0, {element}, noise_step)"

    def element(self, ident: Ident, indexes: tuple[Index, ...]) -> str:
        """Return an array read at indexes."""
        name, shape = self.names[ident], self.flat.by_ident[ident].shape
        if any(isinstance(index, AtValue) for index in indexes):
            return f"at({name}, {self.sought(shape, indexes)})"
        return f"{name}[{self.spot(shape, indexes)}]"

    def table(self, ident: Ident, indexes: tuple[Index, ...], argument: Term) -> str:
        """Return the graphical function of an element, applied."""
        shape, name = self.flat.tables[ident].shape, self.tables[ident]
        if any(isinstance(index, AtValue) for index in indexes):
            return f"looked_up({name}, {self.sought(shape, indexes)}, {self.render(argument)})"
        return f"{name}[{self.spot(shape, indexes)}]({self.render(argument)})"

    def spot(self, shape: tuple[int, ...], indexes: Sequence[Index]) -> str:
        """Return where an element lies in the list of all."""
        terms: list[str] = []
        stride = 1
        for size, index in zip(reversed(shape), reversed(indexes), strict=True):
            place = self.placed(index)
            terms.append(place if stride == 1 else f"({place}) * {stride}")
            stride *= size
        return " + ".join(reversed(terms))

    def sought(self, shape: tuple[int, ...], indexes: Sequence[Index]) -> str:
        """Return where an element lies that values name, -1 where there is none."""
        found = "0"
        for size, index in zip(shape, indexes, strict=True):
            found = f"spot({found}, {size}, {self.placed(index)})"
        return found

    def placed(self, index: Index) -> str:
        """Return one index as a number counted from 0."""
        match index:
            case AtPlace(place=place):
                return str(place)
            case AtLoop(loop=loop, places=places):
                return self.loop_place(loop, places)
            case AtValue(value=value):
                return f"{self.render(value)} - 1"

    def loop_place(self, loop: int, places: Places) -> str:
        """Return the place of a loop's element at its turn."""
        if isinstance(places, range):
            return f"i{loop} + {places.start}" if places.start else f"i{loop}"
        return f"{self.kept('places', places)}[i{loop}]"

    def turn(self, term: LoopValue) -> str:
        """Return a number that depends on the turn of a loop."""
        return f"({self.loop_place(term.loop, term.values)})"

    def reduction(self, term: Reduce) -> str:
        """Return one value made of all turns of a reduction's loops, which fill arrays before."""
        outer, self.before = self.before, []
        sizes = tuple(turns for _, turns in term.loops)
        spot = self.spot(sizes, [AtLoop(number, range(turns)) for number, turns in term.loops])
        given: list[str] = []
        stores: list[str] = []
        for body in term.bodies:
            self.reductions += 1
            name = f"r{self.reductions}"
            self.arrays[name] = prod(sizes)
            value = self.render(body)
            stores.append(f"{name}[{spot}] = {value};")
            given.append(name)
        lines = self.looped(list(term.loops), [*self.before, *stores])
        self.before = [*outer, *lines]
        given += [self.render(extra) for extra in term.extras]
        return f"{term.operation}({', '.join(given)})"

    def looped(self, loops: list[tuple[int, int]], lines: list[str]) -> list[str]:
        """Return lines within loops, (number, turns) each, outermost first."""
        for number, turns in reversed(loops):
            inner = [f"  {line}" for line in lines]
            lines = [f"for (let i{number} = 0; i{number} < {turns}; i{number}++) {{", *inner, "}"]
        return lines

    def rendered(self, term: Term) -> tuple[list[str], str]:
        """Return the lines that a term needs before it, and its text."""
        text = self.render(term)
        before, self.before = self.before, []
        return before, text

    def definition(self, name: str, pieces: tuple[Piece, ...], shape: tuple[int, ...]) -> list[str]:
        """Return the lines that give a name the value of pieces."""
        if not shape:
            before, text = self.rendered(pieces[0].term)
            return [*before, self.scalar.format(name, text)]
        complete = all(whole(p, size) for p, size in zip(pieces[0].box, shape, strict=True))
        self.arrays[name] = prod(shape)
        lines = [] if complete else [self.begun(name, shape)]
        for piece in pieces:
            before, text = self.rendered(piece.term)
            indexes = [AtLoop(number, places) for number, places in enumerate(piece.box)]
            store = f"{name}[{self.spot(shape, indexes)}] = {text};"
            loops = [(number, len(places)) for number, places in enumerate(piece.box)]
            lines += self.looped(loops, [*before, store])
        return lines

    def begun(self, name: str, shape: tuple[int, ...]) -> str:
        """Return the line that makes an array whose parts follow."""
        self.arrays[name] = prod(shape)
        return f"{name}.fill(0);"

    def filled(
        self, name: str, piece: Piece, shape: tuple[int, ...], standing: int | None
    ) -> list[str]:
        """Return the lines that compute a part of an array; loop `standing` is open already."""
        indexes: list[Index] = []
        loops: list[tuple[int, int]] = []
        for axis, places in enumerate(piece.box):
            if len(places) == 1 and axis != standing:
                indexes.append(AtPlace(places[0]))
                continue
            indexes.append(AtLoop(axis, places))
            if axis != standing:
                loops.append((axis, len(places)))
        before, text = self.rendered(piece.term)
        return self.looped(loops, [*before, f"{name}[{self.spot(shape, indexes)}] = {text};"])

    def opened(self, sweep: Sweep) -> str:
        """Return the line that opens a loop."""
        loop, turns = f"i{sweep.axis}", len(sweep.places)
        return f"for (let {loop} = 0; {loop} < {turns}; {loop}++) {{"

    def unpacked(self, idents: list[Ident], source: str, place: int = 0) -> list[str]:
        """Return the lines that name the entries of a state, the first at a place of it."""
        lines: list[str] = []
        for ident in idents:
            variable, name = self.flat.by_ident[ident], self.names[ident]
            if variable.shape:
                self.arrays[name] = variable.size
                value = f"{name}[k] = {source}[{place} + k];"
                lines.append(f"for (let k = 0; k < {variable.size}; k++) {value}")
            else:
                lines.append(self.scalar.format(name, f"{source}[{place}]"))
            place += variable.size
        return lines

    def entry(self, name: str, shape: tuple[int, ...]) -> str:
        """Return the line that puts a named value at the next place of what a function gives."""
        begin = self.place
        self.place += prod(shape)
        if not shape:
            return f"out[{begin}] = {name};"
        return f"for (let k = 0; k < {prod(shape)}; k++) out[{begin} + k] = {name}[k];"

    def fed(self, given: str, delay: str, shape: tuple[int, ...]) -> str:
        """Return the line that puts what a buffer takes in, each followed by its delay."""
        begin = self.place
        self.place += 2 * prod(shape)
        if not shape:
            return f"out[{begin}] = {given}; out[{begin + 1}] = {delay};"
        stores = f"out[{begin} + 2 * k] = {given}[k]; out[{begin + 1} + 2 * k] = {delay}[k];"
        return f"for (let k = 0; k < {prod(shape)}; k++) {{ {stores} }}"

    def packed(self, idents: list[Ident]) -> str:
        """Return the lines that put named values into what a function gives, from its start."""
        self.place = 0
        shown = [self.entry(self.names[i], self.flat.by_ident[i].shape) for i in idents]
        return "\n".join(shown)

    def rates(self) -> str:
        """Return the lines that put the rate of change of each level into what is given."""
        self.place = 0
        lines: list[str] = []
        for rule in self.flat.levels:
            level = self.flat.by_ident[rule.ident]
            mark = "[k]" if level.shape else ""
            named = {
                ident: self.names[ident] + (mark if self.flat.by_ident[ident].shape else "")
                for ident in (*rule.inflows, *rule.outflows)
            }
            gains = " + ".join(named[ident] for ident in rule.inflows) or "0"
            text = gains + "".join(f" - {named[ident]}" for ident in rule.outflows)
            if level.shape:
                store = f"out[{self.place} + k] = {text};"
                lines.append(f"for (let k = 0; k < {level.size}; k++) {store}")
            else:
                lines.append(f"out[{self.place}] = {text};")
            self.place += level.size
        return "\n".join(lines)
