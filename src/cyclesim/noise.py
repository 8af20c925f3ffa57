"""Counter-based noise: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011, SC'11).

A draw depends on nothing but its own coordinates: counter = (site, element, noise step, draw),
key = (noise seed, run). It never depends on the order of evaluation, the number of runs, the
target, or the run's dt, since the noise step counts on the grid of the model's declared dt.
"""

from __future__ import annotations

import math

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_MASK = 0xFFFFFFFF
ROUNDS = 10


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the four 32-bit words that belong to a counter and a key."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        high, low = divmod(_MULTIPLIERS[0] * c0, 1 << 32)
        high2, low2 = divmod(_MULTIPLIERS[1] * c2, 1 << 32)
        c0, c1, c2, c3 = high2 ^ c1 ^ k0, low2, high ^ c3 ^ k1, low
        k0 = (k0 + _WEYL[0]) & _MASK
        k1 = (k1 + _WEYL[1]) & _MASK
    return c0, c1, c2, c3


def uniform(seed: int, run: int, site: int, element: int, step: int, draw: int = 0) -> float:
    """Return a number strictly between 0 and 1, one of 2^52 equally likely."""
    counter = (site & _MASK, element & _MASK, step & _MASK, draw & _MASK)
    first, second, _, _ = philox(counter, (seed & _MASK, run & _MASK))
    return ((first >> 6) * 67108864.0 + (second >> 6) + 0.5) / 4503599627370496.0


# Wichura 1988, algorithm AS 241 (PPND16), Applied Statistics 37(3): numerator and denominator
# of three rational approximations, highest power first.
CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
MIDDLE = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
     4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
     2.05319162663775882187, 1.0),
)  # fmt: skip
TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
     0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
     5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
     7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
     0.59983220655588793769, 1.0),
)  # fmt: skip


def _ratio(tables: tuple[tuple[float, ...], tuple[float, ...]], r: float) -> float:
    above = below = 0.0
    for coefficient in tables[0]:
        above = above * r + coefficient
    for coefficient in tables[1]:
        below = below * r + coefficient
    return above / below


def standard_normal(probability: float) -> float:
    """Return the value that a standard normal variable stays below with this probability."""
    q = probability - 0.5
    if abs(q) <= 0.425:
        return q * _ratio(CENTRE, 0.180625 - q * q)
    r = math.sqrt(-math.log(probability if q < 0 else 1.0 - probability))
    value = _ratio(MIDDLE, r - 1.6) if r <= 5.0 else _ratio(TAIL, r - 5.0)
    return -value if q < 0 else value
