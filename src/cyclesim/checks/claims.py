"""Measures, claims, controls and extremes: each name and number held against the model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cyclesim.checks.parts import Claim, Control, Extreme, Measure, Statement, Take
from cyclesim.checks.schema import ChecksKeys, ClaimKeys, ControlKeys, ExtremeKeys, MeasureKeys
from cyclesim.checks.statements import statement_of
from cyclesim.compiler import Selection
from cyclesim.compiler.parts import Kind
from cyclesim.errors import Diagnostic, Excerpt
from cyclesim.expr import Span
from cyclesim.names import Ident, canonical, did_you_mean
from cyclesim.scenario.changes import Written, checked_change, effective_time, override_of
from cyclesim.scenario.coverage import note_overlap, number_before, own_boxes
from cyclesim.scenario.document import Path, dotted
from cyclesim.scenario.expectations import check_scenario
from cyclesim.scenario.frame import Frame, first_change
from cyclesim.scenario.parts import Change, Scenario
from cyclesim.scenario.scenarios import starting_values
from cyclesim.scenario.words import change_words

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
Measures = Mapping[Ident, Measure]


def measures_of(keys: ChecksKeys, frame: Frame) -> Measures:
    """Return the measures by their identifiers; note what is wrong in them."""
    document = frame.findings.document
    scenarios = (*document.keys(("scenarios",)), *document.keys(("extremes",)))
    made: dict[Ident, Measure] = {}
    for name, wish in keys.measures.items():
        at = ("measures", name)
        ident = canonical(name)
        if not _NAME.fullmatch(name):
            hint = "Use letters, digits and underscores, a letter first."
            message = f"'{name}' cannot be read in a statement"
            frame.findings.fault("name", at, message, hint, at_key=True)
        if ident in made:
            message = f"'{name}' is '{made[ident].name}' in another spelling"
            frame.findings.fault("repeated", at, message, "Keep one of them.", at_key=True)
            continue
        check_scenario(wish.scenario, (*at, "scenario"), scenarios, frame)
        variable = frame.one(wish.variable, (*at, "variable"))
        for key, time in (
            ("at", wish.at), ("after", wish.after), ("from", wish.from_), ("until", wish.until),
        ):  # fmt: skip
            if time is not None:
                frame.check_time(time, (*at, key))
        if variable is not None:
            take, limit = _take(wish)
            start = wish.after if wish.when is not None else wish.from_
            made[ident] = Measure(
                name, ident, wish.scenario, variable, take, wish.at, limit, start, wish.until
            )
    return made


def _take(wish: MeasureKeys) -> tuple[Take, float]:
    if wish.when is not None:
        return Take(wish.when[0]), wish.when[1]
    return (Take(wish.take) if wish.take is not None else Take.AT), 0.0


def claims_of(
    keys: ChecksKeys, places: Mapping[Path, tuple[int, ...]], measures: Measures, frame: Frame
) -> tuple[Claim, ...]:
    """Return the claims, then the published behaviour; note what is wrong in them."""
    made = []
    for section, entries in (("claims", keys.claims), ("behaviour", keys.behaviour)):
        for ident, wish in entries.items():
            at = (section, ident)
            if section == "behaviour" and ident in keys.claims:
                message = f"a claim is called '{ident}' too"
                frame.findings.fault("repeated", at, message, "Give it another.", at_key=True)
            if wish.share is not None and keys.draws is None:
                message, hint = "there are no draws", "Add 'draws: {number: 200}', or delete it."
                frame.findings.fault("share", (*at, "share"), message, hint)
            made.append(_claim(wish, at, keys, places, measures, frame))
    return tuple(made)


def _claim(
    wish: ClaimKeys,
    at: tuple[str, str],
    keys: ChecksKeys,
    places: Mapping[Path, tuple[int, ...]],
    measures: Measures,
    frame: Frame,
) -> Claim:
    statements = _statements(wish.holds, (*at, "holds"), places, measures, frame)
    control = None
    if wish.control is not None:
        path = (*at, "control")
        control = _control(wish.control, path, statements, measures, keys.starting_states, frame)
    return Claim(
        ident=at[1],
        says=wish.says,
        source=wish.source or "",
        statements=statements,
        control=control,
        share=wish.share,
        in_draws=wish.draws,
        because=wish.because or "",
        location=frame.findings.document.location(at, at_key=True),
        published=at[0] == "behaviour",
    )


def _statements(
    texts: Sequence[str],
    at: Path,
    places: Mapping[Path, tuple[int, ...]],
    measures: Measures,
    frame: Frame,
) -> tuple[Statement, ...]:
    # A measure that is at fault itself is known by name: one fault is told once.
    names: dict[Ident, str] = {ident: measure.name for ident, measure in measures.items()}
    for name in frame.findings.document.keys(("measures",)):
        names.setdefault(canonical(name), name)
    made = []
    for place, text in zip(places.get(at, range(len(texts))), texts, strict=True):
        path = (*at, place) if at in places else at
        found = statement_of(text, names)
        if isinstance(found, Statement):
            made.append(found)
            continue
        for complaint in found:
            where = frame.findings.document.location(path)
            shown = Excerpt(text, complaint.span.start, _width(complaint.span))
            frame.findings.diagnostics.append(
                Diagnostic(
                    "statement", complaint.message, where, dotted(path), complaint.hint, shown
                )
            )
    return tuple(made)


def _width(span: Span) -> int:
    return max(1, span.end - span.start)


def _control(
    wish: ControlKeys,
    at: Path,
    statements: tuple[Statement, ...],
    measures: Measures,
    states: Mapping[str, Mapping[str, float]],
    frame: Frame,
) -> Control:
    findings = frame.findings
    scenarios = findings.document.keys(("scenarios",))
    used = {
        measures[ident].scenario
        for statement in statements
        for ident in statement.measures
        if ident in measures
    }
    for old, new in wish.scenarios.items():
        path = (*at, "scenarios", old)
        check_scenario(new, path, scenarios, frame)
        if old not in used and statements:
            message = f"no measure of the claim is taken from '{old}'"
            findings.fault("unused", path, message, did_you_mean(old, used), at_key=True)
    values: dict[Ident, float] = {}
    if wish.start is not None and wish.start in states:
        values |= starting_values(states[wish.start], ("starting_states", wish.start), frame)
    elif wish.start is not None:
        hint = did_you_mean(wish.start, states) or "Describe it under 'starting_states'."
        message = f"no starting state is called '{wish.start}'"
        findings.fault("unknown-state", (*at, "start"), message, hint)
    values |= starting_values(wish.initial, (*at, "initial"), frame)
    values |= held_values(wish.settings, (*at, "settings"), frame)
    return Control(wish.says, values, dict(wish.scenarios))


def held_values(given: Mapping[str, float], path: Path, frame: Frame) -> dict[Ident, float]:
    """Return numbers at which variables are held from the start on; note stocks among them."""
    found: list[tuple[Selection, float]] = []
    for name, value in given.items():
        at = (*path, name)
        selection = frame.selection(name, at, at_key=True)
        seen = [other for other, _ in found]
        if selection is None or not note_overlap(selection, seen, at, frame):
            continue
        variable = selection.variable
        if variable.kind is Kind.STOCK:
            message = f"'{variable.name}' is a stock and changes only through its flows"
            hint = "Give its value at the start under 'initial'."
            frame.findings.fault("stock", at, message, hint, at_key=True)
            continue
        frame.check_range(variable, value, at)
        found.append((selection, value))
    found.sort(key=lambda each: -each[0].variable.size)
    return {selection.variable.ident: value for selection, value in found}


def extremes_of(
    keys: ChecksKeys, places: Mapping[Path, tuple[int, ...]], measures: Measures, frame: Frame
) -> tuple[Extreme, ...]:
    """Return the extremes as scenarios of their own; note what is wrong in them."""
    scenarios = frame.findings.document.keys(("scenarios",))
    general = keys.change_from if keys.change_from is not None else first_change(frame.specs)
    made = []
    for name, wish in keys.extremes.items():
        at = ("extremes", name)
        if name in scenarios:
            message = "a scenario is called so too"
            frame.findings.fault("repeated", at, message, "Give it another name.", at_key=True)
        values = {
            **starting_values(wish.initial, (*at, "initial"), frame),
            **held_values(wish.settings, (*at, "settings"), frame),
        }
        changes = _changes(wish, at, general, values, frame)
        statements = _statements(wish.holds, (*at, "holds"), places, measures, frame)
        for place, statement in enumerate(statements):
            taken = {measures[m].scenario for m in statement.measures if m in measures}
            if taken and name not in taken:
                message = f"no measure of '{statement.text}' is taken from '{name}'"
                hint = f"Take one from it: {{scenario: {name}, variable: ...}}."
                frame.findings.fault("extreme", (*at, "holds", place), message, hint)
        scenario = Scenario(name, name[:1].upper() + name[1:], wish.says or "", values, changes, ())
        where = frame.findings.document.location(at, at_key=True)
        made.append(Extreme(wish.says or "", scenario, statements, where))
    return tuple(made)


def _changes(
    wish: ExtremeKeys, at: Path, general: float, values: Mapping[Ident, float], frame: Frame
) -> tuple[Change, ...]:
    made: list[Written] = []
    for name, keys in wish.changes.items():
        path = (*at, "changes", name)
        written = checked_change(name, keys, path, frame) if keys is not None else None
        seen = [other.selection for other in made]
        if written is not None and note_overlap(written.selection, seen, path, frame):
            made.append(written)
    named = [written.selection for written in made]
    changes = []
    for written in made:
        boxes = own_boxes(written.selection, named)
        if boxes is None:
            continue
        override = override_of(replace(written, boxes=boxes), general, False, frame)
        if override is None:
            continue
        variable = written.variable
        before = number_before(written.selection, values, frame.flat)
        words = change_words(override, variable, before, frame.specs.time_units)
        changes.append(Change(variable, override, effective_time(override, frame.start), words))
    return tuple(changes)
