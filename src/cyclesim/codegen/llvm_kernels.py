"""Elementary functions on vectors: our own, so that a run's bits depend on nothing but the run.

Each has a quick way for ordinary arguments. Lanes with others (NaN, infinite, too large, too
small) are computed one by one by the C library and blended in, so that no lane depends on its
neighbours. Methods: argument reduction (Cody, Waite 1980), tables of powers and logarithms (Tang
1989, 1990, ACM TOMS 15(2), 16(4)), compensated sums (Dekker 1971).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from cyclesim.codegen import llvm_kernel_numbers as numbers
from cyclesim.codegen.llvm_text import Module, Writer, integer, number

ONE, HALF, TWO = number(1.0), number(0.5), number(2.0)
SIGN = integer(-(2**63))
_SHIFTED = number(6755399441055744.0)  # 1.5 * 2^52: a sum with it ends in a whole number
_EXPONENT = integer(0x3FF0000000000000)


def kernel(writer: Writer, name: str, *given: str) -> str:
    """Return an elementary function of values; its code is put into the module once."""
    module = writer.module
    full = f"kernel_{name}"
    if full not in module.functions:
        body, arity = KERNELS[name]
        arguments = [f"%a{n}" for n in range(arity)]
        head = ", ".join(f"{module.real} {each}" for each in arguments)
        inner = Writer(module, full, head, module.real)
        inner.finish(f"{module.real} {body(inner, *arguments)}", "nounwind")
    return writer.call(full, *given)


def polynomial(w: Writer, coefficients: Sequence[float], x: str) -> str:
    """Return a polynomial, the lowest power first: even and odd powers apart, by Horner's rule."""
    square = w.mul(x, x)
    parts = []
    for own in (coefficients[::2], coefficients[1::2]):
        total = number(own[-1])
        for each in own[-2::-1]:
            total = w.fma(total, square, number(each))
        parts.append(total)
    return w.fma(parts[1], x, parts[0])


def blended(w: Writer, function: str, special: Sequence[str], fast: str, *given: str) -> str:
    """Return `fast`, but the C library's value where one of some flags is set."""
    cold = f"cold_{function}"
    if cold not in w.module.functions:
        _one_by_one(w.module, cold, function, len(given))
    flags = reduce(lambda one, other: w.flags("or", one, other), special)
    before, inside, after = w.block, w.label("special"), w.label("blended")
    w.line(f"br i1 {w.any(flags)}, label %{inside}, label %{after}, !prof !0")
    w.begin(inside)
    arguments = ", ".join(f"{w.real} {each}" for each in (fast, *given))
    slow = w.fresh(f"call {w.real} @{cold}({w.flag} {flags}, {arguments})")
    w.line(f"br label %{after}")
    w.begin(after)
    return w.fresh(f"phi {w.real} [ {fast}, %{before} ], [ {slow}, %{inside} ]")


def _one_by_one(module: Module, name: str, function: str, arity: int) -> None:
    """Put a function into the module that computes chosen lanes by a function of numbers."""
    given = [f"%a{n}" for n in range(arity)]
    head = ", ".join((f"{module.flag} %chosen", f"{module.real} %other",
                      *(f"{module.real} {each}" for each in given)))  # fmt: skip
    w = Writer(module, name, head, module.real)
    result = w.slot(module.real)
    w.line(f"store {module.real} %other, ptr {result}, align 64")
    module.declare(function, ", ".join(["double"] * arity), "double")
    with w.loop(module.lanes) as lane:
        chosen = w.fresh(f"extractelement {module.flag} %chosen, i64 {lane}")
        with w.when(chosen):
            each = [w.fresh(f"extractelement {module.real} {a}, i64 {lane}") for a in given]
            found = w.fresh(
                f"call double @{function}({', '.join(f'double {one}' for one in each)})"
            )
            spot = w.fresh(f"getelementptr double, ptr {result}, i64 {lane}")
            w.line(f"store double {found}, ptr {spot}")
    done = w.fresh(f"load {module.real}, ptr {result}, align 64")
    w.finish(f"{module.real} {done}", "noinline cold nounwind")


def one_by_one(w: Writer, function: str, *given: str) -> str:
    """Return a function of numbers, declared elsewhere, in each lane."""
    full = f"each_{function}"
    if full not in w.module.functions:
        _one_by_one(w.module, full, function, len(given))
    arguments = ", ".join(f"{w.real} {each}" for each in (number(0.0), *given))
    return w.value(f"call {w.real} @{full}({w.flag} splat (i1 true), {arguments})")


def _size(w: Writer, x: str) -> str:
    return w.intrinsic("fabs", x)


