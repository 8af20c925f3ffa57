"""One table of what can be computed: total operations, the same in every target.

An operation gives a value for every argument (docs/semantics.md, section 3). Arithmetic is
IEEE 754's, power C99's; conditions hold where they are not zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from cyclesim import quantiles
from cyclesim.noise import standard_normal

INF = math.inf
NAN = math.nan


def divide(a: float, b: float) -> float:
    """Return a / b; a number over zero is infinite, 0/0 is NaN."""
    if b:
        return a / b
    if a == 0 or a != a or b != b:
        return NAN
    return math.copysign(INF, a) * math.copysign(1.0, b)


def power(a: float, b: float) -> float:
    """Return a to the power b as C99's pow does."""
    try:
        return math.pow(a, b)
    except ValueError:
        if a == 0:  # a negative power of zero
            odd = b == int(b) and int(b) % 2 == 1
            return math.copysign(INF, a) if odd else INF
        return NAN
    except OverflowError:
        odd = b == int(b) and int(b) % 2 == 1
        return -INF if a < 0 and odd else INF


def modulo(a: float, b: float) -> float:
    """Return what is left of a after whole b's, with the sign of b; NaN for b = 0."""
    if b == 0 or math.isinf(a):
        return NAN
    return a % b


def floor(a: float) -> float:
    """Return the largest whole number not above a."""
    return float(math.floor(a)) if math.isfinite(a) else a


def round_half_away(a: float) -> float:
    """Return the nearest whole number; halves go away from zero."""
    if not math.isfinite(a):
        return a
    whole = math.floor(abs(a))
    return math.copysign(whole + 1.0 if abs(a) - whole >= 0.5 else float(whole), a)


def smaller(a: float, b: float) -> float:
    """Return the smaller of two; NaN if either is NaN."""
    return a if a < b else b if b <= a else NAN


def larger(a: float, b: float) -> float:
    """Return the larger of two; NaN if either is NaN."""
    return a if a > b else b if b >= a else NAN


def exponential(a: float) -> float:
    """Return e to the power a, infinite where that is too large for a number."""
    try:
        return math.exp(a)
    except OverflowError:
        return INF


def square_root(a: float) -> float:
    """Return the square root; NaN below zero."""
    return math.sqrt(a) if a >= 0 else NAN


def natural_logarithm(a: float) -> float:
    """Return the natural logarithm; minus infinity at zero, NaN below."""
    if a > 0:
        return math.log(a)
    return -INF if a == 0 else NAN


def decimal_logarithm(a: float) -> float:
    """Return the logarithm to base 10; minus infinity at zero, NaN below."""
    if a > 0:
        return math.log10(a)
    return -INF if a == 0 else NAN


def truncate(a: float) -> float:
    """Return the whole number next to `a` on the way to zero."""
    return float(math.trunc(a)) if math.isfinite(a) else a


def remainder(a: float, b: float) -> float:
    """Return what is left of a after whole b's, with the sign of a; NaN for b = 0."""
    if b == 0 or math.isinf(a):
        return NAN
    return math.fmod(a, b)


def quantum(a: float, b: float) -> float:
    """Return the multiple of b next to a on the way to zero; a itself for b not above 0."""
    return b * truncate(divide(a, b)) if b > 0 else a


def divide_unless_tiny(a: float, b: float, otherwise: float) -> float:
    """Return a / b, or `otherwise` for b within 1e-6 of zero."""
    return otherwise if abs(b) < 1e-6 else divide(a, b)


def hyperbolic_sine(a: float) -> float:
    """Return the hyperbolic sine, infinite where that is too large for a number."""
    try:
        return math.sinh(a)
    except OverflowError:
        return math.copysign(INF, a)


def hyperbolic_cosine(a: float) -> float:
    """Return the hyperbolic cosine, infinite where that is too large for a number."""
    try:
        return math.cosh(a)
    except OverflowError:
        return INF


