"""Graphical functions on vectors: exact at their points, by the form that suits their size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from math import nextafter

from cyclesim.codegen.llvm_text import Writer, integer, number
from cyclesim.compiler.parts import Table
from cyclesim.project import GraphicalFunction, GraphicalKind

IN_REGISTERS = 16
"""The most points that are read within registers."""

BY_CHOICE = 9
"""The most points that are chosen between one after the other where registers are short."""


@dataclass(frozen=True)
class Lines:
    """A graphical function as lines: y[n] + slope[n] (v - x[n]) from x[n] on, v held within bounds.

    A discrete one has slopes of 0, one that goes on has no bounds.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    slopes: tuple[float, ...]
    low: float
    high: float


def lines_of(graphical: GraphicalFunction) -> Lines:
    """Return the lines of a graphical function."""
    x, y = tuple(map(float, graphical.x)), tuple(map(float, graphical.y))
    if graphical.kind is GraphicalKind.DISCRETE:
        return Lines(x, y, (0.0,) * len(x), x[0], x[-1])
    slopes = tuple(graphical.slopes)[: len(x) - 1]
    if graphical.kind is GraphicalKind.EXTRAPOLATE:
        return Lines(x, y, (*slopes, *(slopes[-1:] or (0.0,))), float("-inf"), float("inf"))
    return Lines(x, y, (*slopes, 0.0), x[0], x[-1])


def _even(lines: Lines) -> float | None:
    """Return how many segments a unit of x has; None where they are not all alike to the last bit.

    With it each point comes out at its own place, without a remainder.
    """
    first, last, count = lines.x[0], lines.x[-1], len(lines.x) - 1
    if not any(lines.slopes) or not 0.0 < last - first < float("inf"):
        return None
    inverse = count / (last - first)
    for near in (inverse, nextafter(inverse, 0.0), nextafter(inverse, float("inf"))):
        if all((x - first) * near == n for n, x in enumerate(lines.x)):
            return near if lines.high < float("inf") else None
    return None


def _evenly(w: Writer, lines: Lines, inverse: float, v: str) -> str:
    """Return lines between points that are evenly apart, at numbers within them."""
    parts = w.mul(w.sub(v, number(lines.x[0])), number(inverse))
    whole, place = w.whole_bits(parts)  # what NaN comes to there does not matter
    rises = (*(b - a for a, b in pairwise(lines.y)), 0.0)
    y, rise = _pairs(w, lines.y, rises, place)
    return w.fma(rise, w.sub(parts, whole), y)


def _pairs(
    w: Writer, first: Sequence[float], second: Sequence[float], spots: str
) -> tuple[str, str]:
    """Return for each lane one of up to 16 numbers of two tables, at the same place of each."""
    if w.module.permutes:
        return w.sixteen(first, spots), w.sixteen(second, spots)
    # Both numbers of a lane lie side by side: one load for two, where gathering is slow.
    pairs = [*zip(first, second, strict=True)]
    pairs += [pairs[-1]] * (16 - len(pairs))
    table = w.module.table("double", [each for pair in pairs for each in pair])
    places = w.integers("and", w.integers("shl", spots, integer(1)), integer(31))
    parts = []
    for lane in range(w.module.lanes):
        place = w.fresh(f"extractelement {w.whole} {places}, i64 {lane}")
        where = w.fresh(f"getelementptr double, ptr {table}, i64 {place}")
        parts.append(w.fresh(f"load <2 x double>, ptr {where}, align 16"))
    width = 2
    while len(parts) > 1:
        kind, order = f"<{width} x double>", ", ".join(f"i32 {n}" for n in range(2 * width))
        parts = [
            w.fresh(f"shufflevector {kind} {a}, {kind} {b}, <{2 * width} x i32> <{order}>")
            for a, b in zip(parts[::2], parts[1::2], strict=True)
        ]
        width *= 2
    kind = f"<{width} x double>"
    orders = (", ".join(f"i32 {n}" for n in range(start, width, 2)) for start in (0, 1))
    one, other = (
        w.fresh(
            f"shufflevector {kind} {parts[0]}, {kind} poison, <{w.module.lanes} x i32> <{order}>"
        )
        for order in orders
    )
    return one, other


