"""What each parameter's number rests on, as its documentation says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cyclesim.compiler import FlatModel, FlatVariable, Role, Selection, selected
from cyclesim.names import displayed
from cyclesim.scenario.coverage import overlapping
from cyclesim.scenario.grounds import Basis, Ground, ground_of, plausible_range
from cyclesim.scenario.parts import Scenario

__all__ = [
    "Basis",
    "Ground",
    "ParameterRow",
    "ground_of",
    "in_words",
    "parameter_rows",
    "plausible_range",
]

MOST_ELEMENTS = 12
"""Elements of an array that have a row each."""


@dataclass(frozen=True)
class ParameterRow:
    """A parameter with its number; `changed_in` are the places of scenarios that change it.

    An array has a row for each element where they are few and differ, else one in which `highest`
    is the largest of its numbers, and `value` the smallest.
    """

    variable: FlatVariable
    value: float
    ground: Ground
    changed_in: tuple[int, ...]
    highest: float | None = None


def parameter_rows(
    flat: FlatModel, bound: Mapping[str, float], scenarios: Sequence[Scenario]
) -> tuple[ParameterRow, ...]:
    """Return the modeller's parameters: assumptions, then those without a word, then the rest."""
    changed = [
        [selected(flat, change.variable.ident) for change in scenario.changes]
        for scenario in scenarios
    ]
    rows = [
        row
        for variable in flat.visible
        if variable.role is Role.PARAMETER
        for row in _rows(selected(flat, variable.ident), bound, changed)
    ]
    order = list(Basis)
    return tuple(
        sorted(rows, key=lambda r: (order.index(r.ground.basis), displayed(r.variable.name)))
    )


def _rows(
    whole: Selection, bound: Mapping[str, float], changed: Sequence[Sequence[Selection]]
) -> Iterator[ParameterRow]:
    variable = whole.variable
    numbers = dict(zip(variable.columns, variable.values, strict=True))
    numbers = {name: bound.get(name, number) for name, number in numbers.items()}
    low, high = min(numbers.values()), max(numbers.values())
    apart = low != high and variable.size <= MOST_ELEMENTS
    for part in whole.elements() if apart else (whole,):
        yield ParameterRow(
            part.variable,
            numbers[part.variable.name] if apart else low,
            ground_of(variable.about.doc),
            tuple(
                place
                for place, changes in enumerate(changed)
                if any(overlapping(part, change) for change in changes)
            ),
            high if high != low and not apart else None,
        )


def in_words(rows: tuple[ParameterRow, ...]) -> str:
    """Return how many parameters rest on what."""
    counts = {basis: sum(row.ground.basis is basis for row in rows) for basis in Basis}
    if not rows:
        return "The model has no parameters."
    texts = {
        Basis.ASSUMPTION: "assumed within a plausible range",
        Basis.UNKNOWN: "without a source or a word on where the number comes from",
        Basis.SOURCE: "taken from a source",
        Basis.DEFINITION: "a matter of definition or scale",
    }
    parts = [f"{counts[basis]} {_be(counts[basis])} {texts[basis]}" for basis in Basis
             if counts[basis]]  # fmt: skip
    said = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"Of {len(rows)} parameter{'' if len(rows) == 1 else 's'}, {said}."


def _be(count: int) -> str:
    return "is" if count == 1 else "are"
