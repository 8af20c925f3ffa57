"""Functions of arrays that are not operations of one value: for the `python` target."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import reduce

from cyclesim.operations import NAN, larger, smaller


def at(values: Sequence[float], shape: tuple[int, ...], places: tuple[float, ...]) -> float:
    """Return the element at places counted from 0; NaN where there is none."""
    spot = 0
    for size, place in zip(shape, places, strict=True):
        if not 0 <= place < size:
            return NAN
        spot = spot * size + int(place)
    return values[spot]


def looked_up(
    tables: Sequence[Callable[[float], float]],
    shape: tuple[int, ...],
    places: tuple[float, ...],
    argument: float,
) -> float:
    """Return what the graphical function at places gives; NaN where there is none."""
    spot = at(range(len(tables)), shape, places)
    return tables[int(spot)](argument) if spot == spot else NAN


def pairs(first: Sequence[float], second: Sequence[float]) -> Iterator[float]:
    """Yield the elements of two lists in turn."""
    for one, other in zip(first, second, strict=True):
        yield one
        yield other


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean."""
    return sum(values) / len(values)


def deviation(values: Sequence[float]) -> float:
    """Return the standard deviation of a whole population."""
    middle = mean(values)
    return math.sqrt(mean([(value - middle) * (value - middle) for value in values]))


def rank(values: Sequence[float], number: float) -> float:
    """Return the place, counted from 1, of the value that is `number`th from the smallest."""
    if not 1 <= number <= len(values) or any(value != value for value in values):
        return NAN
    return float(sorted(range(len(values)), key=lambda place: values[place])[int(number) - 1] + 1)


REDUCTIONS: dict[str, Callable[..., float]] = {
    "sum": sum,
    "product": math.prod,
    "lowest": lambda values: reduce(smaller, values),
    "highest": lambda values: reduce(larger, values),
    "mean": mean,
    "deviation": deviation,
    "rank": rank,
}
"""Reductions of a list of values, by name."""
