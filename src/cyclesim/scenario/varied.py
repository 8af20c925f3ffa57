"""What differs from run to run: a constant, a stock's initial value, a number of a change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from cyclesim.compiler import (
    FlatModel,
    NothingSelected,
    Override,
    Pulse,
    Ramp,
    Role,
    Selection,
    Step,
    selected,
)
from cyclesim.compiler.selection import number_of
from cyclesim.names import Ident

if TYPE_CHECKING:  # a study holds designs, and designs what varies
    from cyclesim.scenario.parts import Scenario


class VariedKind(Enum):
    """What kind of number differs."""

    CONSTANT = "constant"
    INITIAL = "initial value"
    CHANGE = "number of a change"


class NotVaried(ValueError):
    """A name whose number cannot differ from run to run; the message says why."""


@dataclass(frozen=True)
class Varied:
    """A number that differs from run to run.

    `ident` names the variable, with `element` its place in an array (None: a scalar, or the whole
    array). `role` says which number of a change it is: to, by, time, until or duration; `changed`
    is the change's own variable, which may be a slice. `value` is the number of the study as
    it stands, None where there is none.
    """

    name: str
    ident: Ident
    kind: VariedKind
    element: int | None = None
    role: str = ""
    changed: Ident | None = None
    value: float | None = None


def constant(flat: FlatModel, name: str) -> Varied:
    """Return a constant, or an element of one, as a number that varies.

    Raises NotVaried where the name is none.
    """
    chosen = _chosen(flat, name)
    if chosen.whole.role is not Role.PARAMETER:
        if chosen.whole.role is Role.LEVEL:
            why = "is a stock: vary its initial value"
        else:
            why = f"has an equation, '{chosen.whole.equation}'"
        raise NotVaried(f"'{chosen.variable.name}' {why}.")
    return _varied(chosen, VariedKind.CONSTANT, number_of(chosen.variable))


def initial_value(flat: FlatModel, name: str) -> Varied:
    """Return the initial value of a stock, or of an element of one, as a number that varies.

    Raises NotVaried where the name is none.
    """
    chosen = _chosen(flat, name)
    if chosen.whole.role is not Role.LEVEL:
        raise NotVaried(f"'{chosen.variable.name}' is not a stock and has no initial value.")
    return _varied(chosen, VariedKind.INITIAL, None)


def _varied(chosen: Selection, kind: VariedKind, value: float | None) -> Varied:
    if chosen.whole.shape and chosen.variable.shape and chosen.boxes:
        raise NotVaried(f"'{chosen.variable.name}' is a part of an array: name one element.")
    return Varied(chosen.variable.name, chosen.whole.ident, kind, chosen.element, value=value)


def change_numbers(scenario: Scenario) -> tuple[Varied, ...]:
    """Return the numbers of a scenario's changes: their sizes, times and durations."""
    return tuple(
        Varied(change.variable.name, change.override.ident, VariedKind.CHANGE, None, role,
               change.variable.ident, value)
        for change in scenario.changes
        for role, value in _numbers(change.override)
    )  # fmt: skip


def _numbers(override: Override) -> Iterator[tuple[str, float]]:
    match override:
        case Step(time=time, to=to, by=by):
            found = {"to": to, "by": by, "time": time}
        case Pulse(start=start, duration=duration, to=to, by=by):
            found = {"to": to, "by": by, "time": start, "duration": duration}
        case Ramp(start=start, until=until, to=to, by=by):
            found = {"to": to, "by": by, "time": start, "until": until}
        case _:
            return
    yield from ((role, value) for role, value in found.items() if value is not None)


def _chosen(flat: FlatModel, name: str) -> Selection:
    try:
        return selected(flat, name)
    except NothingSelected as nothing:
        raise NotVaried(str(nothing)) from None
