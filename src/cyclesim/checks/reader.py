"""A checks file into `Checks`, or into everything that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cyclesim.checks.claims import claims_of, extremes_of, measures_of
from cyclesim.checks.draws import sampled_of
from cyclesim.checks.parts import Checks, DrawPlan, Equilibrium, Words
from cyclesim.checks.schema import CHECKS, ChecksKeys
from cyclesim.compiler import compile_model, selected
from cyclesim.compiler.parts import Kind
from cyclesim.ensemble.lanes import settling
from cyclesim.errors import Location, ModelError, StudyError, UsageError, in_file_order
from cyclesim.names import Ident
from cyclesim.readers import read_model
from cyclesim.scenario.document import Document, Mapping, Scalar, parse
from cyclesim.scenario.expectations import check_scenario
from cyclesim.scenario.findings import Findings
from cyclesim.scenario.frame import Frame
from cyclesim.scenario.parts import Change, Study
from cyclesim.scenario.reader import study_of
from cyclesim.scenario.validation import Valid, valid_part
from cyclesim.schedule import schedule_of

FILE = "checks.yaml"
MODEL = "model.xmile"
BASELINE = "baseline"


def checks_beside(model: Path) -> Path | None:
    """Return the checks file of a model file, None where there is none."""
    beside = model.with_name(FILE)
    return beside if model.name == MODEL and beside.is_file() else None


def read_checks(path: str | Path) -> Checks:
    """Return the checks of a file; its model is the model.xmile beside it.

    Raises UsageError where there is no such file, StudyError with everything wrong in it,
    ModelError where only its model is at fault.
    """
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"there is no checks file '{path}'.")
    return _read(file, file.with_name(MODEL), file.read_bytes())


def nothing_claimed(model: Path) -> Checks:
    """Return the checks of a model of which nothing is claimed: it is run as it is."""
    return _read(model, model, b"{}")


def _read(file: Path, beside: Path, content: bytes) -> Checks:
    document = _with_baseline(parse(content, str(file)))
    findings = Findings(document)
    if document.find(("model",)) is not None:
        hint = "Delete the key."
        findings.fault(
            "model", ("model",), f"the model is the {MODEL} beside this file", hint, at_key=True
        )
    valid = valid_part(document, findings, CHECKS)
    if valid is None:
        raise StudyError(in_file_order(dict.fromkeys(findings.diagnostics)))
    if not beside.is_file():
        findings.fault("model", (), f"there is no {MODEL} beside this file")
        raise StudyError(in_file_order(dict.fromkeys(findings.diagnostics)))
    try:
        model = compile_model(read_model(beside))
    except ModelError as error:
        if not findings.diagnostics:
            raise
        found = in_file_order(dict.fromkeys(findings.diagnostics))
        raise StudyError((*found, *error.diagnostics)) from None
    study = study_of(valid, model, str(file), hashlib.sha256(content).hexdigest(), findings)
    keys = valid.keys
    assert isinstance(keys, ChecksKeys)
    frame = Frame(model.flat, study.specs, file.parent, findings)
    checks = _checks(replace(study, title=keys.title or model.flat.name), valid, frame)
    if findings.diagnostics:
        raise StudyError(in_file_order(dict.fromkeys(findings.diagnostics)))
    warnings = in_file_order(dict.fromkeys(findings.warnings))
    return replace(checks, warnings=warnings)


def _with_baseline(document: Document) -> Document:
    """Return the file with a scenario 'baseline', the model as it is, where it writes none."""
    root = document.root
    if not isinstance(root, Mapping):
        return document
    given = root.get("scenarios")
    written = given[1] if given is not None else None
    if isinstance(written, Mapping) and written.get(BASELINE) is not None:
        return document
    if written is not None and not (isinstance(written, (Mapping, Scalar))):
        return document
    if isinstance(written, Scalar) and not written.absent:
        return document
    where = Location(root.location.path, 1, 1)
    key = given[0] if given is not None else Scalar(where, "scenarios")
    own = written.entries if isinstance(written, Mapping) else ()
    made = Mapping(key.location, ((Scalar(where, BASELINE), Scalar(where, "", True)), *own))
    entries = tuple(entry for entry in root.entries if entry[0].text != "scenarios")
    return Document(replace(root, entries=(*entries, (key, made))))


def _checks(study: Study, valid: Valid, frame: Frame) -> Checks:
    keys = valid.keys
    assert isinstance(keys, ChecksKeys)
    scenarios = frame.findings.document.keys(("scenarios",))
    measures = measures_of(keys, frame)
    claims = claims_of(keys, valid.places, measures, frame)
    made = extremes_of(keys, valid.places, measures, frame)
    signed: tuple[str, ...] = tuple(keys.equilibrium.signed) if keys.equilibrium else ()
    unused = set(measures) - {m for claim in claims for m in claim.measures}
    unused -= {m for extreme in made for s in extreme.statements for m in s.measures}
    for ident in (i for i in measures if i in unused):
        at = ("measures", measures[ident].name)
        frame.findings.warn("unused", at, "no statement uses this measure", at_key=True)
    draws = _draws(keys, frame)
    if draws is not None:
        changed = [change for each in (*study.scenarios, *(e.scenario for e in made))
                   for change in each.changes]  # fmt: skip
        _note_drawn_arrays(changed, draws, frame)
    return Checks(
        study=study,
        measures=measures,
        claims=claims,
        extremes=made,
        draws=draws,
        equilibrium=_equilibrium(keys, scenarios, frame),
        signed=_stocks(signed, frame),
        words=Words(
            tuple(keys.boundary.endogenous),
            tuple(keys.boundary.exogenous),
            tuple(keys.boundary.left_out),
            tuple(keys.surprises),
            tuple(keys.improvement),
            tuple(keys.family),
        ),
    )


def _draws(keys: ChecksKeys, frame: Frame) -> DrawPlan | None:
    draws, findings = keys.draws, frame.findings
    if draws is None:
        return None
    at = ("draws",)
    if frame.specs.method.adaptive:
        message = f"draws need a fixed step, and the method is {frame.specs.method.value}"
        hint = "Give 'run: {method: rk4}' with a dt."
        findings.fault("draws", at, message, hint, at_key=True)
    if draws.settle is not None:
        _check_settle(draws.settle, frame)
    drawn = {each.ident: each for each in sampled_of(frame.flat, {}, 1.0)}
    left = {}
    for name, why in draws.leave_out.items():
        path = (*at, "leave_out", name)
        chosen = frame.selection(name, path, at_key=True)
        if chosen is None:
            continue
        variable = chosen.whole
        if variable.ident not in drawn:
            message = f"'{variable.name}' is not drawn: its doc gives no plausible range"
            findings.fault("leave-out", path, message, "Delete it.", at_key=True)
        left[variable.ident] = why
    if not set(drawn) - set(left):
        message = "there is nothing to draw"
        hint = "A constant is drawn whose doc says 'Assumption: plausible from a to b.'"
        findings.fault("draws", at, message, hint, at_key=True)
    for each in drawn.values():
        if not each.low <= each.value <= each.high and each.ident not in left:
            span = f"from {each.low:g} to {each.high:g}"
            message = f"'{each.name}' is {each.value:g} in the model, and plausible {span}"
            hint = "Mend the model, or say under 'leave_out' why it is not drawn."
            findings.fault("draws", at, message, hint, at_key=True)
    return DrawPlan(draws.number, draws.seed, draws.range, left, draws.settle)


def _note_drawn_arrays(changes: Sequence[Change], draws: DrawPlan, frame: Frame) -> None:
    """Note arrays that are drawn and changed: a change builds on the model's own numbers."""
    drawn = {each.ident for each in sampled_of(frame.flat, draws.leave_out, 1.0)}
    for ident in dict.fromkeys(selected(frame.flat, c.variable.ident).whole.ident for c in changes):
        variable = frame.flat.by_ident[ident]
        if variable.shape and ident in drawn:
            message = f"the array '{variable.name}' is drawn, and a scenario changes it"
            hint = f"Say under 'leave_out' why '{variable.name}' is not drawn."
            frame.findings.fault("draws", ("draws",), message, hint, at_key=True)


