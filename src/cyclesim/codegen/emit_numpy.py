"""The `numpy` target: many runs, or many times, along the last axis of every array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from cyclesim.codegen import belt
from cyclesim.codegen.array_noise import noise_of, standard_normal
from cyclesim.codegen.array_support import (
    REDUCTIONS,
    assemble,
    filled,
    gathered,
    many_tables,
    spread,
    taken,
    unfilled,
)
from cyclesim.codegen.module import listed, module_text
from cyclesim.codegen.program import Program, Source, load
from cyclesim.codegen.render import Renderer, whole
from cyclesim.compiler import FlatModel, Piece, Term
from cyclesim.compiler.flat import Sweep
from cyclesim.compiler.terms import (
    AtLoop,
    AtPlace,
    AtValue,
    Index,
    LoopValue,
    Places,
    Reduce,
)
from cyclesim.names import Ident
from cyclesim.operations import OPERATIONS
from cyclesim.project import GraphicalFunction, GraphicalKind

Array = Any


class NumpyRenderer(Renderer):
    """Operators between arrays; everything that may leave the numbers is a function.

    `active` are the loops around a term, outermost first: they are the element axes of its
    value, of which leading ones may be missing. The loop `standing` is one of the code.
    """

    infix: ClassVar[dict[str, tuple[str, int]]] = {
        "add": ("+", 5),
        "subtract": ("-", 5),
        "multiply": ("*", 6),
    }
    templates: ClassVar[dict[str, str]] = {
        "negate": "(-({0}))",
        "not": "not_({0})",
        "and": "and_({0}, {1})",
        "or": "or_({0}, {1})",
        "round": "round_half_away({0})",
    }

    def __init__(self, flat: FlatModel) -> None:
        super().__init__(flat)
        self.active: list[int] = []
        self.standing: int | None = None

    def element(self, ident: Ident, indexes: tuple[Index, ...]) -> str:
        """Return an array read at indexes, its axes in the order of the active loops."""
        loops = [
            index.loop
            for index in indexes
            if isinstance(index, AtLoop) and index.loop != self.standing
        ]
        plain = all(isinstance(index, AtLoop | AtPlace) for index in indexes)
        if not plain or len(set(loops)) < len(loops):
            places = ", ".join(self.place(index) for index in indexes)
            return f"gathered({self.names[ident]}, ({places},))"
        return self.aligned(self.selected(ident, indexes), loops)

    def selected(self, ident: Ident, indexes: tuple[Index, ...]) -> str:
        """Return the elements wanted of each axis; an axis at one place is gone."""
        shape = self.flat.by_ident[ident].shape
        cuts: list[str] = []
        takes: list[tuple[int, Places]] = []
        axis = 0
        for index, size in zip(indexes, shape, strict=True):
            if isinstance(index, AtPlace):
                cuts.append(str(index.place))
                continue
            assert isinstance(index, AtLoop)
            if index.loop == self.standing:
                cuts.append(self.turns(index.loop, index.places))
                continue
            if whole(index.places, size):
                cuts.append(":")
            elif isinstance(index.places, range):
                cuts.append(f"{index.places.start}:{index.places.stop}")
            else:
                cuts.append(":")
                takes.append((axis, index.places))
            axis += 1
        text = self.names[ident]
        if any(cut != ":" for cut in cuts):
            text = f"{text}[{', '.join(cuts)}]"
        for axis, places in takes:
            text = f"taken({text}, {axis}, {self.kept('places', places)})"
        return text

    def aligned(self, text: str, loops: list[int]) -> str:
        """Return an array with axes for `loops` with axes for the active loops instead."""
        order = sorted(range(len(loops)), key=lambda axis: self.active.index(loops[axis]))
        if order != list(range(len(loops))):
            text = f"{text}.transpose({', '.join(map(str, (*order, len(loops))))})"
        present = [loop in loops for loop in self.active]
        while present and not present[0]:
            present.pop(0)  # broadcasting adds leading axes by itself
        if all(present):
            return text
        return f"{text}[{', '.join(':' if here else 'None' for here in present)}]"

    def place(self, index: Index) -> str:
        """Return one index as numbers counted from 0, over the active loops."""
        match index:
            case AtPlace(place=place):
                return str(place)
            case AtLoop(loop=loop, places=places):
                return self.turns(loop, places)
            case AtValue(value=value):
                return f"{self.render(value)} - 1.0"

    def turns(self, loop: int, numbers: Places) -> str:
        """Return a number for each turn of a loop, along its axis; one where the loop stands."""
        if loop == self.standing:
            if isinstance(numbers, range):
                return f"i{loop} + {numbers.start}" if numbers.start else f"i{loop}"
            return f"{self.kept('turns', tuple(numbers))}[i{loop}]"
        after = len(self.active) - self.active.index(loop)
        values = np.array(numbers, dtype=float).reshape((-1, *(1,) * after))
        return self.kept("turns", values)

    def turn(self, term: LoopValue) -> str:
        """Return a number that depends on the turn of a loop."""
        text = self.turns(term.loop, term.values)
        return f"float({text})" if term.loop == self.standing else text

    def table(self, ident: Ident, indexes: tuple[Index, ...], argument: Term) -> str:
        """Return the graphical function of each element, applied."""
        places = ", ".join(self.place(index) for index in indexes)
        return f"{self.tables[ident]}(({places},), {self.render(argument)})"

    def reduction(self, term: Reduce) -> str:
        """Return one value made of all turns of a reduction's loops."""
        self.active += [number for number, _ in term.loops]
        bodies = "".join(f"{self.render(body)}, " for body in term.bodies)
        del self.active[len(self.active) - len(term.loops) :]
        sizes = f"({', '.join(str(turns) for _, turns in term.loops)},)"
        extras = "".join(f", {self.render(extra)}" for extra in term.extras)
        return f"{term.operation}(({bodies}), {sizes}{extras})"

    def definition(self, name: str, pieces: tuple[Piece, ...], shape: tuple[int, ...]) -> list[str]:
        """Return the lines that give a name the value of pieces."""
        self.active = list(range(len(shape)))
        shown = [self.render(piece.term) for piece in pieces]
        self.active = []
        if not shape:
            return [f"{name} = {shown[0]}"]
        first = pieces[0].box
        if len(pieces) == 1 and all(whole(p, n) for p, n in zip(first, shape, strict=True)):
            return [f"{name} = spread({shown[0]}, {shape})"]
        made = []
        for piece, text in zip(pieces, shown, strict=True):
            places = tuple(np.array(each) for each in piece.box)
            made.append(f"({self.kept('box', places)}, {text})")
        return [f"{name} = assemble({shape}, {', '.join(made)})"]

    def begun(self, name: str, shape: tuple[int, ...]) -> str:
        """Return the line that makes an array whose parts follow."""
        return f"{name} = unfilled({shape})"

    def filled(
        self, name: str, piece: Piece, shape: tuple[int, ...], standing: int | None
    ) -> list[str]:
        """Return the lines that compute a part of an array; loop `standing` is open already."""
        self.standing = standing
        self.active = [
            axis for axis, places in enumerate(piece.box) if len(places) > 1 and axis != standing
        ]
        spots = [
            self.kept("box", np.array(places)) if axis in self.active
            else self.turns(axis, places) if axis == standing
            else str(places[0])
            for axis, places in enumerate(piece.box)
        ]  # fmt: skip
        text = self.render(piece.term)
        self.active, self.standing = [], None
        return [f"{name} = filled({name}, ({', '.join(spots)},), {text})"]

    def opened(self, sweep: Sweep) -> str:
        """Return the line that opens a loop."""
        return f"for i{sweep.axis} in range({len(sweep.places)}):"

    def unpacked(self, idents: list[Ident], source: str) -> list[str]:
        """Return the line that names the entries of a state."""
        return [f"{listed(self.names[ident] for ident in idents)} = {source}"]

    def entry(self, name: str, shape: tuple[int, ...]) -> str:
        """Return a named value as an entry of a state."""
        return name

    def fed(self, given: str, delay: str, shape: tuple[int, ...]) -> str:
        """Return what a buffer takes in, followed by its delay."""
        return f"{given}, {delay}"

    def packed(self, idents: list[Ident]) -> str:
        """Return a state, or results, of named values."""
        return listed(self.names[ident] for ident in idents)

    def rates(self) -> str:
        """Return the rate of change of each level."""
        rates = []
        for rule in self.flat.levels:
            gains = " + ".join(self.names[ident] for ident in rule.inflows) or "0.0"
            rates.append(gains + "".join(f" - {self.names[ident]}" for ident in rule.outflows))
        return listed(rates)


