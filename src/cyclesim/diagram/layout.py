"""A sheet of our own making: chains of stocks, auxiliaries among them, links as arcs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from cyclesim.diagram.arcs import Router, crossings, drawn, segments
from cyclesim.diagram.chains import Piece, chains
from cyclesim.diagram.packing import groups, packed, squeezed
from cyclesim.diagram.placing import Canvas
from cyclesim.diagram.sheet import Arrow, Box, Place, Sheet, Side, framed_lines, framed_width
from cyclesim.diagram.structure import Form, Structure
from cyclesim.diagram.text import LINE

_PASSES = 6
"""How often each piece is set down anew."""

_MANY = 22
"""More pieces than this grow downwards rather than to the side."""

_STRIPE = 36.0
"""The widest empty stripe across a picture with ghosts."""

_GHOST_ROUNDS = 2
"""How often long links are looked for: each time the rest stand closer."""

_POINTS = 61
_STEPS = sorted(
    ((dx, dy) for dx in range(-100, 101, 20) for dy in range(-80, 81, 20) if dx or dy),
    key=lambda step: (abs(step[0]) + 1.5 * abs(step[1]), step),
)
_MODULE_WIDTH, _MODULE_HEIGHT = 110.0, 60.0


_FAR = 330.0
"""A link longer than this may begin at a ghost, the name of its source again near its target."""

_TANGLED = 2
"""And so may one that crosses more links than this."""

_FEW = 40
"""A picture of no more links than this needs no ghosts."""


def laid_out(structure: Structure, ghosts: bool = False) -> Sheet:
    """Return the stock-and-flow picture of a structure, everything in it shown.

    With `ghosts`, long links and tangled ones begin near their targets, at a name told again.
    """
    pieces = _pieces(structure)
    arrows = tuple(
        Arrow(source, target, 0.0, each.sign, each.delayed, each.initial)
        for (source, target), each in structure.links.items()
        if source != target
    )
    sheet = _set_out(pieces, arrows)
    if ghosts and len(arrows) > _FEW:
        for _ in range(_GHOST_ROUNDS):
            sheet = _with_ghosts(pieces, sheet)
    return _ordered(sheet, structure)


def _pieces(structure: Structure) -> list[Piece]:
    pieces = list(chains(structure))
    for ident, part in structure.parts.items():
        if part.form in (Form.AUXILIARY, Form.CONSTANT):
            pieces.append(Piece((Place(ident, ident, part.name, part.form, 0.0, 0.0),)))
        elif part.form is Form.MODULE:
            wide = max(_MODULE_WIDTH, framed_width(part.name))
            high = max(_MODULE_HEIGHT, len(framed_lines(part.name, wide)) * LINE + 20)
            place = Place(ident, ident, part.name, part.form, 0, 0, wide, high, Side.CENTRE)
            pieces.append(Piece((place,)))
    return pieces


def _set_out(pieces: Sequence[Piece], arrows: Sequence[Arrow]) -> Sheet:
    """Return a sheet with each piece in its place and each arrow bent."""
    return _routed(Canvas(pieces, _pairs(arrows)).placed(_PASSES), arrows)


def _close_set(pieces: Sequence[Piece], arrows: Sequence[Arrow]) -> Sheet:
    """Return a sheet that takes little ground; words go last, so that they stay by their chain."""
    wide = 1.15 if len(pieces) <= _MANY else 0.6  # many must still fit the width of a page
    canvas = Canvas(pieces, _pairs(arrows), length=100.0, wide=wide, clear=11.0, pull=0.6)
    return _routed(squeezed(canvas.placed(_PASSES - 1), _STRIPE), arrows)


def _pairs(arrows: Sequence[Arrow]) -> list[tuple[str, str]]:
    return [(arrow.source, arrow.target) for arrow in arrows]


def _routed(places: tuple[Place, ...], arrows: Sequence[Arrow]) -> Sheet:
    return _cleared(Sheet(places, Router(Sheet(places, ())).routed(arrows)))


def _ordered(sheet: Sheet, structure: Structure) -> Sheet:
    """Return a sheet with its places and its arrows in the order of the structure."""
    order = {ident: number for number, ident in enumerate(structure.parts)}
    links = {pair: number for number, pair in enumerate(structure.links)}
    at = sheet.by_key
    places = sorted(sheet.places, key=lambda place: (order[place.ident], place.alias, place.key))
    arrows = sorted(sheet.arrows, key=lambda a: links[at[a.source].ident, at[a.target].ident])
    return replace(sheet, places=tuple(places), arrows=tuple(arrows))


def _with_ghosts(pieces: list[Piece], sheet: Sheet) -> Sheet:
    """Return a sheet set out anew, in which links that lead far begin at a ghost."""
    at = sheet.by_key
    lines = [drawn(arrow, at, _POINTS) for arrow in sheet.arrows]
    every = [segments(line) for line in lines]
    ghosts = {p.key: replace(p, x=0.0, y=0.0) for p in sheet.places if p.alias}
    begun: dict[str, list[tuple[str, Place]]] = {}
    arrows: list[Arrow] = []
    for arrow, line in zip(sheet.arrows, lines, strict=True):
        span = float(np.hypot(*(line[-1] - line[0]))) if len(line) else 0.0
        crossed = sum(crossings(line, other) for other in every)
        source, target = at[arrow.source], at[arrow.target]
        far = span > _FAR or (span > _FAR / 2 and crossed > _TANGLED)
        if source.alias or not far:
            arrows.append(arrow)
            continue
        known = begun.setdefault(source.key, [])
        key = next((k for k, p in known if math.hypot(p.x - target.x, p.y - target.y) < _FAR), "")
        if not key:
            key = f"{source.key} near {target.key}"
            known.append((key, target))
            ghosts[key] = Place(key, source.ident, source.name, source.form, 0, 0, alias=True)
        arrows.append(replace(arrow, source=key))
    every_piece = [*pieces, *(Piece((ghost,)) for ghost in ghosts.values())]
    return packed(_close_set(*group) for group in groups(every_piece, arrows))


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
