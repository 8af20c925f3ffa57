"""The `python` target: one run, plain floats. It is the oracle, and the quick single run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import count
from typing import Any, ClassVar

from cyclesim.codegen.module import module_text
from cyclesim.codegen.program import Program, Source, load
from cyclesim.codegen.render import Renderer, held
from cyclesim.compiler import FlatModel
from cyclesim.compiler.terms import Apply, Literal, Symbol
from cyclesim.functions import OPERATIONS
from cyclesim.noise import uniform
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
            case Symbol():
                name, test = below[0], below[0]
            case _:  # each divisor has a name of its own, since divisions nest
                name = f"divisor_{next(self.divisors)}"
                test = f"({name} := {below[0]})"
        return f"({held(above, 6)} / {name} if {test} else divide({above[0]}, {name}))", self.atom


def emit_python(flat: FlatModel) -> Program:
    """Return the program of a model for one run at a time."""
    source = Source("python", module_text(flat, PythonRenderer(flat)), flat)
    support: dict[str, Any] = {name: operation.scalar for name, operation in OPERATIONS.items()}
    support["round_half_away"] = OPERATIONS["round"].scalar
    support |= {"inf": float("inf"), "nan": float("nan"), "noise_of": _noise}
    for number, graphical in enumerate(flat.tables.values()):
        support[f"table_{number}"] = scalar_table(graphical)
    return load(source, support)


def _noise(
    start: float, declared_dt: float, seed: int, run: int
) -> tuple[Callable[[float], int], Callable[[int, int], float], Callable[[int, int], float]]:
    """Return the functions that number noise steps and draw at a site, or by a seed."""

    def noise_step(time: float) -> int:
        return int((time - start) / declared_dt + 1e-6)

    def draw(site: int, step: int) -> float:
        return uniform(seed, run, site, 0, step)

    def draw_seeded(fixed_seed: int, step: int) -> float:
        return uniform(fixed_seed, 0, 0, 0, step)

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
