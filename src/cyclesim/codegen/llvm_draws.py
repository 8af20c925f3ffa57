"""Noise on vectors of runs: the draws of `cyclesim.noise`, each run with a key of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclesim.codegen.llvm_text import Writer, integer, number
from cyclesim.compiler.terms import Draw, Reading
from cyclesim.noise import ROUNDS

if TYPE_CHECKING:
    from cyclesim.codegen.llvm_terms import Terms

_LOW = 0xFFFFFFFF


def drawn(terms: Terms, term: Draw) -> str:
    """Return a number between 0 and 1 by its coordinates (Philox 4x32-10)."""
    w = terms.w
    element = w.integers("and", w.to_integer(terms.value(term.element)), integer(_LOW))
    if term.seed is None:
        site = integer(term.site & _LOW)
        key = [_key(terms, terms.plan.seed), _key(terms, terms.plan.run)]
    else:
        site, key = integer(0), [integer(term.seed & _LOW), integer(0)]
    first, second = philox(w, [site, element, _noise_step(terms), integer(0)], key)
    high = w.mul(w.to_real(w.integers("lshr", first, integer(6))), number(67108864.0))
    low = w.to_real(w.integers("lshr", second, integer(6)))
    return w.mul(w.add(w.add(high, low), number(0.5)), number(2.0**-52))


def _key(terms: Terms, spot: int) -> str:
    """Return a part of the key of all draws."""
    w = terms.w
    found = w.value(f"load {w.whole}, ptr {w.address('%frame', spot)}, align 8")
    return w.integers("and", found, integer(_LOW))


def _noise_step(terms: Terms) -> str:
    """Return the number of the noise step, counted on the grid of the model's own dt."""
    w = terms.w
    gone = w.sub(terms.clock(Reading.STEP_TIME), terms.clock(Reading.START))
    steps = w.add(w.div(gone, w.load("%frame", terms.plan.declared_dt)), number(1e-6))
    return w.integers("and", w.to_integer(w.intrinsic("floor", steps)), integer(_LOW))


def philox(w: Writer, counter: list[str], key: list[str]) -> tuple[str, str]:
    """Return the first two 32-bit words of Philox 4x32-10."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    low, shift = integer(_LOW), integer(32)
    for _ in range(ROUNDS):
        first = w.integers("mul", c0, integer(0xD2511F53))
        second = w.integers("mul", c2, integer(0xCD9E8D57))
        c0, c1, c2, c3 = (
            w.integers("xor", w.integers("xor", w.integers("lshr", second, shift), c1), k0),
            w.integers("and", second, low),
            w.integers("xor", w.integers("xor", w.integers("lshr", first, shift), c3), k1),
            w.integers("and", first, low),
        )
        k0 = w.integers("and", w.integers("add", k0, integer(0x9E3779B9)), low)
        k1 = w.integers("and", w.integers("add", k1, integer(0xBB67AE85)), low)
    return c0, c1
