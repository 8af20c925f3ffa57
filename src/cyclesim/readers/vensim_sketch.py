"""What follows a Vensim file's equations: sketches, units, the integration method."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import escape

from cyclesim.errors import Location, SourceText
from cyclesim.names import Ident, canonical, displayed
from cyclesim.project import Flow, Method, Stock, UnitDefinition, Variable, View
from cyclesim.readers.findings import Findings

_OBJECT, _VALVE, _ARROW, _PIPE = "10", "11", "1", "22"
_FIELD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,"])+|(?<=,)(?=,|\Z)|"')
_POLARITY = {"43": "+", "45": "-"}
_METHODS = {
    "0": Method.EULER,
    "1": Method.RK4,
    "3": Method.RK2,
    "4": Method.RK2,
    "5": Method.RK4,
}
"""The fourth number of setting 15. Vensim's menu: Euler, RK4 Auto, Diff, RK2 Auto, RK2 Fixed,
RK4 Fixed. The automatic ones are taken on the model's own TIME STEP."""


def _lines(source: SourceText) -> Iterator[tuple[str, Location]]:
    offset = 0
    for line in source.content.split("\n"):
        yield line.strip(), source.location(offset)
        offset += len(line) + 1


def read_tags(settings: SourceText) -> dict[str, str]:
    """Return the files that names such as `?costs` stand for: setting 30."""
    found: dict[str, str] = {}
    for line, _ in _lines(settings):
        if line.startswith("30:?"):
            tag, _, name = line.removeprefix("30:").partition("=")
            found[tag.strip().casefold()] = name.strip()
    return found


def read_views(sketches: Iterable[SourceText], variables: Iterable[Variable]) -> tuple[View, ...]:
    """Return the diagrams in XMILE's words: where each variable stands, and the arrows."""
    tags: dict[Ident, tuple[str, str]] = {}
    for variable in variables:
        tag = {Stock: "stock", Flow: "flow"}.get(type(variable), "aux")
        tags[variable.about.ident] = (tag, variable.about.name)
    views = (_view(sketch, tags) for sketch in sketches)
    return tuple(view for view in views if view is not None)


def _view(sketch: SourceText, tags: dict[Ident, tuple[str, str]]) -> View | None:
    title = ""
    shown: dict[str, str] = {}
    valves: dict[str, tuple[str, str]] = {}
    drawn: list[str] = []
    arrows: list[list[str]] = []
    for line, _ in _lines(sketch):
        if line.startswith("*") and not title:
            title = line[1:].strip()
        fields = _FIELD.findall(line)
        if len(fields) < 5 or not (_is_number(fields[3]) and _is_number(fields[4])):
            continue
        if fields[0] == _VALVE:
            valves[str(_whole(fields[1]) + 1)] = (fields[3], fields[4])
            shown[fields[1]] = str(_whole(fields[1]) + 1)  # the name of a valve comes next
        elif fields[0] == _ARROW:
            arrows.append(fields)
        elif fields[0] == _OBJECT and canonical(fields[2]) in tags:
            tag, name = tags[canonical(fields[2])]
            shown[fields[1]] = name
            x, y = valves.get(fields[1], (fields[3], fields[4])) if tag == "flow" else fields[3:5]
            drawn.append(f'<{tag} name="{escape(name)}" x="{x}" y="{y}"/>')
    drawn += _connectors(arrows, lambda uid: _name_of(uid, shown))
    if not drawn:
        return None
    xml = f'<view name="{escape(title)}">{"".join(drawn)}</view>'
    return View(xml, sketch.location())


def _connectors(arrows: list[list[str]], name_of: Callable[[str], str | None]) -> list[str]:
    """Return the arrows of influence; pipes are known from the flows of each stock."""
    drawn: list[str] = []
    for fields in arrows:
        first, last = name_of(fields[2]), name_of(fields[3])
        if first is None or last is None or fields[7:8] == [_PIPE]:
            continue
        sign = _POLARITY.get(fields[6] if len(fields) > 6 else "")
        polarity = f' polarity="{sign}"' if sign else ""
        ends = f"<from>{escape(first)}</from><to>{escape(last)}</to>"
        drawn.append(f'<connector uid="{_whole(fields[1])}"{polarity}>{ends}</connector>')
    return drawn


def _name_of(uid: str, shown: dict[str, str]) -> str | None:
    name = shown.get(uid)
    if name is not None and name.isdigit():  # a valve stands for the variable drawn next to it
        name = shown.get(name)
    return name


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d{1,9}", text.strip()))


def _whole(text: str) -> int:
    return int(text) if _is_number(text) else 0


def read_units(settings: SourceText) -> tuple[UnitDefinition, ...]:
    """Return the units with their other words, from settings `22:Hour,Hours`."""
    found: list[UnitDefinition] = []
    for line, where in _lines(settings):
        words = [displayed(word) for word in line[3:].split(",")] if line[:3] == "22:" else []
        words = [word for word in words if word]
        if words:
            found.append(UnitDefinition(words[0], None, tuple(words[1:]), where))
    return tuple(found)


def read_method(settings: SourceText, findings: Findings) -> Method:
    """Return the integration method, Euler where the file says nothing."""
    for line, where in _lines(settings):
        if not line.startswith("15:"):
            continue
        fields = line[3:].split(",")
        code = fields[3].strip() if len(fields) > 3 else "0"
        if code in _METHODS:
            return _METHODS[code]
        message = f"no integration method has the number {code}"
        hint = "Choose Euler, RK2 or RK4 in Vensim's model settings."
        if code == "2":
            message = "the integration method Diff is not computed yet"
        findings.fault("method", message, where, "", hint)
    return Method.EULER
