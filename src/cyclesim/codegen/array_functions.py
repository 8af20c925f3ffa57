"""Functions of arrays that are not operations of one value: for the `python` target."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, reduce

from cyclesim.codegen.allocation import allocated
from cyclesim.operations import NAN, larger, power, smaller


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


@lru_cache(maxsize=256)  # each element of an array asks for its place in the same order
def _ordered(values: tuple[float, ...], ascending: bool) -> tuple[int, ...]:
    """Return the places of values from the first to the last; equal ones keep their order."""
    sign = 1.0 if ascending else -1.0
    return tuple(sorted(range(len(values)), key=lambda place: sign * values[place]))


def sort_order(values: Sequence[float], direction: float, place: float) -> float:
    """Return where, from 0, the value lies that comes at a place of the sorted vector.

    A direction above 0 sorts upwards, any other downwards. NaN where a value is NaN.
    """
    if any(value != value for value in values):
        return NAN
    return float(_ordered(tuple(values), direction > 0)[int(place)])


def rank_order(values: Sequence[float], direction: float, place: float) -> float:
    """Return the rank, from 1, that the value at a place of a vector has."""
    if any(value != value for value in values):
        return NAN
    return float(_ordered(tuple(values), direction > 0).index(int(place)) + 1)


_CHOSEN: tuple[Callable[[Sequence[float], Sequence[float]], float], ...] = (
    lambda weights, values: sum(map(operator.mul, weights, values)),
    lambda weights, values: math.prod(map(operator.mul, weights, values)),
    lambda weights, values: reduce(smaller, map(operator.mul, weights, values)),
    lambda weights, values: reduce(larger, map(operator.mul, weights, values)),
    lambda weights, values: sum(map(operator.mul, weights, values)) / len(values),
    lambda weights, values: math.prod(map(power, values, weights)),  # as Vensim computes it
    lambda weights, values: sum(values),
    lambda weights, values: math.prod(values),
    lambda weights, values: reduce(smaller, values),
    lambda weights, values: reduce(larger, values),
    lambda weights, values: sum(values) / len(values),
)
"""What VECTOR SELECT makes of the chosen values, by its numerical action."""


def selected(
    selection: Sequence[float],
    values: Sequence[float],
    missing: float,
    action: float,
    error: float,
) -> float:
    """Return a number made of the values whose selection is not 0; `missing` where none is.

    NaN where the action or the error action is none of Vensim's, or where the error action
    forbids what is found: 1 none chosen, 2 several chosen, 3 anything but one.
    """
    if action not in range(len(_CHOSEN)) or error not in range(4):
        return NAN
    chosen = [place for place, weight in enumerate(selection) if weight]
    if (not chosen and error in (1, 3)) or (len(chosen) > 1 and error in (2, 3)):
        return NAN
    if not chosen:
        return missing
    weights, taken = [selection[place] for place in chosen], [values[place] for place in chosen]
    return float(_CHOSEN[int(action)](weights, taken))


REDUCTIONS: dict[str, Callable[..., float]] = {
    "sum": sum,
    "product": math.prod,
    "lowest": lambda values: reduce(smaller, values),
    "highest": lambda values: reduce(larger, values),
    "mean": mean,
    "deviation": deviation,
    "rank": rank,
    "sort_order": sort_order,
    "rank_order": rank_order,
    "selected": selected,
    "allocated": allocated,
}
"""Reductions of lists of values, by name."""
