"""All that a page's script is given, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclesim.analysis.loops import Named
from cyclesim.analysis.words import moment, with_unit
from cyclesim.codegen.emit_javascript import emit_javascript, schedule_numbers
from cyclesim.compiler import FlatModel
from cyclesim.ensemble import past, run_scenario, scenario_models
from cyclesim.errors import StudyError
from cyclesim.names import Ident, canonical
from cyclesim.page.dominance import strips
from cyclesim.page.layers import Layered, Numbers, Preset, layered, never
from cyclesim.page.levers import Lever, levers_of
from cyclesim.page.picture import Picture, picture_of
from cyclesim.report.marks import begins
from cyclesim.scenario.document import parse
from cyclesim.scenario.frame import first_change
from cyclesim.scenario.parts import Direction, Output, Scenario, Study
from cyclesim.version import __version__

MOST_CHARTS = 3
"""Charts drawn at first where a study does not say which."""


@dataclass(frozen=True)
class Contents:
    """What a page holds: its data, the scripts of its models, and its picture."""

    data: dict[str, Any]
    programs: tuple[str, ...]
    svg: str


def contents(study: Study, *, with_loops: bool = True) -> Contents:
    """Return what the page of a study holds.

    Raises UsageError where the study cannot run in a browser: an adaptive method, a conveyor.
    """
    schedule = schedule_numbers(study.specs, study.model.flat.sim_specs)
    levers = levers_of(study)
    models, presets = layered(study, levers)
    picture = picture_of(study.model) if with_loops else None
    shown = _shown(study, picture)
    programs = tuple(
        emit_javascript(each.model.flat, f"m{place}", shown).text
        for place, each in enumerate(models)
    )
    data: dict[str, Any] = {
        "schema_version": 1,
        "title": study.title,
        "question": study.question,
        "timeUnits": study.specs.time_units,
        "moment": moment(0, study.specs.time_units).rpartition(" ")[0],
        "seed": study.noise_seed,
        "never": never(study),
        "schedule": schedule,
        "programs": [_program(each) for each in models],
        "outputs": [_output(output) for output in study.outputs],
        "charts": _charts(study),
        "levers": [_lever(lever) for lever in levers],
        "presets": [_preset(study, each, models[each.program].model.flat) for each in presets],
        "picture": _picture(picture, study.model.flat) if picture is not None else None,
        "loops": _loops(study, picture) if with_loops else None,
        "story": _story(study, levers),
        "study": _source(study),
        "about": _about(study),
    }
    return Contents(data, programs, picture.svg if picture is not None else "")


def _shown(study: Study, picture: Picture | None) -> frozenset[Ident]:
    """Return the variables whose values a page shows; arrays of which it shows elements whole."""
    flat = study.model.flat
    found = {flat.found(output.variable.name) for output in study.outputs}
    idents = {known[0].ident for known in found if known is not None}
    stocks = picture.stocks if picture is not None else ()
    return frozenset(idents | {ident for _, ident in stocks if ident in flat.by_ident})


def _program(each: Layered) -> dict[str, Any]:
    at = _offsets(each.model.flat)
    return {"levers": [[at[x.base], at[x.time], at[x.size]] for x in each.levers]}


def _offsets(flat: FlatModel) -> list[int]:
    """Return where each parameter's numbers begin when arrays lie flat."""
    found, place = [], 0
    for ident in flat.parameters:
        found.append(place)
        place += flat.by_ident[ident].size
    return found


def _flat_numbers(numbers: Numbers, flat: FlatModel) -> list[list[float]]:
    """Return pairs of place and number, arrays laid flat."""
    at = _offsets(flat)
    pairs: list[list[float]] = []
    for place, value in sorted(numbers.items()):
        each = value if isinstance(value, list) else [value]
        pairs += ([at[place] + offset, number] for offset, number in enumerate(each))
    return pairs


def _output(output: Output) -> dict[str, Any]:
    units = with_unit("", output.variable.units)
    if units.casefold() == output.title.casefold():
        units = ""  # 'Customers 9,000', not 'Customers 9,000 customers'
    return {
        "name": output.variable.name,
        "title": output.title,
        "units": units,
        "good": output.good.value,
        "doc": output.variable.about.doc or "",
    }


def _charts(study: Study) -> list[int]:
    idents = [output.variable.ident for output in study.outputs]
    wanted = [idents.index(ident) for ident in study.ui.charts]
    return wanted or list(range(min(MOST_CHARTS, len(idents))))


def _lever(lever: Lever) -> dict[str, Any]:
    return {
        "name": lever.name,
        "label": lever.label,
        "group": lever.group,
        "help": lever.help,
        "units": with_unit("", lever.selection.variable.units),
        "low": lever.low,
        "high": lever.high,
        "step": lever.step,
        "marks": [[word, value] for word, value in lever.marks],
    }


