"""The `numpy` target: many runs, or many times, along the last axis of every array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from cyclesim.codegen.module import module_text
from cyclesim.codegen.program import Program, Source, load
from cyclesim.codegen.render import Renderer
from cyclesim.compiler import FlatModel
from cyclesim.noise import CENTRE, MIDDLE, ROUNDS, TAIL
from cyclesim.project import GraphicalFunction, GraphicalKind

Array = Any


class NumpyRenderer(Renderer):
    """Operators between arrays; everything that may leave the numbers is a function."""

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


def emit_numpy(flat: FlatModel) -> Program:
    """Return the program of a model for arrays with a free last axis."""
    source = Source("numpy", module_text(flat, NumpyRenderer(flat)), flat)
    support: dict[str, Any] = dict(OPERATIONS_ON_ARRAYS)
    support |= {"inf": np.float64(np.inf), "nan": np.float64(np.nan), "noise_of": _noise}
    for number, graphical in enumerate(flat.tables.values()):
        support[f"table_{number}"] = array_table(graphical)
    return load(source, support)


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
    "standard_normal": lambda probability: standard_normal(np.asarray(probability)),
}
"""Every operation on arrays, by the name the generated code calls."""


def philox(counter: tuple[Array, ...], key: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return the first two 32-bit words of Philox 4x32-10 for arrays of counters and keys."""
    c0, c1, c2, c3 = (np.asarray(part).astype(np.uint64) for part in counter)
    k0, k1 = (np.asarray(part).astype(np.uint64) for part in key)
    mask, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    for _ in range(ROUNDS):
        first = c0 * np.uint64(0xD2511F53)
        second = c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (
            (second >> shift) ^ c1 ^ k0,
            second & mask,
            (first >> shift) ^ c3 ^ k1,
            first & mask,
        )
        k0 = (k0 + np.uint64(0x9E3779B9)) & mask
        k1 = (k1 + np.uint64(0xBB67AE85)) & mask
    return c0, c1


def _uniform(seed: int, run: Array, site: int, step: Array) -> Array:
    wide = 0xFFFFFFFF
    counter = (site & wide, 0, np.asarray(step, np.int64) & wide, 0)
    first, second = philox(counter, (seed & wide, np.asarray(run, np.int64) & wide))
    high = (first >> np.uint64(6)).astype(float) * 67108864.0
    return (high + (second >> np.uint64(6)).astype(float) + 0.5) / 4503599627370496.0


def standard_normal(probability: Array) -> Array:
    """Return the standard normal quantile (Wichura 1988, AS 241) of each probability."""
    q = probability - 0.5
    central = np.abs(q) <= 0.425
    r = np.sqrt(-np.log(np.where(q < 0, probability, 1.0 - probability)))
    inner = np.where(central, 0.180625 - q * q, 0.0)
    middle = _ratio(MIDDLE, np.minimum(r, 5.0) - 1.6)
    outer: Array = np.where(r <= 5.0, middle, _ratio(TAIL, r - 5.0))
    return np.where(central, q * _ratio(CENTRE, inner), np.where(q < 0, -outer, outer))


def _ratio(tables: tuple[tuple[float, ...], tuple[float, ...]], r: Array) -> Array:
    above, below = (np.polyval(np.array(table), r) for table in tables)
    return above / below


def _noise(
    start: float, declared_dt: float, seed: int, runs: Array
) -> tuple[Callable[[Array], Array], Callable[..., Array], Callable[..., Array]]:
    def noise_step(time: Array) -> Array:
        return np.floor((time - start) / declared_dt + 1e-6).astype(np.int64)

    def draw(site: int, step: Array) -> Array:
        return _uniform(seed, runs, site, step)

    def draw_seeded(fixed_seed: int, step: Array) -> Array:
        return _uniform(fixed_seed, 0, 0, step)

    return noise_step, draw, draw_seeded


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
