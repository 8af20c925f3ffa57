"""What a study says of feedback loops, checked against the model."""

from __future__ import annotations

from cyclesim.scenario.frame import Frame
from cyclesim.scenario.loops_schema import LoopsKeys
from cyclesim.scenario.parts import StudyLoops


def loops_of(keys: LoopsKeys, frame: Frame) -> StudyLoops:
    """Return what a study says of loops; names that are not there are noted."""
    names: list[tuple[str, tuple[str, ...]]] = []
    for name, chain in keys.names.items():
        found = [
            frame.selection(variable, ("loops", "names", name, place), at_key=False)
            for place, variable in enumerate(chain)
        ]
        if all(each is not None for each in found):
            names.append((name, tuple(chain)))
    through = [
        variable
        for place, variable in enumerate(keys.through)
        if frame.selection(variable, ("loops", "through", place), at_key=False) is not None
    ]
    return StudyLoops(tuple(names), tuple(through))
