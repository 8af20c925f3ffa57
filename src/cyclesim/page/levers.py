"""The levers of a page: which constants a reader may move, how far, and in what steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cyclesim.compiler import FlatVariable, Points, Selection, selected
from cyclesim.compiler.selection import number_of
from cyclesim.names import Ident
from cyclesim.report.evidence import ground_of, plausible_range
from cyclesim.scenario.coverage import overlapping
from cyclesim.scenario.page_parts import LeverWish
from cyclesim.scenario.parts import Study

MOST_LEVERS = 10
"""Levers of a study that does not say which it wants."""

_STEPS = 100
"""A slider whose step is not given has at least so many."""


@dataclass(frozen=True)
class Lever:
    """A constant that a reader may move between `low` and `high`, from `base`.

    `marks` are values worth knowing with a word for each.
    """

    selection: Selection
    base: float
    low: float
    high: float
    step: float
    label: str
    group: str
    help: str
    marks: tuple[tuple[str, float], ...]

    @property
    def name(self) -> str:
        """Return the name as written in the model."""
        return self.selection.variable.name


def levers_of(study: Study) -> tuple[Lever, ...]:
    """Return the levers that a study asks for, else the constants that its scenarios change."""
    if study.ui.levers:
        return tuple(_lever(study, wish) for wish in study.ui.levers)
    return tuple(_lever(study, LeverWish(ident)) for ident in _changed_constants(study))


def _changed_constants(study: Study) -> list[Ident]:
    found: dict[Ident, Selection] = {}
    for scenario in study.scenarios:
        for change in scenario.changes:
            selection = selected(study.model.flat, change.variable.ident)
            single = not selection.variable.shape and number_of(selection.variable) is not None
            if single and not any(overlapping(selection, each) for each in found.values()):
                found[change.variable.ident] = selection
    return list(found)[:MOST_LEVERS]


def _lever(study: Study, wish: LeverWish) -> Lever:
    selection = selected(study.model.flat, wish.ident)
    variable = selection.variable
    base = number_of(variable)
    assert base is not None  # the study's reader refuses a lever that is no constant
    used = tuple(_numbers_used(study, selection))
    low, high = _span(variable, base, (*used, *wish.marks.values()))
    low = wish.low if wish.low is not None else low
    high = wish.high if wish.high is not None else high
    if not low < high:  # one end given beyond the other: the slider still has a length
        low, high = min(low, base), max(high, base)
        high = high if low < high else low + 1.0
    step = wish.step or _step(high - low, (base, *used))
    if wish.low is None:
        low = _rounded(low, step, math.floor)
    if wish.high is None:
        high = _rounded(high, step, math.ceil)
    if variable.range.low is not None:
        low = max(low, variable.range.low)
    if variable.range.high is not None:
        high = min(high, variable.range.high)
    about = wish.help or ground_of(variable.about.doc).about
    return Lever(
        selection, base, low, high, step, wish.label or variable.name, wish.group, about,
        tuple(wish.marks.items()),
    )  # fmt: skip


def _numbers_used(study: Study, selection: Selection) -> Iterator[float]:
    """Yield the numbers that scenarios give a lever."""
    for scenario in study.scenarios:
        for change in scenario.changes:
            override = change.override
            if not overlapping(selected(study.model.flat, change.variable.ident), selection):
                continue
            if isinstance(override, Points):
                yield from override.values
            elif getattr(override, "to", None) is not None:
                yield float(override.to)  # type: ignore[union-attr, arg-type]
            elif getattr(override, "by", None) is not None:
                yield (number_of(selection.variable) or 0.0) + float(override.by)  # type: ignore[union-attr, arg-type]
            elif getattr(override, "value", None) is not None:
                yield float(override.value)  # type: ignore[union-attr]
    for scenario in study.scenarios:
        for ident, value in scenario.start.items():
            if overlapping(selected(study.model.flat, ident), selection):
                yield value


def _span(variable: FlatVariable, base: float, used: Sequence[float]) -> tuple[float, float]:
    """Return where a slider begins and ends: what is plausible, and all that the study uses.

    Without a plausible range it goes half as far again as the study does, or as far as zero and
    the double, and never beyond the range in the model.
    """
    wall = variable.range
    plausible = plausible_range(variable.about.doc)
    if plausible is not None:
        low, high = plausible
    elif (wall.low, wall.high) == (0.0, 1.0):
        low, high = 0.0, 1.0  # a share or a switch: all of it
    else:
        reach = max((abs(value - base) for value in used), default=0.0)
        low, high = base - 1.5 * reach, base + 1.5 * reach
        if reach == 0.0:
            low, high = base - (abs(base) or 1.0), base + (abs(base) or 1.0)
    low, high = min(low, base, *used), max(high, base, *used)
    if wall.low is not None:
        low = max(low, wall.low)
    if wall.high is not None:
        high = min(high, wall.high)
    return low, high


def _rounded(value: float, step: float, side: Callable[[float], int]) -> float:
    """Return the multiple of a step next to a value on one side of it."""
    return float(f"{side(round(value / step, 6)) * step:.12g}")


def _step(length: float, values: Sequence[float]) -> float:
    """Return a round step of which the length holds at least a hundred, 1, 2 or 5 in front."""
    power = 10.0 ** math.floor(math.log10(length / _STEPS))
    step = max(m * power for m in (1.0, 2.0, 5.0) if m * power <= length / _STEPS * (1 + 1e-9))
    if all(float(value).is_integer() for value in values) and length >= 4:
        step = max(1.0, step)  # what the study counts in whole numbers moves in whole numbers
    return float(f"{step:.12g}")
