"""The designs of a study: names found in the model, numbers held against ranges and times."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cyclesim.compiler import FlatVariable, Selection
from cyclesim.compiler.selection import NothingSelected, selected
from cyclesim.names import canonical, did_you_mean
from cyclesim.scenario.coverage import overlapping
from cyclesim.scenario.design_file import table_of
from cyclesim.scenario.design_parts import (
    MOST_RUNS,
    USUAL_RUNS,
    Design,
    DesignMethod,
    Quantity,
    Values,
)
from cyclesim.scenario.design_schema import ChangeNumbersKeys, DesignKeys
from cyclesim.scenario.distributions import Wall, distribution_of
from cyclesim.scenario.document import Path
from cyclesim.scenario.expectations import check_scenario
from cyclesim.scenario.frame import Frame
from cyclesim.scenario.grounds import plausible_range
from cyclesim.scenario.parts import Scenario
from cyclesim.scenario.plausible import plausible_quantities
from cyclesim.scenario.rank_correlations import ranks_of
from cyclesim.scenario.validation import Valid
from cyclesim.scenario.varied import (
    NotVaried,
    Varied,
    change_numbers,
    constant,
    initial_value,
)

USUAL_NAME = "design"
_ROLES = {"to": "to", "by": "by", "at": "time", "from_": "time", "until": "until",
          "for_": "duration"}  # fmt: skip
_WRITTEN = {"from_": "from", "for_": "for"}


def designs_of(valid: Valid, scenarios: Sequence[Scenario], frame: Frame) -> Mapping[str, Design]:
    """Return the designs of a study by name, in order; note what is wrong in them."""
    given = valid.keys.design
    if given is None:
        return {}
    if isinstance(given, DesignKeys):
        made = {USUAL_NAME: _design(USUAL_NAME, given, ("design",), valid, scenarios, frame)}
    else:
        made = {
            name: _design(name, keys, ("design", name), valid, scenarios, frame)
            for name, keys in given.items()
        }
    return {name: design for name, design in made.items() if design is not None}


def _design(
    name: str,
    keys: DesignKeys,
    path: Path,
    valid: Valid,
    scenarios: Sequence[Scenario],
    frame: Frame,
) -> Design | None:
    before = len(frame.findings.diagnostics)
    names = frame.findings.document.keys(("scenarios",))
    for place, scenario in enumerate(keys.scenarios):
        check_scenario(scenario, (*path, "scenarios", place), names, frame)
    chosen = [s for s in scenarios if not keys.scenarios or s.name in keys.scenarios]
    quantities = tuple(_quantities(keys, path, chosen, frame))
    method = DesignMethod(keys.method or ("file" if keys.file else "latin hypercube"))
    if not quantities and method is not DesignMethod.FILE:
        quantities = _usual(keys, path, frame)
    places = valid.places.get((*path, "correlations"), ())
    ranks = ranks_of(keys, places, path, method, quantities, frame.findings)
    design = Design(name, method, 0, keys.seed, quantities, ranks, tuple(keys.scenarios))
    if method is DesignMethod.FILE or keys.file is not None:
        design = _from_file(design, keys, path, chosen, frame)
    design = replace(design, runs=_runs(design, keys, path, frame))
    return design if len(frame.findings.diagnostics) == before else None


def _usual(keys: DesignKeys, path: Path, frame: Frame) -> tuple[Quantity, ...]:
    """Return what varies where a design names nothing: the plausible ranges."""
    if keys.vary or keys.initial or keys.changes:
        return ()  # what is named has been refused
    found = plausible_quantities(frame.flat)
    already = any((f.subject or "").startswith("design") for f in frame.findings.diagnostics)
    if not found and not already:
        message = "nothing varies, and no constant's doc names a plausible range"
        hint = "Name constants: vary: {Price: {from: 40, to: 60}}."
        frame.findings.fault("nothing-varies", path, message, hint)
    return found


def _quantities(
    keys: DesignKeys, path: Path, scenarios: Sequence[Scenario], frame: Frame
) -> Iterator[Quantity]:
    seen: list[Selection] = []
    for name, wish in keys.vary.items():
        at = (*path, "vary", name)
        found = _constant(name, at, frame)
        if found is not None and _apart(found[0], seen, at, frame):
            wall = _wall(found[0].variable, frame, plausible=True)
            made = distribution_of(wish, wall, at, frame.findings)
            yield Quantity(found[1], made, found[0].variable.units)
    stocks: list[Selection] = []
    for name, wish in keys.initial.items():
        at = (*path, "initial", name)
        found = _initial(name, at, frame)
        if found is not None and _apart(found[0], stocks, at, frame):
            wall = _wall(found[0].variable, frame, plausible=False)
            made = distribution_of(wish, wall, at, frame.findings)
            yield Quantity(found[1], made, found[0].variable.units)
    known = [each for scenario in scenarios for each in change_numbers(scenario)]
    for name, numbers in keys.changes.items():
        yield from _of_change(name, numbers, (*path, "changes", name), known, frame)


def _constant(name: str, path: Path, frame: Frame) -> tuple[Selection, Varied] | None:
    selection = frame.selection(name, path, at_key=True)
    if selection is None:
        return None
    try:
        return selection, constant(frame.flat, name)
    except NotVaried as refused:
        hint = "Put a stock under 'initial', a scenario's change under 'changes'."
        frame.findings.fault("not-varied", path, str(refused).rstrip("."), hint, at_key=True)
        return None


def _initial(name: str, path: Path, frame: Frame) -> tuple[Selection, Varied] | None:
    selection = frame.selection(name, path, at_key=True)
    if selection is None:
        return None
    try:
        return selection, initial_value(frame.flat, name)
    except NotVaried as refused:
        message = str(refused).rstrip(".")
        frame.findings.fault("not-varied", path, message, "Put it under 'vary'.", at_key=True)
        return None


def _of_change(
    name: str, keys: ChangeNumbersKeys, path: Path, known: Sequence[Varied], frame: Frame
) -> Iterator[Quantity]:
    selection = frame.selection(name, path, at_key=True)
    if selection is None:
        return
    variable = selection.variable
    own = [each for each in known if each.changed == variable.ident]
    if not own:
        message = f"no scenario of this design changes '{variable.name}' by a step, ramp or pulse"
        hint = did_you_mean(name, [each.name for each in known])
        frame.findings.fault("no-change", path, message, hint, at_key=True)
        return
    for key, role in _ROLES.items():
        wish, at = getattr(keys, key), (*path, _WRITTEN.get(key, key))
        found = next((each for each in own if each.role == role), None)
        if wish is None:
            continue
        if found is None:
            roles = sorted({_role_word(each.role) for each in own})
            message = f"the change of '{variable.name}' has no number of this kind"
            hint = f"It has {', '.join(roles)}."
            frame.findings.fault("no-change", at, message, hint, at_key=True)
            continue
        units = variable.units if role in ("to", "by") else frame.specs.time_units
        made = distribution_of(wish, _change_wall(role, variable, frame), at, frame.findings)
        yield Quantity(found, made, units)


def _role_word(role: str) -> str:
    return {"time": "at", "duration": "for"}.get(role, role)


def _apart(selection: Selection, seen: list[Selection], path: Path, frame: Frame) -> bool:
    """Return whether a name stands for nothing that another one stands for."""
    for other in seen:
        if overlapping(selection, other):
            message = f"'{selection.variable.name}' and '{other.variable.name}' are one number"
            frame.findings.fault("overlap", path, message, "Keep one of them.", at_key=True)
            return False
    seen.append(selection)
    return True


def _wall(variable: FlatVariable, frame: Frame, *, plausible: bool) -> Wall:
    low, high = variable.range.low, variable.range.high
    return Wall(
        lambda value, path: frame.check_range(variable, value, path),
        -math.inf if low is None else low,
        math.inf if high is None else high,
        plausible_range(variable.about.doc) if plausible else None,
    )


def _change_wall(role: str, variable: FlatVariable, frame: Frame) -> Wall:
    start, stop = float(frame.specs.start), float(frame.specs.stop)
    if role == "to":
        return _wall(variable, frame, plausible=True)
    if role == "by":
        return Wall(lambda value, path: None, -math.inf, math.inf)
    if role == "duration":
        return Wall(lambda value, path: _check_length(value, path, frame), 0.0, stop - start)
    return Wall(frame.check_time, start, stop)


def _check_length(value: float, path: Path, frame: Frame) -> None:
    if value <= 0:
        frame.findings.fault("length", path, f"{value:g} is no length of time: it is not above 0")


def _from_file(
    design: Design, keys: DesignKeys, path: Path, scenarios: Sequence[Scenario], frame: Frame
) -> Design:
    findings = frame.findings
    if keys.file is None:
        hint = "Name a CSV or Parquet file in the study's folder: file: runs.csv."
        findings.fault("missing", (*path, "file"), "a design by file names none", hint)
        return design
    if design.method is not DesignMethod.FILE:
        message = f"a file holds the runs, and the method is '{design.method.value}'"
        findings.fault("file", (*path, "method"), message, "Keep one of them.")
    if design.quantities:
        message = "a file holds the numbers of the runs, and numbers are described here too"
        findings.fault("file", (*path, "file"), message, "Keep one of them.", at_key=True)
        return design

    def quantity(label: str) -> Quantity | tuple[str, str | None]:
        return _labelled(label, scenarios, frame)

    found = table_of(keys.file, quantity, (*path, "file"), frame)
    if found is None:
        return design
    return replace(design, quantities=found[0], table=found[1])


def _labelled(
    label: str, scenarios: Sequence[Scenario], frame: Frame
) -> Quantity | tuple[str, str | None]:
    """Return the quantity that a column is called after, or what is wrong and advice."""
    for scenario in scenarios:
        for each in change_numbers(scenario):
            made = Quantity(each, None)
            if canonical(made.label) == canonical(label):
                return made
    stock = label.removesuffix("(initial)").strip()
    try:
        if stock != label.strip():
            return Quantity(initial_value(frame.flat, stock), None,
                            selected(frame.flat, stock).variable.units)  # fmt: skip
        return Quantity(constant(frame.flat, label), None,
                        selected(frame.flat, label).variable.units)  # fmt: skip
    except NothingSelected as nothing:
        return nothing.message, nothing.hint
    except NotVaried as refused:
        return str(refused).rstrip("."), None


def _runs(design: Design, keys: DesignKeys, path: Path, frame: Frame) -> int:
    """Return how many runs a design has; note numbers that make none, or far too many."""
    findings, at = frame.findings, (*path, "runs")
    if not design.method.random:
        count = _own_count(design, path, frame)
        if keys.runs is not None:
            message = f"a design of this method has as many runs as its numbers make, {count:,}"
            findings.fault("runs", at, message, "Delete 'runs'.", at_key=True)
        at = path
    else:
        count = USUAL_RUNS if keys.runs is None else keys.runs
    complaint = runs_complaint(count)
    already = len(findings.diagnostics) and not design.method.random and count < 1
    if complaint is not None and not already:
        findings.fault("runs", at, *complaint)
    return count


def runs_complaint(count: int) -> tuple[str, str] | None:
    """Return what is wrong with a number of runs, and advice."""
    if count < 1:
        return f"{count} runs tell nothing", "Give 1 or more."
    if count > MOST_RUNS:
        return f"{count:,} runs are more than {MOST_RUNS:,}", "Give fewer, or vary fewer numbers."
    return None


def _own_count(design: Design, path: Path, frame: Frame) -> int:
    if design.table is not None:
        return int(design.table.shape[1])
    made = [(q, q.distribution) for q in design.quantities if q.distribution is not None]
    if design.method is DesignMethod.ONE_AT_A_TIME:
        return 1 + sum(len(d.values) if isinstance(d, Values) else 2 for _, d in made)
    counts: list[int] = []
    for quantity, distribution in made:
        if not isinstance(distribution, Values):
            message = f"a design of method '{design.method.value}' needs single numbers"
            message = f"'{quantity.label}': {message}"
            hint = "Write {values: [1, 2]}, or add levels: {from: 1, to: 2, levels: 5}."
            frame.findings.fault("levels", path, message, hint)
            return 0
        counts.append(len(distribution.values))
    if design.method is DesignMethod.GRID:
        return math.prod(counts)
    if len(set(counts)) > 1:
        shown = ", ".join(
            f"{quantity.label} {count}" for (quantity, _), count in zip(made, counts, strict=True)
        )
        message = f"a paired design takes one number of each, and there are not as many: {shown}"
        frame.findings.fault("paired", path, message, "Give each as many numbers.")
    return min(counts, default=0)
