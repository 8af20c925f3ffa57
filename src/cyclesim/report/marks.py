"""Changes and events as numbered lines on the charts, whose labels never overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cyclesim.compiler import Points
from cyclesim.compiler.selection import number_of
from cyclesim.scenario.parts import Change, Scenario, Study

LETTER_WIDTH = 6.1
"""Pixels that a letter of a label takes on average, so that rows can be set without a browser."""
WIDE, NARROW = 516.0, 200.0
LONGEST = 44


@dataclass(frozen=True)
class MarkEntry:
    """What happens at a mark, and in which scenarios (by their place in the study)."""

    text: str
    scenarios: tuple[int, ...]


@dataclass(frozen=True)
class Mark:
    """A time at which something happens in at least one scenario."""

    number: int
    time: float
    label: str
    entries: tuple[MarkEntry, ...]


@dataclass(frozen=True)
class Place:
    """Where a label stands: its row above the chart, and the side of its line it begins on."""

    text: str
    row: int
    anchor: str


@dataclass(frozen=True)
class _Label:
    """A label from `begin` to `end`, in pixels, whose line stands at `at`."""

    text: str
    at: float
    begin: float
    end: float
    leftward: bool


def marks_of(study: Study) -> tuple[Mark, ...]:
    """Return the changes and events of all scenarios, one mark a time."""
    by_time: dict[float, dict[str, list[int]]] = {}
    noted: dict[float, list[str]] = {}
    for place, scenario in enumerate(study.scenarios):
        for time, text, is_event in _happenings(scenario):
            by_time.setdefault(time, {}).setdefault(text, []).append(place)
            if is_event and text not in noted.setdefault(time, []):
                noted[time].append(text)
    return tuple(
        Mark(number, time, _label(noted.get(time, [])), _entries(by_time[time]))
        for number, time in enumerate(sorted(by_time), start=1)
    )


def _happenings(scenario: Scenario) -> list[tuple[float, str, bool]]:
    events = [(event.time, " ".join(event.note.split()), True) for event in scenario.events]
    noted = {time for time, _, _ in events}
    changes: dict[float, list[str]] = {}
    for change in scenario.changes:
        if begins(change) not in noted:
            changes.setdefault(begins(change), []).append(change.variable.name)
    said = [(time, f"{_listed(names)} changed", False) for time, names in changes.items()]
    return events + said


def begins(change: Change) -> float:
    """Return when a change first makes a difference.

    Points that begin with the variable's own number, so as to say where they come from,
    change nothing until they leave it.
    """
    points, own = change.override, number_of(change.variable)
    if not isinstance(points, Points) or own is None:
        return change.time
    leaving = next((i for i, value in enumerate(points.values) if value != own), None)
    if leaving is None:
        return change.time
    return points.times[leaving if points.hold or leaving == 0 else leaving - 1]


def _listed(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    if len(unique) > 3:
        unique = [*unique[:2], f"{len(unique) - 2} more"]
    return unique[0] if len(unique) == 1 else f"{', '.join(unique[:-1])} and {unique[-1]}"


def _entries(said: dict[str, list[int]]) -> tuple[MarkEntry, ...]:
    return tuple(MarkEntry(text, tuple(dict.fromkeys(places))) for text, places in said.items())


def _label(notes: Sequence[str]) -> str:
    text = "; ".join(notes) if notes else "changes begin"
    if len(text) > LONGEST and len(notes) > 1:
        text = f"{notes[0]} and more"
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def places(
    marks: Sequence[Mark], start: float, stop: float, width: float, with_text: bool
) -> tuple[Place, ...]:
    """Return rows for the labels on a chart of `width` pixels, so that none meets another."""
    wide = {mark.number: _label_of(mark, start, stop, width, with_text) for mark in marks}
    # Labels right of their lines are set from the right, labels left of theirs from the left:
    # then lines rise past the labels that are there already.
    order = sorted(wide, key=lambda n: (wide[n].leftward, wide[n].at * (wide[n].leftward or -1)))
    placed: list[tuple[int, _Label]] = []
    rows: dict[int, int] = {}
    for one in order:
        rows[one] = _row(placed, wide[one])
        placed.append((rows[one], wide[one]))
    return tuple(
        Place(label.text, rows[n], "right" if label.leftward else "left")
        for n, label in wide.items()
    )


def _label_of(mark: Mark, start: float, stop: float, width: float, with_text: bool) -> _Label:
    text = f"{mark.number}  {mark.label}" if with_text else str(mark.number)
    long = LETTER_WIDTH * len(text) + 12
    at = width * (mark.time - start) / ((stop - start) or 1.0)
    leftward = at + long > width and at - long >= 0
    begin, end = (at - long, at) if leftward else (at, at + long)
    return _Label(text, at, begin, end, leftward)


def _row(placed: Sequence[tuple[int, _Label]], new: _Label) -> int:
    """Return the lowest row with room, where no line crosses a label if that can be had."""
    highest = max((row for row, _ in placed), default=-1) + 1
    fitting = (row for row in range(highest) if all(_apart(new, row, *one) for one in placed))
    return next(fitting, highest)


def _apart(new: _Label, row: int, other_row: int, other: _Label) -> bool:
    if row == other_row:
        return new.begin >= other.end or other.begin >= new.end
    low, high = (new, other) if row < other_row else (other, new)
    return not low.begin < high.at < low.end
