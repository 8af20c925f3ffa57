"""Functions that are made of several operations, as terms."""

from __future__ import annotations

import math
from collections.abc import Callable

from cyclesim.compiler.terms import ONE, TIME, ZERO, Literal, Term, apply


def _wave(operation: str) -> Callable[..., Term]:
    """Return a wave of the time; at time 0 a sine wave is 0 and a cosine wave at its highest."""

    def build(amplitude: Term, period: Term) -> Term:
        angle = apply("multiply", Literal(2.0 * math.pi), apply("divide", TIME, period))
        return apply("multiply", apply("absolute", amplitude), apply(operation, angle))

    return build


def _between(left: Term, right: Term, mean: Term = ZERO, deviation: Term = ONE) -> Term:
    """Return the probability that a normal variable lies between two values."""
    ends = (apply("divide", apply("subtract", end, mean), deviation) for end in (right, left))
    return apply("subtract", *(apply("normal_probability", end) for end in ends))


COMPOSED: dict[str, Callable[..., Term]] = {
    "SINWAVE": _wave("sine"),
    "COSWAVE": _wave("cosine"),
    "NORMALCDF": _between,
}
"""What a call becomes, by the function's name."""
