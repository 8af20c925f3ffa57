"""A study file into a `Study`, or into everything that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path as FilePath

from cyclesim import library
from cyclesim.compiler import CompiledModel, Selection
from cyclesim.errors import Diagnostic, ModelError, StudyError, UsageError, in_file_order
from cyclesim.names import did_you_mean
from cyclesim.scenario.coverage import note_overlap
from cyclesim.scenario.designs import designs_of
from cyclesim.scenario.document import Document, Path, parse
from cyclesim.scenario.expectations import expectation_of
from cyclesim.scenario.findings import Findings
from cyclesim.scenario.frame import Frame, settled
from cyclesim.scenario.model_reference import model_of
from cyclesim.scenario.named_loops import loops_of
from cyclesim.scenario.parts import Direction, Expectation, Output, Study
from cyclesim.scenario.scenarios import scenarios_of
from cyclesim.scenario.schema import OutputKeys, StudyKeys
from cyclesim.scenario.story import story_of
from cyclesim.scenario.tipping import tipping_of
from cyclesim.scenario.ui import ui_of
from cyclesim.scenario.validation import Valid, valid_part

MOST_ELEMENTS = 12
"""Elements shown of an output that is a whole array."""

SUFFIXES = (".yaml", ".yml", ".json")


def read_study(path: str | FilePath) -> Study:
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
    study = study_of(valid, model, str(file), hashlib.sha256(content).hexdigest(), findings)
    if findings.diagnostics:
        raise _refused(findings)
    return study


def _file(path: str | FilePath) -> FilePath:
    if isinstance(path, str) and path in library.study_names() and not FilePath(path).is_file():
        return library.study_path(path)
    file = FilePath(path)
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


def study_of(
    valid: Valid, model: CompiledModel, path: str, digest: str, findings: Findings
) -> Study:
    """Return the study of what is valid in a file; note what does not fit the model."""
    keys = valid.keys
    specs = settled(keys.run, model.flat.sim_specs, findings)
    frame = Frame(model.flat, specs, FilePath(path).parent, findings)
    outputs = _outputs(keys, frame)
    scenarios = scenarios_of(valid, frame)
    _check_any(keys, findings.document, findings)
    names = findings.document.keys(("scenarios",))
    expectations: list[Expectation] = []
    for place, wish in zip(valid.places.get(("expect",), ()), keys.expect, strict=True):
        expectation = expectation_of(wish, ("expect", place), names, frame)
        if expectation is not None:
            expectations.append(expectation)
    loops = loops_of(keys.loops, frame)
    shown = {each.variable.ident: each.variable.name for each in outputs}
    ui = ui_of(keys.ui, shown, frame)
    story = story_of(keys.story, valid.places.get(("story", "steps"), ()), ui, shown, frame)
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
        designs=designs_of(valid, scenarios, frame),
        tipping=tipping_of(keys, scenarios, outputs, frame),
        ui=ui,
        loops=loops,
        story=story,
    )


def _outputs(keys: StudyKeys, frame: Frame) -> tuple[Output, ...]:
    named: list[tuple[Selection, Path, OutputKeys]] = []
    for name, wish in keys.outputs.items():
        path = ("outputs", name)
        selection = frame.selection(name, path, at_key=True)
        seen = [other for other, _, _ in named]
        if selection is not None and note_overlap(selection, seen, path, frame):
            whole = wish if isinstance(wish, OutputKeys) else OutputKeys(good=wish)
            named.append((selection, path, whole))
    alone = {selection.variable.ident for selection, _, _ in named}
    return tuple(
        output
        for selection, path, wish in named
        for output in _elements(selection, path, wish, frame)
        if selection.variable.ident == output.variable.ident or output.variable.ident not in alone
    )


def _elements(selection: Selection, path: Path, wish: OutputKeys, frame: Frame) -> Iterator[Output]:
    """Yield a scalar as it is, an array element by element; say where not all are shown."""
    variable, good = selection.variable, Direction(wish.good)
    title = wish.title or variable.name
    if not variable.shape:
        yield Output(variable, good, title)
        return
    if variable.size > MOST_ELEMENTS:
        message = (
            f"is an array of {variable.size} elements, and the first {MOST_ELEMENTS} are shown; "
            "series.csv holds all"
        )
        frame.findings.warn("many-elements", path, message, at_key=True)
    for element in selection.elements(MOST_ELEMENTS):
        own = element.variable
        shown = f"{title}{own.name[own.name.rindex('[') :]}" if wish.title else own.name
        yield Output(own, good, shown, title)


def _check_any(keys: StudyKeys, document: Document, findings: Findings) -> None:
    """Note outputs or scenarios that are there and empty."""
    for key, example in (("outputs", "Profit: up"), ("scenarios", "baseline: {title: As it is}")):
        if document.find((key,)) is not None and not document.keys((key,)):
            already = any(found.subject == key for found in findings.diagnostics)
            if not already:
                findings.fault("empty", (key,), f"no {key} are given", f"Add one: '{example}'.")
