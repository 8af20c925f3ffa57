"""Agreements solved: the units of variables that declare none, and what does not agree.

Exponents form a linear system: an agreement that still holds one unknown or more gives the
first of them in terms of the rest. What is known on all sides is compared.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cyclesim.compiler.unit_agreements import Agreement, is_atom
from cyclesim.units import Unit


@dataclass
class Units:
    """The units of symbols: declared ones, and unknown ones in terms of other symbols."""

    declared: Mapping[str, Unit]
    solved: dict[str, Unit] = field(default_factory=dict)

    def reduced(self, unit: Unit, kept: str = "") -> Unit:
        """Return a unit over declared symbols and unknown ones that are not solved."""

        def change(name: str) -> Unit | None:
            return None if name == kept else self.solved.get(name)

        while any(name in self.solved and name != kept for name in unit.names):
            unit = unit.replaced(change)  # a solution holds only symbols that were solved later
        return unit

    def settle(self) -> None:
        """Put all solutions in terms of what is declared or stays unknown."""
        for name in reversed(self.solved):
            self.solved[name] = self.reduced(self.solved[name])

    def value(self, unit: Unit, kept: str = "") -> Unit:
        """Return a unit over unit words, with symbols only where they are unknown or kept."""

        def change(name: str) -> Unit | None:
            return None if name == kept else self.declared.get(name)

        return self.reduced(unit, kept).replaced(change)

    def unknown(self, unit: Unit) -> list[str]:
        """Return the unknown symbols of a reduced unit."""
        return [name for name in unit.names if is_atom(name) and name not in self.declared]

    def known(self, unit: Unit) -> Unit | None:
        """Return the value of a unit, None where something in it is unknown."""
        value = self.value(unit)
        return None if any(is_atom(name) for name in value.names) else value


def solve(
    agreements: Sequence[Agreement], declared: Mapping[str, Unit], given: Mapping[str, Unit]
) -> Units:
    """Return the units that the agreements fix; one that contradicts itself fixes none.

    `given` are units in terms of other symbols, known beforehand.
    """
    units = Units(declared, dict(given))
    broken: set[int] = set()
    waiting = {number: _unknowns(agreement, units) for number, agreement in enumerate(agreements)}
    places: dict[str, set[int]] = defaultdict(set)
    for number, names in waiting.items():
        for name in names:
            places[name].add(number)
    ready = deque(number for number, names in waiting.items() if len(names) < 2)
    rest = deque(number for number, names in waiting.items() if len(names) > 1)
    done: set[int] = set()
    while ready or rest:
        number = ready.popleft() if ready else rest.popleft()
        if number in done:
            continue
        done.add(number)
        if broken & agreements[number].rests_on:
            continue
        solved = _unify(agreements[number], units)
        if solved is None:
            broken.add(number)
        for name in solved or ():
            for place in sorted(places[name] - done):
                waiting[place] = _unknowns(agreements[place], units)
                for other in waiting[place]:
                    places[other].add(place)
                if len(waiting[place]) == 1:
                    ready.append(place)
    units.settle()
    return units


def _unknowns(agreement: Agreement, units: Units) -> frozenset[str]:
    return frozenset(
        name for unit in agreement.units for name in units.unknown(units.reduced(unit))
    )


def _unify(agreement: Agreement, units: Units) -> list[str] | None:
    """Solve an agreement for unknowns and return those solved, None where its sides differ."""
    values = [units.known(unit) for unit in agreement.units]
    if len({value for value in values if value is not None}) > 1:
        return None
    first = next((place for place, value in enumerate(values) if value is not None), 0)
    standard = agreement.units[first]
    found = []
    for unit, value in zip(agreement.units, values, strict=True):
        if value is None:
            residual = units.reduced(unit / standard)
            names = units.unknown(residual)
            if names:
                found.append(names[0])
                units.solved[names[0]] = _root(residual, names[0])
    return found


def _root(residual: Unit, name: str) -> Unit:
    """Return what a symbol must be for a product to be without units."""
    exponent = residual.exponent(name)
    return (residual / Unit.named(name) ** exponent) ** (-1 / exponent)


def required(agreement: Agreement, units: Units, name: str) -> Unit | None:
    """Return the unit that a symbol needs for an agreement to hold, None where none helps."""
    values = [units.value(unit, kept=name) for unit in agreement.units]
    found: Unit | None = None
    for value in values[1:]:
        residual = value / values[0]
        if not residual.powers:
            continue
        if not residual.exponent(name):
            return None
        needed = _root(residual, name)
        if any(is_atom(each) for each in needed.names) or found not in (None, needed):
            return None
        found = needed
    return found