def log_gamma(a: float) -> float:
    """Return the natural logarithm of the size of the gamma function; infinite at its poles."""
    try:
        return math.lgamma(a)
    except (ValueError, OverflowError):
        return INF


def normal_probability(a: float) -> float:
    """Return the probability that a standard normal variable stays below `a`."""
    return 0.5 * math.erfc(-a / math.sqrt(2.0))


def normal_quantile(probability: float) -> float:
    """Return what a standard normal variable stays below with a probability; NaN for none."""
    if 0 < probability < 1:
        return standard_normal(probability)
    if probability == 0:
        return -INF
    return INF if probability == 1 else NAN


def sign(a: float) -> float:
    """Return 1 above zero, -1 below, and a itself at zero or where it is no number."""
    return 1.0 if a > 0 else -1.0 if a < 0 else a


def root(a: float, n: float) -> float:
    """Return the nth root; for an odd whole n that of a negative number is negative."""
    if a < 0 and n == truncate(n) and n % 2 == 1:
        return -root(-a, n)
    found = power(a, divide(1.0, n))
    whole = round_half_away(found)
    return whole if power(whole, n) == a else found


def _counts(n: float, r: float) -> bool:
    return 0 <= n < INF and 0 <= r < INF and n == math.floor(n) and r == math.floor(r)


_MOST_FACTORS = 1000
"""A product of more falling factors, or as many taken out of twice as many, has no double."""


def combinations(n: float, r: float) -> float:
    """Return in how many ways r of n can be chosen; NaN unless both are whole, from 0."""
    if not _counts(n, r):
        return NAN
    taken = min(r, n - r)
    if taken < 0:
        return 0.0
    return _as_float(math.comb, n, taken)


def permutations(n: float, r: float) -> float:
    """Return in how many orders r of n can be chosen; NaN unless both are whole, from 0."""
    if not _counts(n, r):
        return NAN
    return 0.0 if r > n else _as_float(math.perm, n, r)


def _as_float(count: Callable[[int, int], int], n: float, r: float) -> float:
    try:
        return float(count(int(n), int(r))) if r <= _MOST_FACTORS else INF
    except OverflowError:
        return INF


def factorial(n: float) -> float:
    """Return n!; infinite above 170, NaN unless n is whole, from 0."""
    return permutations(n, n)


def triangular_quantile(probability: float, peak: float) -> float:
    """Return a quantile of the triangular distribution from 0 to 1; NaN for a peak outside."""
    if not (0 <= probability <= 1 and 0 <= peak <= 1):
        return NAN
    if probability < peak:
        return math.sqrt(probability * peak)
    return 1.0 - math.sqrt((1.0 - probability) * (1.0 - peak))


def _finite_only(function: Callable[[float], float]) -> Callable[[float], float]:
    def total(a: float) -> float:
        return function(a) if math.isfinite(a) else NAN

    return total


def _unit_only(function: Callable[[float], float]) -> Callable[[float], float]:
    def total(a: float) -> float:
        return function(a) if -1 <= a <= 1 else NAN

    return total


