"""The `story` section of a study, held against its model, its levers and its scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cyclesim.compiler import Selection, selected
from cyclesim.names import Ident, did_you_mean
from cyclesim.scenario.coverage import overlapping
from cyclesim.scenario.document import Path
from cyclesim.scenario.expectations import check_scenario
from cyclesim.scenario.frame import Frame
from cyclesim.scenario.page_parts import Story, StoryStep, Ui
from cyclesim.scenario.story_schema import StepKeys, StoryKeys


def story_of(
    keys: StoryKeys,
    places: Sequence[int],
    ui: Ui,
    outputs: Mapping[Ident, str],
    frame: Frame,
) -> Story:
    """Return the story of a study; note what does not fit. `places` count its steps in the file."""
    scenarios = frame.findings.document.keys(("scenarios",))
    steps = []
    for place, step in zip(places, keys.steps, strict=True):
        path: Path = ("story", "steps", place)
        if step.scenario is not None:
            check_scenario(step.scenario, (*path, "scenario"), scenarios, frame)
        elif step.set or step.predict is not None:
            key = "set" if step.set else "predict"
            message = f"'{key}' needs to know of which scenario"
            frame.findings.fault("story", (*path, key), message, "Add 'scenario: ...'.")
        steps.append(
            StoryStep(
                step.title,
                step.text,
                _shown(step, path, frame),
                step.scenario or "",
                _levers(step, path, ui, frame),
                _predicted(step, path, outputs, frame),
                step.try_ or "",
                tuple(step.questions),
            )
        )
    return Story(keys.title or "", tuple(steps))


def _shown(step: StepKeys, path: Path, frame: Frame) -> tuple[Ident, ...]:
    found = (
        frame.selection(name, (*path, "show", place), at_key=False)
        for place, name in enumerate(step.show)
    )
    return tuple(selection.whole.ident for selection in found if selection is not None)


def _levers(step: StepKeys, path: Path, ui: Ui, frame: Frame) -> Mapping[Ident, float]:
    levers: list[Selection] = [selected(frame.flat, lever.ident) for lever in ui.levers]
    found: dict[Ident, float] = {}
    for name, value in step.set.items():
        at = (*path, "set", name)
        selection = frame.selection(name, at, at_key=True)
        if selection is None:
            continue
        if not any(overlapping(selection, lever) for lever in levers):
            message = f"'{selection.variable.name}' is no lever of this study"
            hint = did_you_mean(name, [lever.variable.name for lever in levers])
            hint = hint or "Add it under 'ui', 'levers'."
            frame.findings.fault("story", at, message, hint, at_key=True)
            continue
        frame.check_range(selection.variable, value, at)
        found[selection.variable.ident] = value
    return found


def _predicted(
    step: StepKeys, path: Path, outputs: Mapping[Ident, str], frame: Frame
) -> Ident | None:
    if step.predict is None:
        return None
    selection = frame.selection(step.predict, (*path, "predict"), at_key=False)
    if selection is None or selection.variable.ident in outputs:
        return selection.variable.ident if selection is not None else None
    message = f"'{selection.variable.name}' is not among the outputs"
    hint = did_you_mean(step.predict, outputs.values()) or "Add it under 'outputs'."
    frame.findings.fault("story", (*path, "predict"), message, hint)
    return None