def _scaled(w: Writer, x: str, low: str | None = None) -> str:
    """Return e^(x + low), by the nearest sixteenth of a power of 2 (Tang 1989)."""
    whole = x if low is None else w.add(x, low)  # what is low may be 0.3
    shifted = w.fma(whole, number(numbers.SIXTEENTHS), _SHIFTED)
    k = w.sub(shifted, _SHIFTED)
    first, second = (number(-each) for each in numbers.LN2_SIXTEENTH)
    r = w.fma(k, first, x)  # exact
    r = w.fma(k, second, r) if low is None else w.add(r, w.fma(k, second, low))
    less_one = w.fma(w.mul(r, r), polynomial(w, numbers.EXP_SIXTEENTH, r), r)
    # The last four bits of k choose the root, the others are its exponent.
    k = w.as_bits(shifted)
    root = w.as_bits(w.sixteen(numbers.ROOTS, k))
    scale = w.as_real(w.integers("add", root, w.integers("shl", k, integer(48))))
    return w.fma(scale, less_one, scale)


def _exponential(w: Writer, x: str) -> str:
    special = w.compare("uge", _size(w, x), number(708.0))
    return blended(w, "exp", [special], _scaled(w, x), x)


def _logarithm_parts(w: Writer, x: str) -> tuple[str, str]:
    """Return ln x as a sum of two numbers, the second small, for x normal and above 0."""
    raw = w.as_bits(x)
    above = w.integers("sub", raw, integer(numbers.FIRST_MANTISSA))
    part = w.integers("lshr", above, integer(48))
    z = w.as_real(w.integers("sub", raw, w.integers("and", above, integer(-(2**52)))))
    k = w.to_real(w.integers("ashr", above, integer(52)))
    r = w.fma(z, w.sixteen(numbers.INVERSES, part), number(-1.0))
    first = w.fma(k, number(numbers.LN2_HIGH), w.sixteen(numbers.LOG_HIGH, part))
    rest = w.fma(k, number(numbers.LN2_LOW), w.sixteen(numbers.LOG_LOW, part))
    total = w.add(first, r)
    lost = w.add(w.sub(first, total), r)
    square = w.mul(r, r)
    lost_of_square = w.fma(r, r, w.neg(square))
    half = number(-0.5)
    high = w.fma(square, half, total)
    lost_of_sum = w.fma(square, half, w.sub(total, high))
    rest = w.fma(lost_of_square, half, w.add(rest, lost))
    tail = w.fma(w.mul(r, square), polynomial(w, numbers.LOG, r), rest)
    return high, w.add(tail, lost_of_sum)


def _beyond_logarithms(w: Writer, x: str) -> str:
    """Return where x is no normal number above 0."""
    if w.module.permutes:
        return w.in_classes(x, 0xFF)
    raw = w.integers("sub", w.as_bits(x), integer(0x0010000000000000))
    return w.value(f"icmp uge {w.whole} {raw}, {integer(0x7FE0000000000000)}")


def _natural_logarithm(w: Writer, x: str) -> str:
    high, low = _logarithm_parts(w, x)
    return blended(w, "log", [_beyond_logarithms(w, x)], w.add(high, low), x)


def _decimal_logarithm(w: Writer, x: str) -> str:
    high, low = _logarithm_parts(w, x)
    factor, rest = (number(each) for each in numbers.LOG10_E)
    first = w.mul(high, factor)
    lost = w.fma(high, factor, w.neg(first))
    small = w.fma(high, rest, w.fma(low, factor, lost))
    return blended(w, "log10", [_beyond_logarithms(w, x)], w.add(first, small), x)


def _power(w: Writer, x: str, y: str) -> str:
    high, low = _logarithm_parts(w, x)
    product = w.mul(y, high)
    rest = w.fma(y, low, w.fma(y, high, w.neg(product)))
    special = [_beyond_logarithms(w, x), w.compare("uge", _size(w, product), number(707.0))]
    return blended(w, "pow", special, _scaled(w, product, rest), x, y)


def _sine_and_cosine(w: Writer, x: str) -> tuple[str, str, str]:
    """Return the sine and cosine of what is left of x after quarter turns, and their number."""
    shifted = w.fma(x, number(0.6366197723675814), _SHIFTED)
    turns = w.neg(w.sub(shifted, _SHIFTED))
    first, second, third = (number(each) for each in numbers.HALF_PI)
    near = w.fma(turns, first, x)  # exact
    further = w.mul(turns, second)
    r = w.add(near, further)
    back = w.sub(r, near)
    lost = w.add(w.sub(near, w.sub(r, back)), w.sub(further, back))
    lost = w.add(lost, w.fma(turns, second, w.neg(further)))
    low = w.fma(turns, third, lost)
    square = w.mul(r, r)
    bend = w.mul(w.mul(square, r), polynomial(w, numbers.SINE, square))
    # sin(r + low) = sin r + low cos r
    turned = w.fma(w.mul(square, low), number(-0.5), low)
    sine = w.add(r, w.add(bend, turned))
    half = w.mul(square, HALF)
    most = w.sub(ONE, half)
    cut = w.sub(w.sub(ONE, most), half)
    rest = w.mul(w.mul(square, square), polynomial(w, numbers.COSINE, square))
    cosine = w.add(most, w.add(cut, w.fma(w.neg(r), low, rest)))
    return sine, cosine, w.as_bits(shifted)