def _flag(test: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    def total(a: float, b: float) -> float:
        return 1.0 if test(a, b) else 0.0

    return total


Golden = tuple[tuple[float, ...], float]


@dataclass(frozen=True)
class Operation:
    """A total function of numbers: its scalar form, and edge values every target must give."""

    name: str
    arity: int
    scalar: Callable[..., float]
    golden: tuple[Golden, ...]


OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("add", 2, lambda a, b: a + b, (((1, 2), 3), ((INF, -INF), NAN))),
        Operation("subtract", 2, lambda a, b: a - b, (((1, 2), -1), ((INF, INF), NAN))),
        Operation("multiply", 2, lambda a, b: a * b, (((2, 3), 6), ((0, INF), NAN), ((1e200, 1e200), INF))),
        Operation("divide", 2, divide, (
            ((1, 4), 0.25), ((1, 0), INF), ((-1, 0), -INF), ((1, -0.0), -INF), ((0, 0), NAN),
            ((INF, 0), INF), ((NAN, 0), NAN), ((1, INF), 0), ((1, NAN), NAN), ((INF, INF), NAN),
        )),
        Operation("power", 2, power, (
            ((2, 10), 1024), ((-8, 1 / 3), NAN), ((-8, 3), -512), ((0, 0), 1), ((0, -1), INF),
            ((-0.0, -3), -INF), ((0, -2.5), INF), ((10, 400), INF), ((-10, 401), -INF),
            ((-10, 400), INF), ((10, -400), 0), ((NAN, 0), 1), ((1, NAN), 1), ((NAN, 1), NAN),
            ((2, INF), INF), ((0.5, INF), 0), ((-1, INF), 1), ((INF, -1), 0), ((1, INF), 1),
        )),
        Operation("modulo", 2, modulo, (
            ((7, 3), 1), ((-7, 3), 2), ((7, -3), -2), ((5.5, 2), 1.5), ((5, 0), NAN),
            ((INF, 3), NAN), ((5, INF), 5), ((-5, INF), INF), ((NAN, 3), NAN), ((6, 3), 0),
        )),
        Operation("negate", 1, lambda a: -a, (((3,), -3), ((INF,), -INF), ((NAN,), NAN))),
        Operation("not", 1, lambda a: 0.0 if a else 1.0, (((0,), 1), ((2,), 0), ((NAN,), 0), ((-0.0,), 1))),
        Operation("and", 2, lambda a, b: 1.0 if a and b else 0.0, (
            ((1, 2), 1), ((1, 0), 0), ((0, 0), 0), ((NAN, 1), 1),
        )),
        Operation("or", 2, lambda a, b: 1.0 if a or b else 0.0, (
            ((1, 0), 1), ((0, 0), 0), ((NAN, 0), 1), ((0, 3), 1),
        )),
        Operation("equal", 2, _flag(lambda a, b: a == b), (((1, 1), 1), ((NAN, NAN), 0), ((0, -0.0), 1))),
        Operation("unequal", 2, _flag(lambda a, b: a != b), (((1, 1), 0), ((NAN, NAN), 1))),
        Operation("less", 2, _flag(lambda a, b: a < b), (((1, 2), 1), ((2, 2), 0), ((NAN, 2), 0))),
        Operation("at_most", 2, _flag(lambda a, b: a <= b), (((2, 2), 1), ((3, 2), 0), ((2, NAN), 0))),
        Operation("greater", 2, _flag(lambda a, b: a > b), (((3, 2), 1), ((2, 2), 0), ((INF, 1e308), 1))),
        Operation("at_least", 2, _flag(lambda a, b: a >= b), (((2, 2), 1), ((1, 2), 0), ((NAN, NAN), 0))),
        Operation("select", 3, lambda c, a, b: a if c else b, (
            ((1, 2, 3), 2), ((0, 2, 3), 3), ((NAN, 2, 3), 2), ((0, NAN, 3), 3), ((1, 2, INF), 2),
        )),
        Operation("minimum", 2, smaller, (
            ((1, 2), 1), ((2, 1), 1), ((NAN, 1), NAN), ((1, NAN), NAN), ((-INF, 0), -INF),
        )),
        Operation("maximum", 2, larger, (
            ((1, 2), 2), ((2, 1), 2), ((NAN, 1), NAN), ((1, NAN), NAN), ((INF, 0), INF),
        )),
        Operation("absolute", 1, abs, (((-2,), 2), ((-INF,), INF), ((NAN,), NAN))),
        Operation("floor", 1, floor, (
            ((2.7,), 2), ((-2.7,), -3), ((-2,), -2), ((INF,), INF), ((NAN,), NAN), ((1e300,), 1e300),
        )),
        Operation("round", 1, round_half_away, (
            ((2.5,), 3), ((-2.5,), -3), ((0.49999999999999994,), 0), ((1.4,), 1), ((3.5,), 4),
            ((4503599627370497.0,), 4503599627370497.0), ((-INF,), -INF), ((NAN,), NAN),
        )),
        Operation("square_root", 1, square_root, (((9,), 3), ((-1,), NAN), ((INF,), INF), ((0,), 0))),
        Operation("exponential", 1, exponential, (((0,), 1), ((1000,), INF), ((-1000,), 0), ((NAN,), NAN))),
        Operation("natural_logarithm", 1, natural_logarithm, (
            ((1,), 0), ((0,), -INF), ((-1,), NAN), ((INF,), INF), ((NAN,), NAN),
        )),
        Operation("decimal_logarithm", 1, decimal_logarithm, (((1000,), 3), ((0,), -INF), ((-1,), NAN))),
        Operation("sine", 1, _finite_only(math.sin), (((0,), 0), ((INF,), NAN))),
        Operation("cosine", 1, _finite_only(math.cos), (((0,), 1), ((-INF,), NAN))),
        Operation("tangent", 1, _finite_only(math.tan), (((0,), 0), ((INF,), NAN))),
        Operation("arc_sine", 1, _unit_only(math.asin), (((1,), math.pi / 2), ((2,), NAN), ((NAN,), NAN))),
        Operation("arc_cosine", 1, _unit_only(math.acos), (((1,), 0), ((-1.5,), NAN))),
        Operation("standard_normal", 1, standard_normal, (((0.5,), 0), ((0.975,), 1.959963984540054))),
        Operation("truncate", 1, truncate, (
            ((2.7,), 2), ((-2.7,), -2), ((-2,), -2), ((-INF,), -INF), ((NAN,), NAN), ((1e300,), 1e300),
        )),
        Operation("remainder", 2, remainder, (
            ((7, 3), 1), ((-7, 3), -1), ((7, -3), 1), ((-0.5, 3), -0.5), ((5, 0), NAN),
            ((INF, 3), NAN), ((5, INF), 5), ((-5, INF), -5), ((NAN, 3), NAN), ((5, NAN), NAN),
        )),
        Operation("quantum", 2, quantum, (
            ((10, 4), 8), ((-5, 3), -3), ((7, 0), 7), ((7, -2), 7), ((INF, 3), INF),
            ((NAN, 3), NAN), ((5, NAN), 5), ((5, INF), NAN),
        )),
        Operation("divide_unless_tiny", 3, divide_unless_tiny, (
            ((1, 4, 9), 0.25), ((1, 0, 9), 9), ((1, -1e-7, 9), 9), ((1, 1e-6, 9), 1 / 1e-6),
            ((NAN, 0, 9), 9), ((1, NAN, 9), NAN), ((INF, INF, 9), NAN), ((1, -INF, 9), -0.0),
        )),
        Operation("hyperbolic_sine", 1, hyperbolic_sine, (((0,), 0), ((1000,), INF), ((-1000,), -INF), ((NAN,), NAN))),
        Operation("hyperbolic_cosine", 1, hyperbolic_cosine, (((0,), 1), ((-1000,), INF), ((NAN,), NAN))),
        Operation("hyperbolic_tangent", 1, math.tanh, (((0,), 0), ((INF,), 1), ((-1000,), -1), ((NAN,), NAN))),
        Operation("log_gamma", 1, log_gamma, (
            ((1,), 0), ((2,), 0), ((0,), INF), ((-1,), INF), ((INF,), INF), ((1e307,), INF), ((10,), math.lgamma(10)), ((NAN,), NAN),
        )),
        Operation("normal_probability", 1, normal_probability, (((0,), 0.5), ((INF,), 1), ((-INF,), 0), ((NAN,), NAN))),
        Operation("normal_quantile", 1, normal_quantile, (
            ((0.5,), 0), ((0.975,), 1.9599639845400536), ((0,), -INF), ((1,), INF), ((-1,), NAN), ((2,), NAN), ((NAN,), NAN),
        )),
        Operation("sign", 1, sign, (((3,), 1), ((-INF,), -1), ((0,), 0), ((NAN,), NAN))),
        Operation("percent", 1, lambda a: 100.0 * a, (((0.25,), 25), ((NAN,), NAN))),
        Operation("root", 2, root, (
            ((8, 3), 2), ((-8, 3), -2), ((64, 3), 4), ((-4, 2), NAN), ((2, 2), math.sqrt(2)), ((0, 3), 0),
            ((INF, 2), INF), ((NAN, 3), NAN), ((5, 0), INF), ((1, 0), 1), ((8, -3), 0.5), ((-8, -3), -0.5),
        )),
        Operation("factorial", 1, factorial, (
            ((0,), 1), ((5,), 120), ((170,), float(math.factorial(170))), ((171,), INF), ((1e300,), INF),
            ((-1,), NAN), ((2.5,), NAN), ((INF,), NAN), ((NAN,), NAN),
        )),
        Operation("combinations", 2, combinations, (
            ((5, 3), 10), ((5, 0), 1), ((3, 5), 0), ((5.5, 2), NAN), ((-1, 0), NAN), ((1e15, 2), (1e15 * (1e15 - 1)) / 2),
            ((3000, 1500), INF), ((NAN, 1), NAN), ((1e300, 1e300), 1),
        )),
        Operation("permutations", 2, permutations, (
            ((5, 3), 60), ((5, 0), 1), ((3, 5), 0), ((5, 0.5), NAN), ((INF, 1), NAN), ((1e300, 2), INF),
        )),
        Operation("triangular_quantile", 2, triangular_quantile, (
            ((0.5, 0.5), 0.5), ((0, 0.5), 0), ((1, 0.5), 1), ((0.125, 0.5), 0.25), ((0.75, 0), 0.5), ((0.25, 1), 0.5),
            ((0.5, 1.5), NAN), ((0.5, NAN), NAN), ((2, 0.5), NAN), ((NAN, 0.5), NAN),
        )),
        Operation("poisson_quantile", 2, quantiles.poisson, (
            ((0.5, 3), 3), ((0.3, 0), 0), ((0.01, 0.001), 0), ((0.9999, 0.001), 1), ((0.5, 1e6), 1e6),
            ((0.5, -1), NAN), ((0, 3), NAN), ((1, 3), NAN), ((0.5, INF), NAN), ((0.5, NAN), NAN), ((NAN, 3), NAN),
        )),
        Operation("binomial_quantile", 3, quantiles.binomial, (
            ((0.5, 10, 0.5), 5), ((0.999, 10, 0), 0), ((0.001, 10, 1), 10), ((0.5, 0, 0.3), 0), ((0.5, 2.5, 0.5), NAN),
            ((0.5, -1, 0.5), NAN), ((0.5, 10, 1.5), NAN), ((0.5, 10, NAN), NAN), ((0, 10, 0.5), NAN), ((0.5, 1e6, 0.5), 5e5),
        )),
        Operation("gamma_quantile", 2, quantiles.gamma, (
            ((0.5, 0), NAN), ((0.5, -1), NAN), ((0.5, INF), NAN), ((0.5, NAN), NAN), ((0, 2), NAN), ((1, 2), NAN), ((NAN, 2), NAN),
        )),
        Operation("beta_quantile", 3, quantiles.beta, (
            ((0.5, 3, 3), 0.5), ((0.25, 1, 1), 0.25), ((0.5, 0, 1), NAN), ((0.5, 1, -1), NAN), ((0.5, INF, 1), NAN),
            ((0.5, 1, NAN), NAN), ((0, 1, 1), NAN), ((1, 1, 1), NAN), ((NAN, 1, 1), NAN),
        )),
        Operation("arc_tangent", 1, math.atan, (((INF,), math.pi / 2), ((0,), 0), ((NAN,), NAN))),
    )
}  # fmt: skip
"""Every operation by name. `golden` values are compared exactly; NaN with NaN."""
