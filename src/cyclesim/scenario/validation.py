"""A study's tree against its schema: everything wrong found at once, and the rest kept.

What is wrong is taken out and the remainder validated again, so that the names and numbers in
it are checked in the same pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cyclesim.names import did_you_mean
from cyclesim.scenario import change_schema, schema, story_schema, ui_schema
from cyclesim.scenario.change_schema import CHANGES
from cyclesim.scenario.design_schema import design_keys_at
from cyclesim.scenario.document import Document, Path
from cyclesim.scenario.findings import Findings
from cyclesim.scenario.loops_schema import LoopsKeys
from cyclesim.scenario.schema import StudyKeys
from cyclesim.scenario.values import found

_GONE = object()

KeysAt = Callable[[Path, tuple[str, ...]], type[BaseModel]]


@dataclass(frozen=True)
class Grammar:
    """A kind of file: its schema, and what is needed to go on where something is wrong.

    `needed` gives what stands in for a missing key, `lists` are keys whose entries can be taken
    out one by one, `keys_at` returns the schema at a path, given the keys that stand there.
    """

    schema: type[StudyKeys]
    needed: Mapping[str, Any]
    lists: tuple[str, ...]
    keys_at: KeysAt


@dataclass(frozen=True)
class Valid:
    """What of a study is valid; `places` says which entries of a list were kept, by its path."""

    keys: StudyKeys
    places: Mapping[Path, tuple[int, ...]]


def valid_part(
    document: Document, findings: Findings, grammar: Grammar | None = None
) -> Valid | None:
    """Return what of a study fits the schema, None where nothing does; note what does not."""
    grammar = grammar or STUDY
    data = document.plain()
    first = True
    while True:
        try:
            keys = grammar.schema.model_validate(_without_gone(data))
            return Valid(keys, dict(_places(data, ())))
        except ValidationError as error:
            details = error.errors(include_url=False)
        paths = [_path(data, detail["loc"]) for detail in details]
        if first:
            _note(findings, details, paths, grammar.keys_at)
            first = False
        targets = [
            _target(path, detail, grammar) for path, detail in zip(paths, details, strict=True)
        ]
        taken = isinstance(data, dict) and sum(_take_out(data, t, grammar) for t in targets)
        if not taken:
            return None


def _path(data: Any, loc: tuple[str | int, ...]) -> Path:
    """Return where a finding lies in the file: without tags, in the file's own count."""
    path: list[str | int] = []
    node = data
    for place, part in enumerate(loc):
        inside = isinstance(node, dict) and part in node
        if not inside and part in schema.TAGS and place > 0:
            continue
        if isinstance(part, int) and isinstance(node, list):
            kept = [index for index, item in enumerate(node) if item is not _GONE]
            part = kept[part] if part < len(kept) else part
            node = node[part] if part < len(node) else None
        else:
            node = node.get(part) if isinstance(node, dict) else None
        path.append(part)
    return tuple(path)


def _target(path: Path, detail: ErrorDetails, grammar: Grammar) -> Path:
    """Return what has to be taken out for the rest to be valid."""
    if detail["type"] == "missing" and len(path) > 1:
        path = path[:-1]
    for place, part in enumerate(path):
        if isinstance(part, int) and path[place - 1] not in grammar.lists:
            return path[: place - 1]
    return path


def _take_out(data: dict[str, Any], path: Path, grammar: Grammar) -> bool:
    if len(path) == 1 and path[0] in grammar.needed:
        key = str(path[0])
        changed = bool(data.get(key, _GONE) != grammar.needed[key])
        data[key] = grammar.needed[key]
        return changed
    node: Any = data
    for part in path[:-1]:
        node = node.get(part) if isinstance(node, dict) else node[part]
        if not isinstance(node, (dict, list)):
            return False
    if isinstance(node, dict):
        return bool(path) and node.pop(path[-1], _GONE) is not _GONE
    changed = node[path[-1]] is not _GONE
    node[path[-1]] = _GONE
    return changed