def _check_settle(settle: float, frame: Frame) -> None:
    at = ("draws", "settle")
    if frame.flat.buffers:
        message = "a model with DELAY cannot be settled before its start"
        frame.findings.fault("settle", at, message, "Use DELAY3, or leave 'settle' out.")
    try:
        schedule_of(settling(frame.specs, settle))
    except UsageError:
        dt = float(frame.specs.dt)
        message = f"{settle:g} is no whole number of steps of {dt:g}"
        frame.findings.fault("settle", at, message, "Choose one that dt divides.")


def _equilibrium(keys: ChecksKeys, scenarios: tuple[str, ...], frame: Frame) -> Equilibrium | None:
    rest = keys.equilibrium
    if rest is None:
        return None
    at = ("equilibrium",)
    check_scenario(rest.scenario, (*at, "scenario"), scenarios, frame)
    where = frame.findings.document.location(at, at_key=True)
    return Equilibrium(rest.scenario, rest.moves, rest.stable, where)


def _stocks(names: tuple[str, ...], frame: Frame) -> frozenset[Ident]:
    found = set()
    for place, name in enumerate(names):
        path = ("equilibrium", "signed", place)
        chosen = frame.selection(name, path, at_key=False)
        variable = chosen.whole if chosen is not None else None
        if variable is not None and variable.kind is not Kind.STOCK:
            frame.findings.fault("signed", path, f"'{variable.name}' is not a stock")
        elif variable is not None:
            found.add(variable.ident)
    return frozenset(found)
