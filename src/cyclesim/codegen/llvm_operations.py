"""Operations of the table on vectors: what a processor has, kernels, and calls back."""

from __future__ import annotations

from collections.abc import Callable

from cyclesim.codegen.llvm_counts import binomial, poisson
from cyclesim.codegen.llvm_kernels import HALF, ONE, kernel, one_by_one, polynomial
from cyclesim.codegen.llvm_text import Writer, integer, number
from cyclesim.noise import CENTRE, MIDDLE, TAIL

ZERO, NAN = number(0.0), number(float("nan"))


def _is_number(operand: str) -> bool:
    return operand.startswith("splat (double") and operand != NAN


def _least(w: Writer, a: str, b: str) -> str:
    """Return the smaller of two, NaN where either is, as `operations.smaller` has it."""
    if b == ZERO:  # of equal zeros the second: -0 and 0 are told apart
        return w.pick(w.compare("ole", b, a), b, a)
    if _is_number(b):
        return w.smaller(b, a)
    found = w.smaller(a, b)
    return found if _is_number(a) else w.pick(w.compare("uno", a, a), a, found)


def _most(w: Writer, a: str, b: str) -> str:
    if b == ZERO:
        return w.pick(w.compare("oge", b, a), b, a)
    if _is_number(b):
        return w.larger(b, a)
    found = w.larger(a, b)
    return found if _is_number(a) else w.pick(w.compare("uno", a, a), a, found)


def _size(w: Writer, a: str) -> str:
    return w.intrinsic("fabs", a)


def _round(w: Writer, a: str) -> str:
    size = _size(w, a)
    whole = w.intrinsic("floor", size)
    up = w.compare("oge", w.sub(size, whole), HALF)
    return w.intrinsic("copysign", w.pick(up, w.add(whole, ONE), whole), a)


def _modulo(w: Writer, a: str, b: str) -> str:
    left = one_by_one(w, "fmod", a, b)
    other = w.flags("xor", w.compare("olt", left, ZERO), w.compare("olt", b, ZERO))
    moved = w.pick(other, w.add(left, b), left)
    return w.pick(w.compare("oeq", left, ZERO), w.intrinsic("copysign", ZERO, b), moved)


def _quantum(w: Writer, a: str, b: str) -> str:
    multiple = w.mul(b, w.intrinsic("trunc", w.div(a, b)))
    return w.pick(w.compare("ogt", b, ZERO), multiple, a)


def _divide_unless_tiny(w: Writer, a: str, b: str, otherwise: str) -> str:
    tiny = w.compare("olt", _size(w, b), number(1e-6))
    return w.pick(tiny, otherwise, w.div(a, b))


def _sign(w: Writer, a: str) -> str:
    below = w.pick(w.compare("olt", a, ZERO), number(-1.0), a)
    return w.pick(w.compare("ogt", a, ZERO), ONE, below)


def _root(w: Writer, a: str, n: str) -> str:
    # The C library's power: whether a whole number is the root must come out exactly.
    half = w.intrinsic("floor", w.mul(n, HALF))
    odd = w.compare("oeq", w.sub(n, w.add(half, half)), ONE)
    flipped = w.flags("and", odd, w.compare("olt", a, ZERO))
    base = w.pick(flipped, w.neg(a), a)
    found = one_by_one(w, "pow", base, w.div(ONE, n))
    whole = _round(w, found)
    exact = w.compare("oeq", one_by_one(w, "pow", whole, n), base)
    root = w.pick(exact, whole, found)
    return w.pick(flipped, w.neg(root), root)


def _triangular_quantile(w: Writer, probability: str, peak: str) -> str:
    below = w.intrinsic("sqrt", w.mul(probability, peak))
    rest = w.mul(w.sub(ONE, probability), w.sub(ONE, peak))
    above = w.sub(ONE, w.intrinsic("sqrt", rest))
    found = w.pick(w.compare("olt", probability, peak), below, above)
    valid = w.compare("ole", ZERO, probability)
    for low, high in ((probability, ONE), (ZERO, peak), (peak, ONE)):
        valid = w.flags("and", valid, w.compare("ole", low, high))
    return w.pick(valid, found, NAN)


def _standard_normal(w: Writer, probability: str) -> str:
    q = w.sub(probability, HALF)
    tail = w.pick(w.compare("olt", q, ZERO), probability, w.sub(ONE, probability))
    r = w.intrinsic("sqrt", w.neg(kernel(w, "natural_logarithm", tail)))

    def ratio(tables: tuple[tuple[float, ...], tuple[float, ...]], x: str) -> str:
        above, below = (polynomial(w, table[::-1], x) for table in tables)
        return w.div(above, below)

    central = w.mul(q, ratio(CENTRE, w.sub(number(0.180625), w.mul(q, q))))
    near = w.compare("ole", r, number(5.0))
    outer = w.pick(near, ratio(MIDDLE, w.sub(r, number(1.6))), ratio(TAIL, w.sub(r, number(5.0))))
    signed = w.pick(w.compare("olt", q, ZERO), w.neg(outer), outer)
    return w.pick(w.compare("ole", _size(w, q), number(0.425)), central, signed)


def _power(w: Writer, a: str, b: str) -> str:
    if b == number(2.0):
        return w.mul(a, a)
    return kernel(w, "power", a, b)


OPERATIONS_ON_VECTORS: dict[str, Callable[..., str]] = {
    "add": Writer.add,
    "subtract": Writer.sub,
    "multiply": Writer.mul,
    "divide": Writer.div,
    "power": _power,
    "modulo": _modulo,
    "negate": Writer.neg,
    "minimum": _least,
    "maximum": _most,
    "absolute": _size,
    "floor": lambda w, a: w.intrinsic("floor", a),
    "round": _round,
    "square_root": lambda w, a: w.intrinsic("sqrt", a),
    "truncate": lambda w, a: w.intrinsic("trunc", a),
    "remainder": lambda w, a, b: one_by_one(w, "fmod", a, b),
    "quantum": _quantum,
    "divide_unless_tiny": _divide_unless_tiny,
    "sign": _sign,
    "percent": lambda w, a: w.mul(number(100.0), a),
    "root": _root,
    "triangular_quantile": _triangular_quantile,
    "standard_normal": _standard_normal,
    "poisson_quantile": poisson,
    "binomial_quantile": binomial,
}
"""Operations that give a number; elementary functions are in the table of kernels."""

COMPARISONS = {
    "equal": "oeq",
    "unequal": "une",
    "less": "olt",
    "at_most": "ole",
    "greater": "ogt",
    "at_least": "oge",
}
"""Comparisons by LLVM's names."""

CALLED_BACK = (
    *("log_gamma", "normal_probability", "normal_quantile", "factorial", "combinations"),
    *("permutations", "gamma_quantile", "beta_quantile"),
)
"""Operations that compiled code asks the table for, one lane at a time: seldom used, and slow."""


def without_reciprocal(w: Writer, divisor: str) -> str:
    """Return where a number is finite and not 0, but its reciprocal is not as precise."""
    exponent = w.integers("and", w.integers("lshr", w.as_bits(divisor), integer(52)), integer(2047))
    # Biased exponents from 3 to 2043 have reciprocals that are normal numbers.
    small = w.value(f"icmp ult {w.whole} {exponent}, {integer(3)}")
    large = w.value(f"icmp ugt {w.whole} {exponent}, {integer(2043)}")
    odd = w.flags("or", small, large)
    known = w.compare("one", w.intrinsic("fabs", divisor), number(float("inf")))
    return w.flags("and", odd, w.flags("and", known, w.compare("une", divisor, number(0.0))))