def _without_gone(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_gone(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_without_gone(item) for item in data if item is not _GONE]
    return data


def _places(data: Any, path: Path) -> list[tuple[Path, tuple[int, ...]]]:
    made: list[tuple[Path, tuple[int, ...]]] = []
    if isinstance(data, dict):
        for key, value in data.items():
            made += _places(value, (*path, key))
    elif isinstance(data, list):
        made.append((path, tuple(i for i, item in enumerate(data) if item is not _GONE)))
    return made


def _note(
    findings: Findings, details: list[ErrorDetails], paths: list[Path], keys_at: KeysAt
) -> None:
    misspelt: set[Path] = set()
    for path, detail in zip(paths, details, strict=True):
        if detail["type"] == "extra_forbidden":
            misspelt |= _unknown_key(findings, path, keys_at)
    for path, detail in zip(paths, details, strict=True):
        if detail["type"] == "missing" and path not in misspelt:
            hint = f"Add '{path[-1]}: ...'."
            findings.fault("missing", path, "is missing", hint)
        elif detail["type"] not in ("missing", "extra_forbidden"):
            message, advice = _sentence(findings, path, detail)
            findings.fault("value", path, message, advice)


def _unknown_key(findings: Findings, path: Path, keys_at: KeysAt) -> set[Path]:
    """Note a key that means nothing; return the path of the key it was meant for."""
    key = str(path[-1])
    beside = findings.document.keys(path[:-1])
    known = _keys(keys_at(path[:-1], beside))
    if key in CHANGES and "changes" in path:
        message = f"'{key}' stands beside '{next(k for k in beside if k in CHANGES)}'"
        findings.fault("two-kinds", path, message, "A change is of one kind.", at_key=True)
        return set()
    hint = did_you_mean(key, [name for name in known if name not in beside])
    if hint is None:
        hint = f"It is one of {', '.join(known)}." if len(known) <= 8 else None
    findings.fault("unknown-key", path, f"no key is called '{key}'", hint, at_key=True)
    return {(*path[:-1], name) for name in known if hint == f"Did you mean '{name}'?"}


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def study_keys_at(path: Path, beside: tuple[str, ...]) -> type[BaseModel]:
    """Return the schema of a study at a path, given the keys that stand there."""
    match path:
        case ("run",):
            return schema.RunKeys
        case ("outputs", _):
            return schema.OutputKeys
        case ("loops",):
            return LoopsKeys
        case ("scenarios", _):
            return schema.ScenarioKeys
        case ("scenarios", _, "events", _):
            return schema.EventKeys
        case ("scenarios", _, "changes", _):
            return CHANGES[next(kind for kind in CHANGES if kind in beside)]
        case ("scenarios", _, "changes", _, "step"):
            return change_schema.StepKeys
        case ("scenarios", _, "changes", _, "ramp"):
            return change_schema.RampKeys
        case ("scenarios", _, "changes", _, "pulse"):
            return change_schema.PulseKeys
        case ("ui",):
            return ui_schema.UiKeys
        case ("ui", "levers", _):
            return ui_schema.LeverKeys
        case ("story",):
            return story_schema.StoryKeys
        case ("story", "steps", _):
            return story_schema.StepKeys
        case ("expect", _):
            return schema.ExpectationKeys
        case ("expect", _, *_):
            return schema.ReferenceKeys
        case ("design", *inside):
            return design_keys_at(tuple(inside), beside)
    return StudyKeys


STUDY = Grammar(
    StudyKeys,
    {"model": "-", "title": "-", "outputs": {}, "scenarios": {}},
    ("expect", "events", "correlations", "steps"),
    study_keys_at,
)
"""What a study file may say."""


def _sentence(findings: Findings, path: Path, detail: ErrorDetails) -> tuple[str, str | None]:
    if detail["type"] == "plain":
        context = detail["ctx"]
        if context["message"].startswith("a change says none"):
            keys = findings.document.keys(path)
            return context["message"], did_you_mean(keys[0], CHANGES) if keys else None
        if detail["input"] is None and str(path[-1]).isdecimal():
            hint = "A comma in braces ends a value: write 18000, not 18,000."
            return context["message"], hint
        return context["message"], context["hint"]
    given = detail["input"]
    what = "nothing" if given is None else found(given)
    kind = detail["type"]
    if not path:
        message = "the file is empty" if given is None else f"{what} stands where a study belongs"
        return message, "Write its keys with their values, beginning with 'model: ...'."
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"{what} stands where keys with values belong", "Write key: value, indented."
    if kind == "list_type":
        return f"{what} stands where a list belongs", "Write [first, second], or lines with dashes."
    if kind in ("too_short", "too_long") and path[-1] == "between" and "correlations" in path:
        return "not two names", "Write between: [Price, Customers (initial)]."
    if kind in ("too_short", "too_long") and path[-1] == "between":
        return "not two numbers", "Write between: [0.4, 0.6]."
    if kind == "too_short":
        return "the list is empty", None
    return f"{what} does not fit here: {detail['msg']}", None
