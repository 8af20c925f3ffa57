"""Which elements a name in a study stands for, where several names of one array overlap.

Within one list the narrower name wins: `Rate: 1` with `Rate[A]: 2` sets all but A to 1. Between
layers the later one wins, for the elements that it names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cyclesim.compiler import FlatModel, Selection, selected
from cyclesim.compiler.dimensions import boxes, common, within
from cyclesim.compiler.selection import number_of
from cyclesim.compiler.terms import Box
from cyclesim.names import Ident
from cyclesim.scenario.document import Path
from cyclesim.scenario.frame import Frame


def overlapping(a: Selection, b: Selection) -> bool:
    """Return whether two names have an element in common."""
    return a.whole.ident == b.whole.ident and common(a.box, b.box) is not None


def note_overlap(selection: Selection, seen: Sequence[Selection], path: Path, frame: Frame) -> bool:
    """Return whether it is clear what a name stands for beside others; note it where it is not."""
    for other in seen:
        if other.variable.ident == selection.variable.ident:
            message = (
                f"'{path[-1]}' is '{other.variable.name}' in another spelling, "
                "and stands here already"
            )
            frame.findings.fault("repeated", path, message, "Keep one of them.", at_key=True)
            return False
        if not overlapping(selection, other):
            continue
        inner, outer = sorted((selection.box, other.box), key=_size)
        if _size(inner) == _size(outer) or not within(inner, outer):
            message = f"'{selection.variable.name}' and '{other.variable.name}' share elements"
            hint = "Name parts that share none, or of which one holds the other."
            frame.findings.fault("overlap", path, message, hint, at_key=True)
            return False
    return True


def own_boxes(selection: Selection, beside: Sequence[Selection]) -> tuple[Box, ...] | None:
    """Return the elements that a name stands for and no narrower one beside it; () for all.

    None where narrower ones take them all.
    """
    narrower = [
        other.box
        for other in beside
        if overlapping(selection, other) and _size(other.box) < _size(selection.box)
    ]
    return tuple(boxes(selection.box, narrower)) or None if narrower else selection.boxes


def laid_over(values: Mapping[Ident, float], later: Mapping[Ident, float]) -> dict[Ident, float]:
    """Return values with later ones after them: what stands last counts."""
    return {ident: value for ident, value in values.items() if ident not in later} | dict(later)


def uncovered(values: Mapping[Ident, float], flat: FlatModel) -> dict[Ident, float]:
    """Return values less those of elements that a later name sets again, of a whole array say."""
    found: dict[Ident, float] = {}
    for ident, value in values.items():
        later = selected(flat, ident)
        for earlier in tuple(found):
            other = selected(flat, earlier)
            if overlapping(other, later) and within(other.box, later.box):
                del found[earlier]
        found[ident] = value
    return found


def number_before(
    selection: Selection, values: Mapping[Ident, float], flat: FlatModel
) -> float | None:
    """Return the number that a constant has under values set; None where it has none, or several.

    What stands later in `values` counts.
    """
    for ident in reversed(list(values)):
        other = selected(flat, ident)
        if overlapping(selection, other):
            return values[ident] if within(selection.box, other.box) else None
    return number_of(selection.variable)


def _size(box: Box) -> int:
    count = 1
    for places in box:
        count *= len(places)
    return count
