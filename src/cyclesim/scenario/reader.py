"""A study file into a `Study`, or into everything that is wrong with it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cyclesim import library
from cyclesim.compiler import CompiledModel
from cyclesim.errors import Diagnostic, ModelError, StudyError, UsageError, in_file_order
from cyclesim.names import Ident, did_you_mean
from cyclesim.scenario.document import Document, parse
from cyclesim.scenario.expectations import expectation_of
from cyclesim.scenario.findings import Findings
from cyclesim.scenario.frame import Frame, settled
from cyclesim.scenario.model_reference import model_of
from cyclesim.scenario.parts import Direction, Expectation, Output, Study
from cyclesim.scenario.scenarios import note_repetition, scenarios_of
from cyclesim.scenario.schema import OutputKeys, StudyKeys
from cyclesim.scenario.validation import Valid, valid_part

SUFFIXES = (".yaml", ".yml", ".json")


def read_study(path: str | Path) -> Study:
    """Return the study of a file, or of the library by its name.

    Raises UsageError where there is no such file, StudyError with everything wrong in it,
    ModelError where only its model is at fault.
    """
    file = _file(path)
    content = file.read_bytes()
    document = parse(content, str(file))
    findings = Findings(document)
    valid = valid_part(document, findings)
    if valid is None:
        raise _refused(findings)
    model: CompiledModel | None = None
    try:
        if _model_is_named(findings):
            model = model_of(valid.keys.model, file.parent, findings)
    except ModelError as error:
        if not findings.diagnostics:
            raise
        raise StudyError((*_in_order(findings), *error.diagnostics)) from None
    if model is None:
        raise _refused(findings)
    study = _study(valid, model, str(file), hashlib.sha256(content).hexdigest(), findings)
    if findings.diagnostics:
        raise _refused(findings)
    return study


def _file(path: str | Path) -> Path:
    if isinstance(path, str) and path in library.study_names() and not Path(path).is_file():
        return library.study_path(path)
    file = Path(path)
    if not file.is_file():
        hint = did_you_mean(str(path), library.study_names()) or ""
        raise UsageError(f"there is no study file '{path}'. {hint}".strip())
    if file.suffix.casefold() not in SUFFIXES:
        kinds = ", ".join(SUFFIXES)
        raise UsageError(f"'{path}' is not a study file: its name ends in none of {kinds}.")
    return file


def _model_is_named(findings: Findings) -> bool:
    at_fault = any(found.subject == "model" for found in findings.diagnostics)
    return not at_fault and findings.document.find(("model",)) is not None


def _in_order(findings: Findings) -> tuple[Diagnostic, ...]:
    return in_file_order(dict.fromkeys(findings.diagnostics))


def _refused(findings: Findings) -> StudyError:
    return StudyError(_in_order(findings))


def _study(valid: Valid, model: CompiledModel, path: str, digest: str, findings: Findings) -> Study:
    keys = valid.keys
    specs = settled(keys.run, model.flat.sim_specs, findings)
    frame = Frame(model.flat, specs, Path(path).parent, findings)
    outputs = _outputs(keys, frame)
    scenarios = scenarios_of(valid, frame)
    _check_any(keys, findings.document, findings)
    names = findings.document.keys(("scenarios",))
    expectations: list[Expectation] = []
    for place, wish in zip(valid.places.get(("expect",), ()), keys.expect, strict=True):
        expectation = expectation_of(wish, ("expect", place), names, frame)
        if expectation is not None:
            expectations.append(expectation)
    return Study(
        path=path,
        title=keys.title,
        question=keys.question or "",
        model=model,
        specs=specs,
        noise_seed=keys.run.noise_seed or 0,
        outputs=outputs,
        scenarios=scenarios,
        expectations=tuple(expectations),
        digest=digest,
        warnings=in_file_order(dict.fromkeys(findings.warnings)),
    )


def _outputs(keys: StudyKeys, frame: Frame) -> tuple[Output, ...]:
    made: dict[Ident, Output] = {}
    for name, wish in keys.outputs.items():
        path = ("outputs", name)
        variable = frame.variable(name, path, at_key=True)
        if variable is None or not note_repetition(variable, made, path, frame):
            continue
        good, title = (wish.good, wish.title) if isinstance(wish, OutputKeys) else (wish, None)
        made[variable.ident] = Output(variable, Direction(good), title or variable.name)
    return tuple(made.values())


def _check_any(keys: StudyKeys, document: Document, findings: Findings) -> None:
    """Note outputs or scenarios that are there and empty."""
    for key, example in (("outputs", "Profit: up"), ("scenarios", "baseline: {title: As it is}")):
        if document.find((key,)) is not None and not document.keys((key,)):
            already = any(found.subject == key for found in findings.diagnostics)
            if not already:
                findings.fault("empty", (key,), f"no {key} are given", f"Add one: '{example}'.")
