"""A scarce supply shared out by priority, as Vensim's ALLOCATE AVAILABLE defines it.

Each request has a curve: the share of it that is granted at a price. The price is the one at
which what is granted adds up to the supply.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from cyclesim.operations import NAN, normal_probability

FIXED, RECTANGULAR, TRIANGULAR, NORMAL, EXPONENTIAL = range(5)

_REACH = {RECTANGULAR: 0.5, TRIANGULAR: 0.5, NORMAL: 40.0, EXPONENTIAL: 750.0}
"""How many widths from its priority a curve has come to 1 and to 0."""


class _Request(NamedTuple):
    """An amount that is asked for, and the curve by which it is granted."""

    amount: float
    shape: int
    priority: float
    width: float

    def granted(self, price: float) -> float:
        """Return the part of the amount that is granted at a price."""
        if self.width == 0:
            return self.amount if price < self.priority else 0.0
        return self.amount * _share(self.shape, (price - self.priority) / self.width)


def _share(shape: int, away: float) -> float:
    """Return the share granted at a price `away` widths above the priority."""
    if shape == NORMAL:
        return normal_probability(-away)
    if shape == EXPONENTIAL:
        return 1.0 - 0.5 * math.exp(away) if away < 0 else 0.5 * math.exp(-away)
    if away <= -0.5:
        return 1.0
    if away >= 0.5:
        return 0.0
    if shape == RECTANGULAR:
        return 0.5 - away
    return 1.0 - 2.0 * (away + 0.5) ** 2 if away < 0 else 2.0 * (0.5 - away) ** 2


def allocated(
    requests: Sequence[float],
    shapes: Sequence[float],
    priorities: Sequence[float],
    widths: Sequence[float],
    supply: float,
    place: float,
) -> float:
    """Return what the request at a place, counted from 0, is granted of a supply.

    Shapes of curves are 0 fixed, 1 rectangular, 2 triangular, 3 normal and 4 exponential. NaN
    where a shape is none of these, a width is negative, or a number is not finite.
    """
    given = (tuple(requests), tuple(shapes), tuple(priorities), tuple(widths))
    return _shares(*given, float(supply))[int(place)]


@lru_cache(maxsize=256)  # each element of an array asks for its part of the same allocation
def _shares(
    requests: tuple[float, ...],
    shapes: tuple[float, ...],
    priorities: tuple[float, ...],
    widths: tuple[float, ...],
    supply: float,
) -> tuple[float, ...]:
    known = all(shape in _REACH or shape == FIXED for shape in shapes)
    known = known and all(width >= 0 for width in widths) and supply == supply
    if not known or not all(map(math.isfinite, (*requests, *priorities, *widths))):
        return (NAN,) * len(requests)
    wanted = [max(request, 0.0) for request in requests]
    if supply >= sum(wanted):
        return tuple(wanted)
    if supply <= 0:
        return (0.0,) * len(wanted)
    granted = [want if shape == FIXED else 0.0 for want, shape in zip(wanted, shapes, strict=True)]
    due = sum(granted)
    if supply <= due:  # what is wanted at any price shares in proportion, and the rest gets none
        return tuple(want * (supply / due) for want in granted)
    places = [n for n, want in enumerate(wanted) if want > 0 and shapes[n] != FIXED]
    curves = [_Request(wanted[n], int(shapes[n]), priorities[n], widths[n]) for n in places]
    for place, amount in zip(places, _cleared(curves, supply - due), strict=True):
        granted[place] = amount
    return tuple(granted)


def _cleared(requests: list[_Request], supply: float) -> list[float]:
    """Return what each request gets where together they get the supply.

    The price is halved in down to two neighbouring numbers, and the supply shared between what
    is granted at both: so it is met even where curves jump, as those without width do.
    """

    def granted(price: float) -> list[float]:
        return [request.granted(price) for request in requests]

    low = min(r.priority - _REACH[r.shape] * r.width for r in requests)
    high = max(r.priority + _REACH[r.shape] * r.width for r in requests)
    low, high = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    while low < (middle := low + (high - low) / 2) < high:
        if sum(granted(middle)) >= supply:
            low = middle
        else:
            high = middle
    most, least = granted(low), granted(high)
    upper, lower = sum(most), sum(least)
    part = min(max((supply - lower) / (upper - lower), 0.0), 1.0) if upper > lower else 1.0
    return [small + (large - small) * part for large, small in zip(most, least, strict=True)]
