"""A sheet as SVG: one file, no script, fonts of the system, light and dark."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

import numpy as np

from cyclesim.diagram.arcs import drawn
from cyclesim.diagram.sheet import (
    CLOUD,
    Arrow,
    Badge,
    Box,
    Point,
    Sheet,
    within,
)
from cyclesim.diagram.strokes import (
    arrow_lines,
    away,
    bends_left,
    cloud,
    head,
    plain,
    retreated,
    sign_place,
    symbol,
    text_line,
    turning,
)
from cyclesim.diagram.structure import Form, Structure
from cyclesim.diagram.text import LINE, SIZE, wrapped

_STYLE = """
.cyclesim-diagram { --paper: #ffffff; --ink: #1d2126; --soft: #59616a; --rule: #9aa1a9;
  --stock: #e4f0f8; --edge: #0b4f7d; --pipe: #6b747d; --more: #0068a8; --less: #b94a08;
  --loop: #f3f4f6; background: var(--paper);
  font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
@media (prefers-color-scheme: dark) { .cyclesim-diagram { --paper: #14171b; --ink: #e8eaed;
  --soft: #a6adb5; --rule: #717a84; --stock: #14344b; --edge: #7cc0ec; --pipe: #939ca5;
  --more: #5ab4ee; --less: #ff9350; --loop: #23282f; } }
.cyclesim-diagram text { font-size: 12px; fill: var(--ink); text-anchor: middle;
  paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
.cyclesim-diagram .stock rect { fill: var(--stock); stroke: var(--edge); stroke-width: 1.6; }
.cyclesim-diagram .stock text { font-weight: 600; stroke: none; }
.cyclesim-diagram .ghost text { font-weight: 400; font-style: italic; fill: var(--soft);
  stroke: var(--paper); }
.cyclesim-diagram .module rect { fill: var(--loop); stroke: var(--ink); stroke-width: 1.4; }
.cyclesim-diagram .module text { font-weight: 600; stroke: none; }
.cyclesim-diagram .constant text { fill: var(--soft); }
.cyclesim-diagram .array { fill: none; stroke: var(--rule); stroke-width: 1; }
.cyclesim-diagram .dot { fill: var(--paper); stroke: var(--soft); stroke-width: 1.2; }
.cyclesim-diagram .tube { fill: none; stroke: var(--pipe); stroke-width: 6; }
.cyclesim-diagram .bore { fill: none; stroke: var(--paper); stroke-width: 3.4; }
.cyclesim-diagram .tip { fill: var(--pipe); }
.cyclesim-diagram .valve { fill: var(--paper); stroke: var(--pipe); stroke-width: 1.6;
  stroke-linejoin: round; }
.cyclesim-diagram .cloud { fill: var(--paper); stroke: var(--pipe); stroke-width: 1.5; }
.cyclesim-diagram .link path { fill: none; stroke: var(--tone); stroke-width: 1.25; }
.cyclesim-diagram .link polygon { fill: var(--tone); }
.cyclesim-diagram .link text { fill: var(--tone); font-size: 14px; font-weight: 700; }
.cyclesim-diagram .more { --tone: var(--more); } .cyclesim-diagram .less { --tone: var(--less); }
.cyclesim-diagram .open { --tone: var(--soft); }
.cyclesim-diagram .late path { stroke-dasharray: 6 4; }
.cyclesim-diagram .start path { stroke-dasharray: 1.5 3; }
.cyclesim-diagram .loop circle { fill: var(--loop); stroke: none; }
.cyclesim-diagram .loop path { fill: none; stroke: var(--soft); stroke-width: 1.6; }
.cyclesim-diagram .loop polygon { fill: var(--soft); }
.cyclesim-diagram .loop .mark { font-weight: 700; font-size: 13px; stroke: none; }
.cyclesim-diagram .loop .name { fill: var(--soft); font-style: italic; }
.cyclesim-diagram .title { font-size: 18px; font-weight: 600; text-anchor: start; }
.cyclesim-diagram .note { fill: var(--soft); text-anchor: start; stroke: none; }
"""

_EDGE = 26.0
_HEAD = 38.0
_TONES = {"+": "more", "-": "less"}
_WORDS = {
    "+": "the same way",
    "-": "the other way",
    "?": "one way or the other",
    "": "at the start",
}


def svg(sheet: Sheet, structure: Structure) -> str:
    """Return the picture as a whole SVG file."""
    return "\n".join(_Drawing(sheet, structure).lines()) + "\n"


def badge_lines(name: str) -> tuple[str, ...]:
    """Return a loop's name on the lines it is drawn in."""
    return wrapped(name, 104) if name else ()


def badge_box(badge: Badge) -> Box:
    """Return the box of a loop's mark with its name."""
    lines = badge_lines(badge.name)
    wide = max([15.0, *(SIZE * 0.31 * len(line) for line in lines)])
    return (badge.x - wide, badge.y - 16, badge.x + wide, badge.y + 16 + LINE * len(lines))


@dataclass
class _Drawing:
    sheet: Sheet
    structure: Structure
    ids: set[str] = field(default_factory=set)
    signs: list[Point] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        content = [*self.pipes(), *self.links(), *self.loops(), *self.places()]
        left, top, right, bottom = self.extent()
        left, top, right, bottom = left - _EDGE, top - _EDGE, right + _EDGE, bottom + _EDGE
        if self.sheet.title:
            top -= _HEAD
        notes = [line for note in self.sheet.notes for line in wrapped(note, right - left - 50)]
        bottom += (len(notes) * (LINE + 2) + 6) if notes else 0
        wide, high = right - left, bottom - top
        box = f"{plain(left)} {plain(top)} {plain(wide)} {plain(high)}"
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="cyclesim-diagram" viewBox="{box}" '
            f'width="{plain(wide)}" height="{plain(high)}" role="img" '
            'aria-labelledby="diagram-title diagram-desc">'
        )
        yield f'<title id="diagram-title">{escape(self.sheet.title or self.structure.name)}</title>'
        yield f'<desc id="diagram-desc">{escape(self.description())}</desc>'
        yield f"<style>{_STYLE}</style>"
        yield f'<rect x="{plain(left)}" y="{plain(top)}" width="{plain(wide)}" height="{plain(high)}" fill="var(--paper)"/>'  # noqa: E501
        if self.sheet.title:
            yield text_line(self.sheet.title, left + _EDGE, top + 32, "title")
        yield from content
        first = bottom - _EDGE + 6 - (len(notes) - 1) * (LINE + 2)
        for number, line in enumerate(notes):
            yield text_line(line, left + _EDGE, first + number * (LINE + 2), "note")
        yield "</svg>"

    def description(self) -> str:
        """Return the picture in words, for those who hear it."""
        counts = dict.fromkeys(Form, 0)
        for place in self.sheet.places:
            counts[place.form] += not place.alias
        words = [
            f"{count} {form.name.lower()}{'s' if count != 1 else ''}"
            for form, count in counts.items()
            if count
        ]
        told = [f"A picture of {', '.join(words)} and {len(self.sheet.arrows)} links."]
        for key, ends in self.structure.flows.items():
            if key in self.structure.parts and any(p.ident == key for p in self.sheet.places):
                source = self.name(ends.source) if ends.source else "outside"
                target = self.name(ends.target) if ends.target else "outside"
                told.append(f"{self.name(key)} flows from {source} to {target}.")
        told += [f"{b.mark} {b.name}: {', '.join(b.around)}." for b in self.sheet.badges]
        return " ".join([*told, *self.sheet.notes])

    def name(self, ident: str) -> str:
        return next((p.name for i, p in self.structure.parts.items() if i == ident), ident)

    def extent(self) -> Box:
        boxes = [box for place in self.sheet.places for box in place.boxes]
        boxes += [badge_box(badge) for badge in self.sheet.badges]
        for place in self.sheet.places:
            boxes += [(x - CLOUD, y - CLOUD, x + CLOUD, y + CLOUD) for x, y in place.points]
        for arrow in self.sheet.arrows:
            line = drawn(arrow, self.sheet.by_key)
            if len(line):
                boxes.append((*line.min(axis=0), *line.max(axis=0)))
        if not boxes:
            return (0.0, 0.0, 200.0, 60.0)
        every = np.array(boxes)
        return (*every[:, :2].min(axis=0), *every[:, 2:].max(axis=0))

    def new_id(self, kind: str, *names: str) -> str:
        """Return an id that holds nothing but letters, digits and hyphens, and is new."""
        bare = [unicodedata.normalize("NFKD", name).encode("ascii", "ignore") for name in names]
        words = [re.sub(r"[^a-z0-9]+", "-", each.decode().casefold()).strip("-") for each in bare]
        stem = "--".join([kind, *words])
        found, number = stem, 1
        while found in self.ids:
            number += 1
            found = f"{stem}-{number}"
        self.ids.add(found)
        return found

    def pipes(self) -> Iterator[str]:
        ends = list(self.sheet.clouds())
        stocks = [p.symbol for p in self.sheet.places if p.form is Form.STOCK]
        for place in self.sheet.places:
            if len(place.points) < 2 or place.alias:
                continue
            points = retreated(place.points, any(within(place.points[-1], b, 3) for b in stocks))
            way = "M" + " L".join(f"{plain(x)} {plain(y)}" for x, y in points)
            yield f'<g class="pipe" id="{self.new_id("pipe", place.ident)}">'
            yield f'<path class="tube" d="{way}"/><path class="bore" d="{way}"/>'
            before, last = place.points[-2], place.points[-1]
            (x, y), tip = away(last, before, 14), last
            if last in [end for key, end in ends if key == place.key]:
                tip, (x, y) = away(last, before, CLOUD - 2), away(last, before, CLOUD + 12)
            yield head((x, y), tip, 7.0, "tip")
            yield "</g>"
        for _, (x, y) in ends:
            yield cloud(x, y)

    def links(self) -> Iterator[str]:
        places = self.sheet.by_key
        for arrow in self.sheet.arrows:
            line = drawn(arrow, places)
            if len(line) < 4:
                continue
            source, target = places[arrow.source], places[arrow.target]
            tone = _TONES.get(arrow.sign, "open")
            late = " late" if arrow.delayed else " start" if arrow.initial else ""
            name = self.new_id("link", source.ident, target.ident)
            late_word = ", with a delay" if arrow.delayed else ""
            yield f'<g class="link {tone}{late}" id="{name}">'
            yield (
                f"<title>{escape(source.name)} moves {escape(target.name)} "
                f"{_WORDS[arrow.sign]}{late_word}</title>"
            )
            yield from arrow_lines(line, arrow, self.sign_at(line, arrow))
            yield "</g>"

    def sign_at(self, line: np.ndarray, arrow: Arrow) -> Point:
        """Return a place for a link's sign near its head that is as free as can be."""
        left = bends_left(line)
        spots = [sign_place(line, side, back) for back in (15, 23, 32) for side in (left, not left)]
        places = self.sheet.by_key
        boxes = [b for k in (arrow.source, arrow.target) for b in places[k].boxes]

        def trouble(spot: Point) -> int:
            near = sum(math.dist(spot, other) < 12 for other in self.signs)
            return 2 * near + sum(within(spot, box, 4) for box in boxes)

        best = min(spots, key=trouble)
        self.signs.append(best)
        return best

    def loops(self) -> Iterator[str]:
        for badge in self.sheet.badges:
            yield f'<g class="loop" id="{self.new_id("loop", badge.mark)}">'
            yield f"<title>{escape(' → '.join(badge.around))}</title>"
            yield f'<circle cx="{plain(badge.x)}" cy="{plain(badge.y)}" r="13"/>'
            yield turning(badge)
            yield text_line(badge.mark, badge.x, badge.y + 4.5, "mark")
            for number, line in enumerate(badge_lines(badge.name)):
                yield text_line(line, badge.x, badge.y + 29 + number * LINE, "name")
            yield "</g>"

    def places(self) -> Iterator[str]:
        for place in self.sheet.places:
            part = self.structure.parts.get(place.ident)
            ghost = " ghost" if place.alias else ""
            name = self.new_id("variable", place.ident)
            yield f'<g class="{place.form.value}{ghost}" id="{name}">'
            if part is not None and part.doc:
                yield f"<title>{escape(place.name)}: {escape(part.doc)}</title>"
            yield from symbol(place, part is not None and part.array)
            left, top, right, _ = place.label
            for number, line in enumerate(place.lines):
                yield text_line(line, (left + right) / 2, top + number * LINE + SIZE, "")
            yield "</g>"
