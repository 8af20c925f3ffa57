"""A sheet of feedback loops: variables as words, loops round, each with its badge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cyclesim.diagram.arcs import Router, drawn
from cyclesim.diagram.chains import Piece
from cyclesim.diagram.loops import Core, Loop
from cyclesim.diagram.packing import extent, squeezed
from cyclesim.diagram.placing import Canvas
from cyclesim.diagram.sheet import (
    STOCK_WIDTH,
    Arrow,
    Badge,
    Box,
    Place,
    Sheet,
    framed_lines,
    framed_width,
)
from cyclesim.diagram.structure import Form, Structure
from cyclesim.diagram.svg import badge_box
from cyclesim.diagram.text import LINE
from cyclesim.names import Ident

_PAGE = 1100.0
"""A picture wider than this is set out again, closer: on a page its letters would be small."""

_STRIPE = 90.0
"""The widest empty stripe across such a picture; a badge fits in."""


def loop_sheet(structure: Structure, core: Core) -> Sheet:
    """Return the picture of a core: its variables, their links, a badge for each loop."""
    idents = dict.fromkeys(ident for loop in core.loops for ident in loop.around)
    pieces = [Piece((_word(ident, structure),)) for ident in idents]
    links = list(core.links)
    places = Canvas(pieces, links, length=210.0, wide=1.4, clear=38.0).placed(passes=5)
    sheet = Sheet(places, (), title=structure.name)
    left, _, right, _ = extent(sheet)
    if right - left > _PAGE:
        close = Canvas(pieces, links, length=180.0, wide=1.0, clear=38.0, pull=0.6)
        places = squeezed(close.placed(passes=5), _STRIPE)
        sheet = replace(sheet, places=places)
    at = {place.key: place for place in places}
    turned = {loop.mark: _clockwise(loop, at) for loop in core.loops}
    outward: dict[tuple[str, str], int] = {}
    for loop in sorted(core.loops, key=lambda each: len(each.around)):
        for pair in loop.pairs:
            outward.setdefault(pair, 1 if turned[loop.mark] else -1)
    arrows = [Arrow(*pair, 0.0, each.sign, each.delayed) for pair, each in core.links.items()]
    sheet = replace(sheet, arrows=Router(sheet, outward).routed(arrows))
    return replace(sheet, badges=_badges(sheet, core.loops, turned, structure))


def _word(ident: Ident, structure: Structure) -> Place:
    part = structure.parts[ident]
    if part.form is not Form.STOCK:
        return Place(ident, ident, part.name, Form.AUXILIARY, 0.0, 0.0)
    wide = max(STOCK_WIDTH, framed_width(part.name))
    high = max(34.0, len(framed_lines(part.name, wide)) * LINE + 12)
    return Place(ident, ident, part.name, Form.STOCK, 0.0, 0.0, wide, high)


def _clockwise(loop: Loop, at: dict[str, Place]) -> bool:
    points = [(at[i].x, at[i].y) for i in loop.around]
    area = sum(
        x0 * y1 - x1 * y0
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True)
    )
    return area >= 0  # y runs downwards


def _badges(
    sheet: Sheet, loops: Sequence[Loop], turned: dict[str, bool], structure: Structure
) -> tuple[Badge, ...]:
    """Return a badge for each loop near its middle, small loops first, none upon anything."""
    lines = [drawn(arrow, sheet.by_key, 41) for arrow in sheet.arrows]
    ink = np.vstack([*lines, np.zeros((0, 2))])
    taken: list[Box] = [box for place in sheet.places for box in place.boxes]
    found: dict[str, Badge] = {}
    for loop in sorted(loops, key=lambda each: len(each.around)):
        names = tuple(structure.parts[ident].name for ident in loop.around)
        own = [
            drawn(a, sheet.by_key, 21) for a in sheet.arrows if (a.source, a.target) in loop.pairs
        ]
        middle = np.vstack(own).mean(axis=0) if own else np.zeros(2)
        badge = Badge(loop.mark, loop.name, 0.0, 0.0, names, turned[loop.mark])
        best = min(_spots(middle), key=lambda spot: _cost(badge, spot, middle, taken, ink))
        found[loop.mark] = replace(badge, x=best[0], y=best[1])
        taken.append(badge_box(found[loop.mark]))
    return tuple(found[loop.mark] for loop in loops)


def _spots(middle: np.ndarray) -> list[tuple[float, float]]:
    x, y = np.round(middle)
    return [
        (float(x + dx), float(y + dy))
        for dx in range(-240, 241, 15)
        for dy in range(-240, 241, 15)
        if math.hypot(dx, dy) <= 240
    ]


def _cost(
    badge: Badge, spot: tuple[float, float], middle: np.ndarray, taken: list[Box], ink: np.ndarray
) -> float:
    left, top, right, bottom = badge_box(replace(badge, x=spot[0], y=spot[1]))
    covered = sum(
        left - 4 < r and l - 4 < right and top - 4 < b and t - 4 < bottom
        for l, t, r, b in taken  # noqa: E741
    )
    x, y = ink[:, 0], ink[:, 1]
    crossed = ((x > left - 3) & (x < right + 3) & (y > top - 3) & (y < bottom + 3)).sum()
    return 1000.0 * covered + 25.0 * float(crossed) + math.dist(spot, middle)
