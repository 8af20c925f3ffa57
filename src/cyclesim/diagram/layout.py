"""A sheet of our own making: chains of stocks, auxiliaries among them, links as arcs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from cyclesim.diagram.arcs import Router, drawn
from cyclesim.diagram.chains import Piece, chains
from cyclesim.diagram.placing import Canvas
from cyclesim.diagram.sheet import Arrow, Box, Place, Sheet, Side, framed_lines, framed_width
from cyclesim.diagram.structure import Form, Structure
from cyclesim.diagram.text import LINE

_PASSES = 6
"""How often each piece is set down anew."""

_POINTS = 61
_STEPS = sorted(
    ((dx, dy) for dx in range(-100, 101, 20) for dy in range(-80, 81, 20) if dx or dy),
    key=lambda step: (abs(step[0]) + 1.5 * abs(step[1]), step),
)
_MODULE_WIDTH, _MODULE_HEIGHT = 110.0, 60.0


def laid_out(structure: Structure) -> Sheet:
    """Return the stock-and-flow picture of a structure, everything in it shown."""
    pieces = list(chains(structure))
    for ident, part in structure.parts.items():
        if part.form in (Form.AUXILIARY, Form.CONSTANT):
            pieces.append(Piece((Place(ident, ident, part.name, part.form, 0.0, 0.0),)))
        elif part.form is Form.MODULE:
            wide = max(_MODULE_WIDTH, framed_width(part.name))
            high = max(_MODULE_HEIGHT, len(framed_lines(part.name, wide)) * LINE + 20)
            place = Place(ident, ident, part.name, part.form, 0, 0, wide, high, Side.CENTRE)
            pieces.append(Piece((place,)))
    links = [pair for pair in structure.links if pair[0] != pair[1]]
    order = {ident: number for number, ident in enumerate(structure.parts)}
    arrows = tuple(
        Arrow(source, target, 0.0, each.sign, each.delayed, each.initial)
        for (source, target), each in structure.links.items()
        if source != target
    )
    placed = Canvas(pieces, links).placed(_PASSES)
    places = tuple(sorted(placed, key=lambda place: order[place.ident]))
    return _cleared(Sheet(places, Router(Sheet(places, ())).routed(arrows)))


def struck(sheet: Sheet) -> list[tuple[int, str]]:
    """Return each link, by its number, with each place that is not its own and it runs through."""
    found: list[tuple[int, str]] = []
    for number, arrow in enumerate(sheet.arrows):
        line = drawn(arrow, sheet.by_key, _POINTS)
        for place in sheet.places:
            if place.key not in (arrow.source, arrow.target) and _runs(line, place.boxes):
                found.append((number, place.key))
    return found


def _runs(line: np.ndarray, boxes: Iterable[Box]) -> bool:
    x, y = line[:, 0], line[:, 1]
    return any(
        bool(((x > left + 2) & (x < right - 2) & (y > top + 2) & (y < bottom - 2)).any())
        for left, top, right, bottom in boxes
    )


def _cleared(sheet: Sheet) -> Sheet:
    """Return a sheet in which words that links run through have stepped aside where they can."""
    for key in sorted({key for _, key in struck(sheet)}):
        sheet = _aside(sheet, key)
    return replace(sheet, arrows=Router(sheet).routed(sheet.arrows))


def _aside(sheet: Sheet, key: str) -> Sheet:
    place = sheet.by_key[key]
    if place.form not in (Form.AUXILIARY, Form.CONSTANT):
        return sheet
    others = np.array([box for p in sheet.places if p.key != key for box in Piece((p,)).solid])
    passing = [a for a in sheet.arrows if key not in (a.source, a.target)]
    ink = np.vstack([np.zeros((0, 2)), *(drawn(a, sheet.by_key, _POINTS) for a in passing)])
    for dx, dy in _STEPS:
        there = replace(place, x=place.x + dx, y=place.y + dy)
        left, top, right, bottom = there.label
        near = (left - 9, top - 9, right + 9, bottom + 9)
        covered = (
            (others[:, 0] < near[2])
            & (near[0] < others[:, 2])
            & (others[:, 1] < near[3])
            & (near[1] < others[:, 3])
        )
        if not covered.any() and not _runs(ink, (near,)):
            kept = tuple(there if p.key == key else p for p in sheet.places)
            return replace(sheet, places=kept)
    return sheet
