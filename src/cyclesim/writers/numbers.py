"""Numbers as they stand in a file: exact, and short where they can be."""

from __future__ import annotations

from fractions import Fraction

from cyclesim.expr.text import number_text


def decimal(value: Fraction) -> str | None:
    """Return a fraction as a decimal, None where no decimal is equal to it."""
    rest, places = value.denominator, {2: 0, 5: 0}
    for prime in places:
        while rest % prime == 0:
            rest //= prime
            places[prime] += 1
    if rest != 1:
        return None
    shift = max(places.values())
    digits = str(abs(value.numerator) * 10**shift // value.denominator).rjust(shift + 1, "0")
    sign = "-" if value < 0 else ""
    whole, after = digits[: len(digits) - shift], digits[len(digits) - shift :]
    return f"{sign}{whole}.{after}" if after else f"{sign}{whole}"


def exact(value: Fraction) -> str:
    """Return a fraction as a decimal, or as a quotient where no decimal is equal to it."""
    return decimal(value) or f"{value.numerator}/{value.denominator}"


def points(values: tuple[float, ...]) -> str:
    """Return the numbers of a graphical function, to the last bit."""
    return ",".join(number_text(value) for value in values)