def _turned(w: Writer, x: str, first: int) -> str:
    sine, cosine, turns = _sine_and_cosine(w, x)
    turns = w.integers("add", turns, integer(first))
    odd = w.integers("and", turns, integer(1))
    swapped = w.value(f"icmp ne {w.whole} {odd}, zeroinitializer")
    value = w.pick(swapped, cosine, sine)
    sign = w.integers("shl", w.integers("lshr", turns, integer(1)), integer(63))
    return w.as_real(w.integers("xor", w.as_bits(value), sign))


def _many_turns(w: Writer, x: str) -> list[str]:
    return [w.compare("uge", _size(w, x), number(1e6))]


def _sine(w: Writer, x: str) -> str:
    return blended(w, "sin", _many_turns(w, x), _turned(w, x, 0), x)


def _cosine(w: Writer, x: str) -> str:
    return blended(w, "cos", _many_turns(w, x), _turned(w, x, 1), x)


def _tangent(w: Writer, x: str) -> str:
    sine, cosine, turns = _sine_and_cosine(w, x)
    odd = w.integers("and", turns, integer(1))
    swapped = w.value(f"icmp ne {w.whole} {odd}, zeroinitializer")
    above = w.pick(swapped, w.neg(cosine), sine)
    fast = w.div(above, w.pick(swapped, sine, cosine))
    return blended(w, "tan", _many_turns(w, x), fast, x)


def _with_sign(w: Writer, size: str, x: str) -> str:
    return w.intrinsic("copysign", size, x)


def _less_one(w: Writer, x: str) -> str:
    """Return e^x - 1 for x from 0 to 708; by powers of 2, for it is small where x is."""
    shifted = w.fma(x, number(1.4426950408889634), _SHIFTED)
    k = w.sub(shifted, _SHIFTED)
    # ln 2 cut at 40 bits: k times its first part is exact
    r = w.fma(k, number(-0.6931471805601177), x)
    r = w.fma(k, number(1.7239444525614835e-13), r)
    less_one = w.fma(w.mul(r, r), polynomial(w, numbers.EXP, r), r)
    shift = w.integers("shl", w.as_bits(shifted), integer(52))
    scale = w.as_real(w.integers("add", shift, _EXPONENT))
    return w.fma(scale, less_one, w.sub(scale, ONE))


def _hyperbolic_tangent(w: Writer, x: str) -> str:
    size = _size(w, x)
    bound = number(22.0)  # beyond, the tangent is 1 to the last bit; NaN stays NaN
    size = w.pick(w.compare("olt", bound, size), bound, size)
    grown = _less_one(w, w.mul(size, TWO))
    return _with_sign(w, w.div(grown, w.add(grown, TWO)), x)


def _hyperbolic_sine(w: Writer, x: str) -> str:
    size = _size(w, x)
    grown = _less_one(w, size)
    both = w.add(grown, w.div(grown, w.add(grown, ONE)))
    fast = _with_sign(w, w.mul(both, HALF), x)
    return blended(w, "sinh", [w.compare("uge", size, number(700.0))], fast, x)


def _hyperbolic_cosine(w: Writer, x: str) -> str:
    size = _size(w, x)
    grown = _scaled(w, size)
    fast = w.add(w.mul(grown, HALF), w.div(HALF, grown))
    return blended(w, "cosh", [w.compare("uge", size, number(700.0))], fast, x)


def _lanewise(function: str) -> Callable[..., str]:
    return lambda w, *given: one_by_one(w, function, *given)


KERNELS: dict[str, tuple[Callable[..., str], int]] = {
    "exponential": (_exponential, 1),
    "natural_logarithm": (_natural_logarithm, 1),
    "decimal_logarithm": (_decimal_logarithm, 1),
    "power": (_power, 2),
    "sine": (_sine, 1),
    "cosine": (_cosine, 1),
    "tangent": (_tangent, 1),
    "hyperbolic_tangent": (_hyperbolic_tangent, 1),
    "hyperbolic_sine": (_hyperbolic_sine, 1),
    "hyperbolic_cosine": (_hyperbolic_cosine, 1),
    "arc_sine": (_lanewise("asin"), 1),
    "arc_cosine": (_lanewise("acos"), 1),
    "arc_tangent": (_lanewise("atan"), 1),
}
"""Elementary functions by the name of their operation, with the number of arguments."""

LIKELY = '!0 = !{!"branch_weights", i32 1, i32 1000000}'
"""What LLVM is told of branches to special lanes: they are seldom taken."""