def _preset(study: Study, preset: Preset, flat: FlatModel) -> dict[str, Any]:
    scenario = preset.scenario
    since = scenario.change_from
    return {
        "name": scenario.name,
        "title": scenario.title,
        "description": scenario.description,
        "program": preset.program,
        "bound": _flat_numbers(preset.bound, flat),
        "levers": list(preset.levers),
        "bases": list(preset.bases),
        "courses": {
            str(lever): _flat_numbers(numbers, flat) for lever, numbers in preset.courses.items()
        },
        "from": first_change(study.specs) if since is None else since,
        "recompute": scenario.recompute,
        "state": None if scenario.recompute else _state(study, scenario),
        "marks": _marks(scenario),
        "changes": [f"{each.variable.name}: {each.words}" for each in scenario.changes],
    }


def _state(study: Study, scenario: Scenario) -> dict[str, list[float]]:
    """Return the state in which the unchanged organisation is at the start."""
    before, changed = scenario_models(study, scenario)
    state = past(study, before, changed)
    return {"levels": _laid_flat(state.levels), "held": _laid_flat(state.held)}


def _laid_flat(values: Iterable[Any]) -> list[float]:
    found: list[float] = []
    for value in values:
        found += [float(each) for each in value] if isinstance(value, list) else [float(value)]
    return found


def _marks(scenario: Scenario) -> list[list[Any]]:
    """Return what happens when in a scenario: its events, and changes that no event tells."""
    found: dict[float, list[str]] = {}
    for event in scenario.events:
        found.setdefault(event.time, []).append(" ".join(event.note.split()))
    noted = set(found)
    for change in scenario.changes:
        time = begins(change)
        if time not in noted:
            found.setdefault(time, []).append(f"{change.variable.name} changes")
    return [[time, "; ".join(dict.fromkeys(texts))] for time, texts in sorted(found.items())]


def _picture(picture: Picture, flat: FlatModel) -> dict[str, Any]:
    return {
        "links": [[link.id, link.source, link.target, link.sign] for link in picture.links],
        "variables": [[name, ident] for name, ident in picture.variables],
        "badges": [[loop.id, list(map(canonical, loop.around))] for loop in picture.loops],
        "stocks": [
            [name, list(flat.by_ident[ident].columns)]
            for name, ident in picture.stocks
            if ident in flat.by_ident
        ],
    }


def _loops(study: Study, picture: Picture | None) -> dict[str, Any]:
    runs = [run_scenario(study, each, estimate_error=False) for each in study.scenarios]
    names = tuple(Named(name, chain) for name, chain in study.loops.names)
    told, made = strips(runs, headline(study), picture, names, study.loops.through)
    return {
        "told": [
            {
                "name": each.name,
                "mark": each.mark,
                "story": each.story,
                "links": list(each.links),
                "badge": each.badge,
            }
            for each in told
        ],
        "strips": [
            {
                "shares": [[place, packed] for place, packed in strip.shares.items()],
                "phases": [list(phase) for phase in strip.phases],
                "words": list(strip.words),
                "silent": strip.silent,
            }
            for strip in made
        ],
    }


def _story(study: Study, levers: Sequence[Lever]) -> dict[str, Any] | None:
    if not study.story.steps:
        return None
    places = {lever.selection.variable.ident: place for place, lever in enumerate(levers)}
    presets = [scenario.name for scenario in study.scenarios]
    outputs = [output.variable.ident for output in study.outputs]
    return {
        "title": study.story.title or study.title,
        "steps": [
            {
                "title": step.title,
                "text": step.text,
                "show": list(step.shown),
                "preset": presets.index(step.scenario) if step.scenario in presets else None,
                "values": {str(places[ident]): value for ident, value in step.levers.items()},
                "predict": None if step.predict is None else outputs.index(step.predict),
                "try": step.attempt,
                "questions": list(step.questions),
            }
            for step in study.story.steps
        ],
    }


def headline(study: Study) -> Ident:
    """Return the first output that has a good direction, else the first."""
    directed = (each for each in study.outputs if each.good is not Direction.NEITHER)
    name = next(directed, study.outputs[0]).variable.name
    known = study.model.flat.found(name)
    assert known is not None  # an output is a variable of the model or part of one
    return known[0].ident


def _source(study: Study) -> dict[str, Any] | None:
    """Return the study as written, for a copy with a reader's own scenario; None if it is gone."""
    path = Path(study.path)
    try:
        plain = parse(path.read_bytes(), path.name).plain()
    except (OSError, StudyError):
        return None
    keys = ("model", "title", "question", "run", "change_from", "outputs", "starting_states")
    head = {key: plain[key] for key in keys if key in plain}
    scenarios: Mapping[str, Any] = plain["scenarios"]
    return {"head": head, "scenarios": dict(scenarios)}


def _about(study: Study) -> list[list[str]]:
    flat, specs = study.model.flat, study.specs
    return [
        ["Model", flat.name],
        ["What it is", " ".join((flat.doc or "").split())],
        ["Method", f"{specs.method.value}, a step of {float(specs.dt):g} {specs.time_units}"],
        ["Run", f"from {moment(float(specs.start), specs.time_units)} to "
                f"{moment(float(specs.stop), specs.time_units)}"],
        ["Digest of the model", flat.digest[:16]],
        ["Digest of the study", study.digest[:16]],
        ["Made by", f"cyclesim {__version__}"],
    ]  # fmt: skip
