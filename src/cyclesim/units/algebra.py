"""Units as products of named powers. Nothing is converted: month and week are two names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Unit:
    """A product of powers, (name, exponent) each, sorted by name and none of them 0."""

    powers: tuple[tuple[str, Fraction], ...] = ()

    @staticmethod
    def of(powers: Mapping[str, Fraction]) -> Unit:
        """Return the unit of these powers; an exponent of 0 is left out."""
        return Unit(tuple(sorted((name, power) for name, power in powers.items() if power)))

    @staticmethod
    def named(name: str) -> Unit:
        """Return a unit of its own."""
        return Unit(((name, Fraction(1)),))

    def __mul__(self, other: Unit) -> Unit:
        if not self.powers or not other.powers:
            return self if self.powers else other
        found = dict(self.powers)
        for name, power in other.powers:
            found[name] = found.get(name, Fraction(0)) + power
        return Unit.of(found)

    def __truediv__(self, other: Unit) -> Unit:
        return self * other**-1

    def __pow__(self, exponent: int | Fraction) -> Unit:
        if not exponent:
            return DIMENSIONLESS
        return Unit(tuple((name, power * exponent) for name, power in self.powers))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names it is made of."""
        return tuple(name for name, _ in self.powers)

    def exponent(self, name: str) -> Fraction:
        """Return the power to which a name is raised, 0 where it does not occur."""
        return dict(self.powers).get(name, Fraction(0))

    def replaced(self, change: Callable[[str], Unit | None]) -> Unit:
        """Return the unit with some names replaced by units; None keeps a name."""
        found: dict[str, Fraction] = {}
        for name, power in self.powers:
            inner = change(name)
            parts = ((name, Fraction(1)),) if inner is None else inner.powers
            for each, exponent in parts:
                found[each] = found.get(each, Fraction(0)) + exponent * power
        return Unit.of(found)

    def text(self, shown: Callable[[str], str] = str) -> str:
        """Return the unit as it is written: `hour/(order*week)`, `1/week`, `dmnl`."""
        above = [_power(shown(name), power) for name, power in self.powers if power > 0]
        below = [_power(shown(name), -power) for name, power in self.powers if power < 0]
        if not below:
            return "*".join(above) or "dmnl"
        divisor = below[0] if len(below) == 1 else f"({'*'.join(below)})"
        return f"{'*'.join(above) or '1'}/{divisor}"

    def __str__(self) -> str:
        return self.text()


def _power(name: str, exponent: Fraction) -> str:
    if exponent == 1:
        return name
    return f"{name}^{exponent}" if exponent.denominator == 1 else f"{name}^({exponent})"


DIMENSIONLESS = Unit()
