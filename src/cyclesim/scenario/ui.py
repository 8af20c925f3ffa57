"""The `ui` section of a study, held against its model."""

from __future__ import annotations

from collections.abc import Mapping

from cyclesim.compiler import Selection
from cyclesim.compiler.selection import number_of
from cyclesim.names import Ident, did_you_mean
from cyclesim.scenario.coverage import note_overlap
from cyclesim.scenario.document import Path
from cyclesim.scenario.frame import Frame
from cyclesim.scenario.page_parts import LeverWish, Ui
from cyclesim.scenario.ui_schema import LeverKeys, UiKeys


def ui_of(keys: UiKeys, outputs: Mapping[Ident, str], frame: Frame) -> Ui:
    """Return what a study says of its page; note what does not fit the model or the outputs."""
    seen: list[Selection] = []
    levers = []
    for name, lever in keys.levers.items():
        path: Path = ("ui", "levers", name)
        selection = frame.selection(name, path, at_key=True)
        if selection is None or not note_overlap(selection, seen, path, frame):
            continue
        seen.append(selection)
        if _movable(selection, path, frame) and _sound(selection, lever, path, frame):
            levers.append(_wish(selection, lever))
    return Ui(tuple(levers), _charts(keys, outputs, frame))


def _wish(selection: Selection, lever: LeverKeys) -> LeverWish:
    return LeverWish(
        selection.variable.ident,
        lever.label,
        lever.group or "",
        lever.help,
        lever.min,
        lever.max,
        lever.step,
        lever.marks,
    )


def _movable(selection: Selection, path: Path, frame: Frame) -> bool:
    """Return whether a lever is one number of the model; note what is not."""
    variable = selection.variable
    if variable.shape:
        first = selection.elements(1)[0].variable.name
        message = f"'{variable.name}' is an array of {variable.size} elements, and a lever is one"
        frame.findings.fault("array", path, message, f"Name one, such as '{first}'.", at_key=True)
        return False
    if number_of(variable) is None:
        message = f"'{variable.name}' is no constant: it follows from '{variable.equation}'"
        hint = "Make a lever of a constant that it follows from."
        frame.findings.fault("lever", path, message, hint, at_key=True)
        return False
    return True


def _sound(selection: Selection, lever: LeverKeys, path: Path, frame: Frame) -> bool:
    """Return whether a slider has a length and stays in the model's range; note what does not."""
    before = len(frame.findings.diagnostics)
    for key, value in (("min", lever.min), ("max", lever.max)):
        if value is not None:
            frame.check_range(selection.variable, value, (*path, key))
    for word, value in lever.marks.items():
        frame.check_range(selection.variable, value, (*path, "marks", word))
    if lever.min is not None and lever.max is not None and lever.min >= lever.max:
        message = f"'max' {lever.max:g} is not above 'min' {lever.min:g}"
        frame.findings.fault("lever", (*path, "max"), message, "Give the slider a length.")
    return len(frame.findings.diagnostics) == before


def _charts(keys: UiKeys, outputs: Mapping[Ident, str], frame: Frame) -> tuple[Ident, ...]:
    found = []
    for place, name in enumerate(keys.charts):
        path: Path = ("ui", "charts", place)
        selection = frame.selection(name, path, at_key=False)
        if selection is None:
            continue
        if selection.variable.ident in outputs:
            found.append(selection.variable.ident)
            continue
        message = f"'{selection.variable.name}' is not among the outputs"
        hint = did_you_mean(name, outputs.values()) or "Add it under 'outputs'."
        frame.findings.fault("chart", path, message, hint)
    return tuple(dict.fromkeys(found))
