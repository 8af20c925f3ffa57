"""XMILE's conveyors (XMILE 1.0, sections 4.2.1 and 4.3) and the flows that leak from them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from cyclesim.names import Ident, canonical
from cyclesim.project import About, Conveyor, Equation, Leak
from cyclesim.readers.findings import Findings
from cyclesim.readers.xmile_equations import parsed
from cyclesim.readers.xml import Element

_EQUATIONS = {
    "len": "length",
    "capacity": "capacity",
    "in_limit": "inflow_limit",
    "sample": "sample",
}
_REFUSED = {
    "arrest": "a conveyor that is arrested is not computed yet",
    "discrete": "a discrete conveyor is not computed yet",
}
_WITHOUT_EFFECT = frozenset(["batch_integrity", "one_at_a_time", "force_leak_fraction"])
"""The first two are about a queue in front, the third about what does not enter at the entry."""

_PLACES = frozenset(["", "beginning", "begin"])


def outflows_of_conveyors(elements: Iterable[Element]) -> frozenset[Ident]:
    """Return the flows that leave conveyors: those need no equation."""
    return frozenset(
        canonical(outflow.text.strip())
        for element in elements
        if element.tag == "stock" and element.child("conveyor") is not None
        for outflow in element.all("outflow")
    )


def read_conveyor(element: Element, about: About, findings: Findings) -> Conveyor | None:
    """Return what makes a stock a conveyor, None where it is none or something is wrong."""
    conveyor = element.child("conveyor")
    if conveyor is None:
        return None
    subject = f"'{about.name}'"
    for name, value in conveyor.attributes.items():
        said = value.strip().casefold()
        if name == "exponential_leak" or name in _WITHOUT_EFFECT or said in ("", "false"):
            continue
        message = _REFUSED.get(name, f'a conveyor with {name}="{value}" is not computed yet')
        findings.fault(name, message, conveyor.location, subject)
    given: dict[str, Equation] = {}
    for child in conveyor.children:
        if child.tag in _REFUSED:
            if child.text.strip() not in ("", "0"):
                findings.fault(child.tag, _REFUSED[child.tag], child.location, subject)
        elif child.tag not in _EQUATIONS:
            message = f"<{child.tag}> is not known"
            findings.fault("unknown-element", message, child.location, subject)
        elif _EQUATIONS[child.tag] in given:
            message = f"<{child.tag}> stands there twice"
            findings.fault("equations", message, child.location, subject, "Keep one.")
        elif child.text.strip():
            expr = parsed(child.source, subject, findings)
            if expr is not None:
                given[_EQUATIONS[child.tag]] = Equation(child.source, expr)
    length = given.pop("length", None)
    if length is None:
        if not any(child.tag == "len" and child.text.strip() for child in conveyor.children):
            message, hint = "the conveyor has no transit time", "Write <len>4</len> within it."
            findings.fault("conveyor", message, conveyor.location, subject, hint)
        return None
    exponential = conveyor.attributes.get("exponential_leak", "").strip().casefold() == "true"
    return Conveyor(length, exponential=exponential, **given)


def read_leak(element: Element, about: About, findings: Findings) -> Leak | None:
    """Return what makes a flow a leak, None where it is none."""
    marks = [child for child in element.children if child.tag in ("leak", "leak_fraction")]
    if not marks:
        return None
    ends = [_share(element, key, default, about, findings)
            for key, default in (("leak_start", 0.0), ("leak_end", 1.0))]  # fmt: skip
    if not ends[0] < ends[1]:
        message = f"the part that leaks runs from {ends[0]:g} to {ends[1]:g}"
        hint = "Give leak_start and leak_end as shares of the length, the first the smaller."
        findings.fault("leak", message, marks[0].location, f"'{about.name}'", hint)
        return None
    return Leak(*ends)


def leak_equation(element: Element, about: About, findings: Findings) -> Element:
    """Return a leaking flow with the fraction as its equation, where <leak> holds it."""
    marks = [child for child in element.children if child.tag in ("leak", "leak_fraction")]
    told = [mark for mark in marks if mark.text.strip()]
    if not told:
        return element
    eqn = element.child("eqn")
    if len(told) > 1 or (eqn is not None and eqn.text.strip() != told[0].text.strip()):
        message = "the fraction that leaks is given twice"
        hint = "Keep the equation, with <leak/> beside it."
        findings.fault("leak", message, told[0].location, f"'{about.name}'", hint)
        return element
    own = Element("eqn", "", {}, told[0].location, [], told[0].pieces)
    rest = [child for child in element.children if child.tag != "eqn"]
    return Element(element.tag, element.prefix, element.attributes, element.location, [own, *rest])


def refuse_spread(element: Element, about: About, findings: Findings) -> None:
    """Note a flow that Stella spreads over a conveyor instead of putting it at the entry."""
    spread = element.attributes.get("spreadflow", "").strip().casefold()
    if spread not in _PLACES:
        message = f"an inflow that is spread over a conveyor ('{spread}') is not computed yet"
        findings.fault("spreadflow", message, element.location, f"'{about.name}'")


def _share(element: Element, key: str, default: float, about: About, findings: Findings) -> float:
    """Return a share of a conveyor's length, given as an attribute or an element."""
    child = element.child(key)
    text = element.attributes.get(key, child.text if child is not None else "").strip()
    if not text:
        return default
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0.0 <= share <= 1.0:
        message = f"{key} is '{text}', and no number from 0 to 1"
        where = child.location if child is not None else element.location
        findings.fault("leak", message, where, f"'{about.name}'")
        return default
    return share
