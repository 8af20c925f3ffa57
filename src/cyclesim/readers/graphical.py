"""XMILE's graphical functions (XMILE 1.0, section 3.1.4)."""

from __future__ import annotations

import math
from itertools import pairwise

from cyclesim.project import GraphicalFunction, GraphicalKind
from cyclesim.readers.findings import Findings
from cyclesim.readers.xml import Element


def read_graphical(element: Element, name: str, findings: Findings) -> GraphicalFunction | None:
    """Return the points of a <gf>, or None where something is wrong with them."""
    before = len(findings.diagnostics)
    subject = f"'{name}'"
    kind = _kind(element, subject, findings)
    y = _numbers(element.child("ypts"), subject, findings)
    if element.child("xpts") is not None:
        x = _numbers(element.child("xpts"), subject, findings)
    else:
        x = _scaled(element.child("xscale"), len(y), subject, element, findings)
    if len(findings.diagnostics) > before:
        return None
    if len(x) != len(y):
        message = f"the graphical function has {len(x)} x values and {len(y)} y values"
        findings.fault("points", message, element.location, subject)
    elif len(x) < 2:
        message = "the graphical function has fewer than two points"
        findings.fault("points", message, element.location, subject)
    elif any(after < now for now, after in pairwise(x)):
        message = "the x values of the graphical function fall somewhere"
        findings.fault("points", message, element.location, subject, "Sort the points by x.")
    if len(findings.diagnostics) > before:
        return None
    return GraphicalFunction(kind, x, y)


def _kind(element: Element, subject: str, findings: Findings) -> GraphicalKind:
    # Files of before XMILE 1.0 say discrete="true".
    old = element.attributes.get("discrete", "").casefold() == "true"
    written = element.attributes.get("type", "discrete" if old else "continuous")
    try:
        return GraphicalKind(written.casefold())
    except ValueError:
        message = f"no graphical function is of type '{written}'"
        hint = "It is continuous, extrapolate or discrete."
        findings.fault("graphical-type", message, element.location, subject, hint)
        return GraphicalKind.CONTINUOUS


def _numbers(element: Element | None, subject: str, findings: Findings) -> tuple[float, ...]:
    if element is None:
        return ()
    separator = element.attributes.get("sep", ",")
    found: list[float] = []
    pieces = element.text.split(separator) if separator.strip() else element.text.split()
    for piece in pieces:
        try:
            value = float(piece)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            message = f"'{piece.strip()}' among the points is not a number"
            findings.fault("points", message, element.location, subject)
            return ()
        found.append(value)
    return tuple(found)


def _scaled(
    element: Element | None, count: int, subject: str, owner: Element, findings: Findings
) -> tuple[float, ...]:
    if element is None:
        message = "the graphical function has neither x values nor an x scale"
        findings.fault("points", message, owner.location, subject)
        return ()
    try:
        low, high = (float(element.attributes[key]) for key in ("min", "max"))
        if not (math.isfinite(low) and math.isfinite(high)):
            raise ValueError
    except (KeyError, ValueError):
        message = "the x scale has no smallest and largest value"
        findings.fault("points", message, element.location, subject)
        return ()
    if count < 2:
        return (low,) * count
    return tuple(low + (high - low) * index / (count - 1) for index in range(count))
