"""Numbers of the vector kernels: polynomials fitted at Chebyshev nodes with 70 digits, and tables.

Lowest power first. Each is the series named, with what stands before it written out in the kernel.
"""

from __future__ import annotations

import struct

EXP = (
    0.5000000000000001, 0.16666666666666669, 0.041666666666623824, 0.008333333333330039,
    0.0013888888917367081, 0.00019841269863171557, 2.4801521057868204e-05,
    2.7557268276905696e-06, 2.7620201591031547e-07, 2.5100472505694996e-08,
)  # fmt: skip
"""(e^r - 1 - r) / r^2 for r within half of ln 2."""

EXP_SIXTEENTH = (
    0.5, 0.16666666665246266, 0.04166666666489117, 0.0083334520402642, 0.0013889037272355196,
)  # fmt: skip
"""(e^r - 1 - r) / r^2 for r within a 32nd of ln 2."""

SIXTEENTHS = 23.083120654223414
"""16 / ln 2."""

LN2_SIXTEENTH = (0.04332169878489367, 1.0291218489310676e-13)
"""ln 2 / 16 in two parts, the first a multiple of 2^-42: k times it is exact."""

_POWERS = (
    1.0, 1.0442737824274138, 1.0905077326652577, 1.1387886347566916, 1.189207115002721,
    1.241857812073484, 1.2968395546510096, 1.3542555469368927, 1.4142135623730951,
    1.4768261459394993, 1.5422108254079407, 1.6104903319492543, 1.681792830507429,
    1.7562521603732995, 1.8340080864093424, 1.9152065613971474,
)  # fmt: skip


def _less(power: float, place: int) -> float:
    bits: int = struct.unpack("<q", struct.pack("<d", power))[0]
    less: float = struct.unpack("<d", struct.pack("<q", bits - (place << 48)))[0]
    return less


ROOTS = tuple(_less(power, place) for place, power in enumerate(_POWERS))
"""2^(n/16), less n * 2^48 in their bits: k * 2^48 with the last four bits of k being n brings
that back, and the rest of k into the exponent."""

SINE = (
    -0.16666666666666666, 0.008333333333330936, -0.00019841269836740532, 2.7557316093198404e-06,
    -2.5051129896450185e-08, 1.5917988979397435e-10,
)  # fmt: skip
"""(sin r - r) / r^3 of r^2, for r within a quarter of pi."""

COSINE = (
    0.041666666666666664, -0.0013888888888887389, 2.48015872987544e-05, -2.755731726587808e-07,
    2.087614504941318e-09, -1.138254464534925e-11,
)  # fmt: skip
"""(cos r - 1 + r^2/2) / r^4 of r^2, for r within a quarter of pi."""

LOG = (
    0.3333333333333333, -0.25, 0.2, -0.16666666666663563, 0.14285714285711387,
    -0.12500000014584264, 0.11111111124723398, -0.09999972035293397, 0.09090882989987044,
    -0.08356785154622492, 0.07714196394794588,
)  # fmt: skip
"""(ln(1 + r) - r + r^2/2) / r^3 for r within 0.0345."""

FIRST_MANTISSA = 0x3FE6800000000000
"""The bits of 0.703125: mantissas run from there to twice as much, in 16 parts."""

INVERSES = (
    1.375, 1.34375, 1.28125, 1.21875, 1.1875, 1.15625, 1.09375, 1.0625, 1.03125, 1.0, 0.9375,
    0.890625, 0.84375, 0.796875, 0.765625, 0.71875,
)  # fmt: skip
"""1/c for each part of the mantissas: z/c - 1 is exact and within 0.0345."""

LOG_HIGH = (
    -0.31845373111855224, -0.2954642128938758, -0.2478361639045943, -0.19782574332998593,
    -0.17185025692674571, -0.14518200984457508, -0.08961215868976069, -0.06062462181648698,
    -0.03077165866670839, 0.0, 0.0645385211375924, 0.11583181552509814, 0.16989903679541385,
    0.22705745063535687, 0.2670627852489815, 0.33024168687052224,
)  # fmt: skip
LOG_LOW = (
    1.7625431312172662e-14, 3.993416384387844e-14, 1.3029797173308663e-14, 6.604544877082384e-14,
    8.649239607212071e-14, 7.718001336828099e-14, 7.355770219435029e-14, 5.213620639136504e-14,
    -4.529814257790929e-14, 0.0, -2.1225608044809997e-14, 2.3568822182038756e-14,
    -1.6376276414097503e-14, -1.078736749871691e-14, 6.371947269815667e-14, 5.4612144489920215e-14,
)  # fmt: skip
"""ln c in two parts, the first a multiple of 2^-42, so that its sum with LN2_HIGH is exact."""

LN2_HIGH, LN2_LOW = 0.6931471805598903, 5.497923018708371e-14
"""ln 2 in two parts, the first a multiple of 2^-42."""

HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)
"""pi/2 in three parts."""

LOG10_E = (0.4342944819032518, 1.098319650216765e-17)
"""1 / ln 10 in two parts."""
