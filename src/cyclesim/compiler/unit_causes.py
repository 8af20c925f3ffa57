"""What is broken in a model's units, and the one declaration that explains several breaks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cyclesim.compiler.unit_agreements import CLOCK, Agreement, Plain, Quantity, atom
from cyclesim.compiler.unit_solving import Units, required
from cyclesim.units import DIMENSIONLESS, Unit


@dataclass(frozen=True)
class Cause:
    """A symbol whose unit contradicts several agreements that agree on another, `needed`."""

    name: str
    needed: Unit
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True)
class Judgement:
    """Agreements that are broken, those with bare numbers beside units, and common causes."""

    broken: tuple[Agreement, ...]
    numbers: tuple[Agreement, ...]
    causes: tuple[Cause, ...]


def judge(agreements: Sequence[Agreement], units: Units, written: frozenset[str]) -> Judgement:
    """Return what does not agree; what rests on a broken agreement is passed over.

    `written` are the symbols of variables that declare units. An agreement that touches none of
    them is not judged: who declares no units asks for no check.
    """
    broken: dict[int, Agreement | None] = {}
    numbers: list[Agreement] = []
    whole: list[Agreement] = []
    for agreement in agreements:
        if any(number in broken for number in agreement.rests_on):
            continue
        values = {units.known(unit) for unit in agreement.units} - {None}
        asked = _touches(agreement, units, written)
        if len(values) > 1:
            broken[agreement.number] = agreement if asked else None
            continue
        whole.append(agreement)
        within = agreement.rests_on & {each.number for each in numbers}
        if asked and not within and beside_numbers(agreement, units, written):
            numbers.append(agreement)
    found = [agreement for agreement in broken.values() if agreement is not None]
    causes = _causes(found, [_without_units(agreement) for agreement in numbers], whole, units)
    explained = {each.number for cause in causes for each in cause.agreements}
    bare = tuple(agreement for agreement in numbers if agreement.number not in explained)
    explained.update(each.number for each in found if each.rests_on & {b.number for b in bare})
    rest = tuple(agreement for agreement in found if agreement.number not in explained)
    return Judgement(rest, bare, tuple(causes))


def _without_units(agreement: Agreement) -> Agreement:
    """Return an agreement with a bare number as one that asks for no units."""
    return replace(agreement, members=(*agreement.members, Quantity(DIMENSIONLESS, None)))


def _touches(agreement: Agreement, units: Units, written: frozenset[str]) -> bool:
    owner = atom(agreement.site.about.ident)
    return owner in written or any(
        name in written
        for unit in agreement.units
        for name in (*unit.names, *units.reduced(unit).names)
    )


def beside_numbers(
    agreement: Agreement, units: Units, written: frozenset[str]
) -> tuple[Quantity, Unit] | None:
    """Return what declares units and stands beside a bare number, with its unit.

    A date beside the time is no such number; who declares no units may mean any by a number.
    """
    numbers = any(member.plain is Plain.NUMBER for member in agreement.members)
    if not numbers or any(member.clock for member in agreement.measured):
        return None
    for member in agreement.measured:
        value = units.known(member.unit)
        if value is not None and value.powers and written.intersection(member.unit.names):
            return member, value
    return None


def _causes(
    broken: list[Agreement], numbers: list[Agreement], whole: list[Agreement], units: Units
) -> list[Cause]:
    """Return the declarations that explain two breaks or more, the strongest first.

    Bare numbers beside units count as breaks where something else is broken too.
    """
    reading: dict[str, list[Agreement]] = defaultdict(list)
    beside = {agreement.number for agreement in numbers}
    for agreement in whole:
        for name in _names(agreement, units) if agreement.number not in beside else ():
            reading[name].append(agreement)
    causes: list[Cause] = []
    while broken:
        cause = _strongest(broken, numbers, reading, units)
        if cause is None:
            break
        causes.append(cause)
        explained = {agreement.number for agreement in cause.agreements}
        broken = [agreement for agreement in broken if agreement.number not in explained]
        numbers = [agreement for agreement in numbers if agreement.number not in explained]
    return causes


def _strongest(
    broken: list[Agreement],
    numbers: list[Agreement],
    reading: Mapping[str, list[Agreement]],
    units: Units,
) -> Cause | None:
    found: dict[tuple[str, Unit], list[Agreement]] = defaultdict(list)
    for agreement in (*broken, *numbers):
        for name in _names(agreement, units) | (agreement.atoms & set(units.solved)):
            needed = required(agreement, units, name)
            if needed is not None and (name != CLOCK or _is_word(needed)):
                found[name, needed].append(agreement)
    best: tuple[tuple[int, ...], Cause] | None = None
    used = Counter(units.known(Unit.named(name)) for name in units.declared)
    for (name, needed), helped in found.items():
        lost = sum(
            required(each, units, name) not in (None, needed)
            for each in reading[name] if name in units.declared
        ) if name in reading else 0  # fmt: skip
        direct = sum(name in agreement.atoms for agreement in helped)
        weight = -sum(abs(power.numerator) for _, power in needed.powers)
        free = int(name not in units.declared)
        rare = int(used[units.known(Unit.named(name))] == 1)
        rank = (len(helped) - lost, free, direct, rare, int(needed in used), weight)
        if helped[0] not in broken:  # bare numbers only
            continue
        if len(helped) - lost > 1 and (best is None or rank > best[0]):
            best = rank, Cause(name, needed, tuple(helped))
    return best[1] if best is not None else None


def _names(agreement: Agreement, units: Units) -> frozenset[str]:
    """Return the declared symbols that an agreement comes down to."""
    return frozenset(
        name
        for unit in agreement.units
        for name in units.reduced(unit).names
        if name in units.declared
    )


def _is_word(unit: Unit) -> bool:
    return len(unit.powers) == 1 and unit.powers[0][1] == 1
