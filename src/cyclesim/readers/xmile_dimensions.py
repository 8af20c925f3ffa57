"""XMILE's dimensions (XMILE 1.0, section 2.6), and the subscripts that name their elements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from cyclesim.errors import Location
from cyclesim.names import Ident, canonical, did_you_mean, displayed
from cyclesim.project import Dimension, DimensionMapping
from cyclesim.readers.findings import Findings, place_of
from cyclesim.readers.xml import Element

SIZE_LIMIT = 100_000
"""A larger dimension is refused by name: no modeller writes it, and it would exhaust memory."""

_PIECE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,])+')

Dimensions = Mapping[Ident, Dimension]


def read_dimensions(root: Element, findings: Findings) -> tuple[Dimension, ...]:
    """Return the dimensions of a file in the order in which they stand there."""
    found: dict[Ident, Dimension] = {}
    elements: dict[Ident, Element] = {}
    for block in root.all("dimensions"):
        for child in block.children:
            dimension = _dimension(child, findings)
            if dimension is None:
                continue
            other = found.setdefault(dimension.ident, dimension)
            elements.setdefault(dimension.ident, child)
            if other is not dimension:
                message = (
                    f"the name is taken by the dimension {place_of(other.location, child.location)}"
                )
                findings.fault("twin", message, child.location, _subject(dimension.name))
    return tuple(
        _mapped(dimension, elements[ident], found, findings) for ident, dimension in found.items()
    )


def _subject(name: str) -> str:
    return f"dimension '{name}'"


def _dimension(element: Element, findings: Findings) -> Dimension | None:
    if element.tag != "dim":
        findings.fault(
            "unknown-element", "this element is not known", element.location, f"<{element.tag}>"
        )
        return None
    name = displayed(element.attributes.get("name", ""))
    if not name:
        findings.fault("unnamed", "the dimension has no name", element.location, "<dim>")
        return None
    for child in element.children:
        if child.tag not in ("elem", "maps_to", "mapping"):
            message = f"<{child.tag}> is not known"
            findings.fault("unknown-element", message, child.location, _subject(name))
    size = _size(element, name, findings)
    elements = _elements(element, name, findings)
    if elements and size is not None and size != len(elements):
        message = f"the size is {size}, and {len(elements)} elements are named"
        findings.fault("dimension", message, element.location, _subject(name))
    elif not elements and size is None and "size" not in element.attributes:
        message = "the dimension has neither a size nor elements"
        findings.fault("dimension", message, element.location, _subject(name))
    numbered = not elements
    if numbered:
        elements = tuple(str(number) for number in range(1, (size or 0) + 1))
    return Dimension(name, canonical(name), elements, element.location, numbered)


def _size(element: Element, name: str, findings: Findings) -> int | None:
    written = element.attributes.get("size")
    if written is None:
        return None
    whole = written.strip()
    if whole.isdecimal() and len(whole) < 10 and 1 <= int(whole) <= SIZE_LIMIT:
        return int(whole)
    message = f"the size '{written}' is not a whole number from 1 to {SIZE_LIMIT}"
    findings.fault("dimension", message, element.location, _subject(name))
    return None


def _elements(element: Element, name: str, findings: Findings) -> tuple[str, ...]:
    found: dict[Ident, str] = {}
    for child in element.all("elem"):
        written = displayed(child.attributes.get("name", ""))
        if not written:
            message = "an element has no name"
            findings.fault("unnamed", message, child.location, _subject(name))
        elif canonical(written) in found:
            message = f"the element '{written}' stands there twice"
            findings.fault("dimension", message, child.location, _subject(name))
        else:
            found[canonical(written)] = written
    return tuple(found.values())


def _mapped(
    dimension: Dimension, element: Element, found: Dimensions, findings: Findings
) -> Dimension:
    """Return the dimension with its mappings, which XMILE lacks: Stella's way and simlin's."""
    ways = {"maps_to": _in_order, "mapping": _by_element}
    mappings = [
        ways[child.tag](dimension, child, found, findings)
        for child in element.children
        if child.tag in ways
    ]
    kept = tuple(mapping for mapping in mappings if mapping is not None)
    return replace(dimension, mappings=kept)


def _in_order(
    dimension: Dimension, element: Element, found: Dimensions, findings: Findings
) -> DimensionMapping | None:
    """Return what <maps_to>Other</maps_to> says: the first element for the first, and so on."""
    target = _target(element.text, dimension, element, found, findings)
    if target is None:
        return None
    if len(target.elements) != len(dimension.elements):
        message = (
            f"it has {len(dimension.elements)} elements and maps to '{target.name}', "
            f"which has {len(target.elements)}"
        )
        findings.fault("dimension", message, element.location, _subject(dimension.name))
        return None
    groups = tuple((canonical(name),) for name in target.elements)
    return DimensionMapping(target.ident, groups)


def _by_element(
    dimension: Dimension, element: Element, found: Dimensions, findings: Findings
) -> DimensionMapping | None:
    """Return what <mapping target="Other"><elem from="B1" to="A1"/>...</mapping> says."""
    target = _target(element.attributes.get("target", ""), dimension, element, found, findings)
    if target is None:
        return None
    groups: dict[Ident, list[Ident]] = {canonical(name): [] for name in dimension.elements}
    ends = {canonical(name) for name in target.elements}
    for pair in element.children:
        own = canonical(pair.attributes.get("from", ""))
        theirs = canonical(pair.attributes.get("to", ""))
        if own not in groups or theirs not in ends:
            message = f"no element '{own}' maps to an element '{theirs}' of '{target.name}'"
            findings.fault("dimension", message, pair.location, _subject(dimension.name))
        else:
            groups[own].append(theirs)
    return DimensionMapping(target.ident, tuple(map(tuple, groups.values())))


def _target(
    written: str, dimension: Dimension, element: Element, found: Dimensions, findings: Findings
) -> Dimension | None:
    target = found.get(canonical(written))
    if target is None:
        subject = _subject(dimension.name)
        unknown_dimension(displayed(written), found, element.location, subject, findings)
    return target


def unknown_dimension(
    name: str, known: Dimensions, where: Location, subject: str, findings: Findings
) -> None:
    """Note that no dimension is called so."""
    hint = did_you_mean(name, [dimension.name for dimension in known.values()]) or ""
    findings.fault("unknown-dimension", f"no dimension is called '{name}'", where, subject, hint)


def subscripts_of(text: str) -> tuple[Ident, ...]:
    """Return the names between the commas of a subscript; quoted ones may hold commas."""
    return tuple(canonical(piece) for piece in _PIECE.findall(text) if piece.strip())


def read_dimensions_of(
    element: Element, subject: str, known: Dimensions, findings: Findings
) -> tuple[Ident, ...]:
    """Return the dimensions that a variable runs over."""
    found: list[Ident] = []
    for child in element.children:
        name = displayed(child.attributes.get("name", ""))
        if child.tag != "dim":
            message = f"<{child.tag}> is not known"
            findings.fault("unknown-element", message, child.location, subject)
        elif canonical(name) not in known:
            unknown_dimension(name, known, child.location, subject, findings)
        else:
            found.append(canonical(name))
    return tuple(found)


def read_subscripts(
    element: Element, dimensions: tuple[Ident, ...], subject: str, known: Dimensions,
    findings: Findings,
) -> tuple[Ident, ...] | None:  # fmt: skip
    """Return the subscripts of an <element>: elements, or subranges, one a dimension."""
    written = element.attributes.get("subscript", "")
    found = subscripts_of(written)
    if len(found) != len(dimensions):
        message = f"[{written}] has {_counted(len(found), 'subscript')} for "
        message += _counted(len(dimensions), "dimension")
        findings.fault("subscript", message, element.location, subject)
        return None
    whole = True
    for ident, name in zip(dimensions, found, strict=True):
        own = [canonical(one) for one in known[ident].elements]
        subrange = name not in own and name in known
        part = [canonical(one) for one in known[name].elements] if subrange else [name]
        if not set(part) <= set(own):
            message = f"the dimension '{known[ident].name}' has no element '{name}'"
            hint = did_you_mean(name, known[ident].elements) or ""
            findings.fault("subscript", message, element.location, subject, hint)
            whole = False
    return found if whole else None


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