def emit_numpy(flat: FlatModel) -> Program:
    """Return the program of a model for arrays with a free last axis."""
    renderer = NumpyRenderer(flat)
    source = Source("numpy", module_text(flat, renderer), flat)
    support = term_names(flat, renderer)
    support |= {"conveyor_at_start": belt.at_start, "noise_of": noise_of, "range": range}
    support |= {"spread": spread, "assemble": assemble, "unfilled": unfilled, "filled": filled}
    return load(source, support)


def term_names(flat: FlatModel, renderer: NumpyRenderer) -> dict[str, Any]:
    """Return what the names in rendered terms stand for, graphical functions included.

    What the renderer itself adds is there once the terms are rendered.
    """
    support: dict[str, Any] = dict(OPERATIONS_ON_ARRAYS) | REDUCTIONS | renderer.support
    support |= {"inf": np.float64(np.inf), "nan": np.float64(np.nan), "float": float}
    support |= {"gathered": gathered, "taken": taken}
    for ident, name in renderer.tables.items():
        table = flat.tables[ident]
        functions = [array_table(graphical) for graphical in table.graphicals]
        support[name] = many_tables(functions, table.shape) if table.shape else functions[0]
    return support


def _flags(test: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    def flagged(a: Array, b: Array) -> Array:
        return test(a, b) * 1.0

    return flagged


def _round(a: Array) -> Array:
    whole = np.floor(np.abs(a))
    return np.copysign(whole + (np.abs(a) - whole >= 0.5), a)


def _modulo(a: Array, b: Array) -> Array:
    return np.where(np.isinf(a) | (np.equal(b, 0)), np.nan, np.mod(a, b))


def _truth(a: Array) -> Array:
    return np.not_equal(a, 0)


def _each(name: str) -> Callable[..., Array]:
    """Return an operation on numbers as one on arrays: for what numpy lacks, and slower."""
    operation = OPERATIONS[name]
    called = np.frompyfunc(operation.scalar, operation.arity, 1)
    return lambda *given: np.asarray(called(*given), dtype=float)


_ONE_BY_ONE = (
    *("log_gamma", "normal_probability", "normal_quantile", "root", "factorial", "combinations"),
    *("permutations", "triangular_quantile", "poisson_quantile", "binomial_quantile"),
    *("gamma_quantile", "beta_quantile"),
)

OPERATIONS_ON_ARRAYS: dict[str, Callable[..., Array]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "power": np.float_power,
    "modulo": _modulo,
    "negate": np.negative,
    "not_": lambda a: np.equal(a, 0) * 1.0,
    "and_": lambda a, b: (_truth(a) & _truth(b)) * 1.0,
    "or_": lambda a, b: (_truth(a) | _truth(b)) * 1.0,
    "equal": _flags(np.equal),
    "unequal": _flags(np.not_equal),
    "less": _flags(np.less),
    "at_most": _flags(np.less_equal),
    "greater": _flags(np.greater),
    "at_least": _flags(np.greater_equal),
    "select": lambda c, a, b: np.where(_truth(c), a, b),
    "minimum": np.minimum,
    "maximum": np.maximum,
    "absolute": np.abs,
    "floor": np.floor,
    "round_half_away": _round,
    "square_root": np.sqrt,
    "exponential": np.exp,
    "natural_logarithm": np.log,
    "decimal_logarithm": np.log10,
    "sine": np.sin,
    "cosine": np.cos,
    "tangent": np.tan,
    "arc_sine": np.arcsin,
    "arc_cosine": np.arccos,
    "arc_tangent": np.arctan,
    "truncate": np.trunc,
    "remainder": lambda a, b: np.where(np.isinf(a) | np.equal(b, 0), np.nan, np.fmod(a, b)),
    "quantum": lambda a, b: np.where(np.greater(b, 0), b * np.trunc(np.divide(a, b)), a),
    "divide_unless_tiny": lambda a, b, c: np.where(np.abs(b) < 1e-6, c, np.divide(a, b)),
    "hyperbolic_sine": np.sinh,
    "hyperbolic_cosine": np.cosh,
    "hyperbolic_tangent": np.tanh,
    "sign": lambda a: np.where(np.greater(a, 0), 1.0, np.where(np.less(a, 0), -1.0, a)),
    "percent": lambda a: 100.0 * a,
    "standard_normal": lambda probability: standard_normal(np.asarray(probability)),
    **{name: _each(name) for name in _ONE_BY_ONE},
}
"""Every operation on arrays, by the name the generated code calls."""


def array_table(graphical: GraphicalFunction) -> Callable[[Array], Array]:
    """Return a graphical function as a function of arrays."""
    x, y = np.array(graphical.x), np.array(graphical.y)
    slopes = np.array(graphical.slopes)
    last = len(x) - 1

    def place_of(value: Array, highest: int) -> Array:
        return np.clip(np.searchsorted(x, value, side="right") - 1, 0, highest)

    def step(value: Array) -> Array:
        return np.where(np.isnan(value), np.nan, y[place_of(value, last)])

    def line(value: Array) -> Array:
        place = place_of(value, last)
        return y[place] + slopes[np.minimum(place, last - 1)] * (value - x[place])

    def clamped(value: Array) -> Array:
        inside = np.where(value < x[0], y[0], line(value))
        return np.where(value >= x[last], y[last], inside)

    kinds = {
        GraphicalKind.DISCRETE: step,
        GraphicalKind.EXTRAPOLATE: line,
        GraphicalKind.CONTINUOUS: clamped,
    }
    return kinds[graphical.kind]