def _held(w: Writer, v: str, low: str, high: str) -> str:
    return w.smaller(high, w.larger(low, v))  # the bounds first: NaN stays NaN


def looked_up(w: Writer, lines: Lines, v: str) -> str:
    """Return a graphical function at numbers."""
    if lines.low > float("-inf"):
        v = _held(w, v, number(lines.low), number(lines.high))
    size = len(lines.x)
    inverse = _even(lines)
    if inverse is not None and size <= IN_REGISTERS:
        return _evenly(w, lines, inverse, v)
    if w.module.permutes and size <= IN_REGISTERS:
        place = integer(0)
        for point in lines.x[1:]:
            further = w.compare("oge", v, number(point))
            place = w.pick_integers(further, w.integers("add", place, integer(1)), place)
        x, y, slope = (w.sixteen(each, place) for each in (lines.x, lines.y, lines.slopes))
    elif size <= BY_CHOICE:
        x, y, slope = (number(each[0]) for each in (lines.x, lines.y, lines.slopes))
        for point, height, rise in zip(lines.x[1:], lines.y[1:], lines.slopes[1:], strict=True):
            further = w.compare("oge", v, number(point))
            x = w.pick(further, number(point), x)
            y = w.pick(further, number(height), y)
            slope = w.pick(further, number(rise), slope)
    else:
        tables = [w.module.table("double", each) for each in (lines.x, lines.y, lines.slopes)]
        return _searched(w, tables, v, integer(0), integer(size - 1), size)
    return w.add(y, w.mul(slope, w.sub(v, x)))


def _searched(w: Writer, tables: Sequence[str], v: str, first: str, last: str, most: int) -> str:
    """Return lines kept in memory at numbers, the line of each lane found by halving."""
    for _ in range((most - 1).bit_length()):
        both = w.integers("add", w.integers("add", first, last), integer(1))
        middle = w.integers("lshr", both, integer(1))
        # Where nothing is left to halve the middle is the last place, or one beyond it.
        inside = w.value(f"icmp slt {w.whole} {first}, {last}")
        further = w.compare("oge", v, w.gather(tables[0], middle, inside))
        before = w.integers("sub", middle, integer(1))
        first = w.pick_integers(further, middle, first)
        back = w.flags("and", inside, w.inverted(further))
        last = w.pick_integers(back, before, last)
    x, y, slope = (w.gather(table, first) for table in tables)
    return w.add(y, w.mul(slope, w.sub(v, x)))


class ElementTables:
    """The graphical functions of an array's elements, one after the other in memory."""

    def __init__(self, table: Table) -> None:
        self.lines = [lines_of(graphical) for graphical in table.graphicals]
        sizes = [len(each.x) for each in self.lines]
        self.most = max(sizes)
        self.firsts = [0, *accumulate(sizes)][:-1]
        self.lasts = [first + size - 1 for first, size in zip(self.firsts, sizes, strict=True)]

    def at(self, w: Writer, spots: str, v: str) -> str:
        """Return the function at the spot of each lane, which must exist, at numbers."""
        module = w.module
        low = w.gather(module.table("double", [each.low for each in self.lines]), spots)
        high = w.gather(module.table("double", [each.high for each in self.lines]), spots)
        first = w.to_integer(w.gather(module.table("double", self.firsts), spots))
        last = w.to_integer(w.gather(module.table("double", self.lasts), spots))
        columns = zip(*((each.x, each.y, each.slopes) for each in self.lines), strict=True)
        parts = [module.table("double", tuple(chain(*column))) for column in columns]
        return _searched(w, parts, _held(w, v, low, high), first, last, self.most)
