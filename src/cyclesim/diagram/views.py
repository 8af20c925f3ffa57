"""A model file's own views as a sheet, and a sheet as an XMILE view."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

from cyclesim.diagram.sheet import (
    STOCK_HEIGHT,
    STOCK_WIDTH,
    Arrow,
    Place,
    Point,
    Sheet,
    Side,
    chord,
    framed_lines,
    framed_width,
    within,
)
from cyclesim.diagram.structure import Form, Influence, Structure
from cyclesim.diagram.text import LINE
from cyclesim.names import canonical
from cyclesim.project import View
from cyclesim.writers.equations import name_text
from cyclesim.writers.tags import Tag, tag

_TAGS = {
    Form.STOCK: "stock",
    Form.FLOW: "flow",
    Form.AUXILIARY: "aux",
    Form.CONSTANT: "aux",
    Form.MODULE: "module",
}
_XMILE_STOCK = (45.0, 35.0)
"""The size of a stock for which a view gives none (XMILE 1.0, 6.1.2)."""

_BETWEEN_VIEWS = 90.0
_NEW_BEND = 18.0


def sheet_of_views(views: tuple[View, ...], structure: Structure) -> Sheet | None:
    """Return the model's own pictures, one below the other; None where they show nothing."""
    places: list[Place] = []
    arrows: list[Arrow] = []
    for element, vensim in _drawings(views):
        own = _Reading(structure, vensim, {p.key for p in places})
        own.read(element)
        if own.places:
            top = min(box[1] for p in own.places for box in p.boxes)
            foot = max((box[3] for p in places for box in p.boxes), default=top - _BETWEEN_VIEWS)
            shift = foot + _BETWEEN_VIEWS - top if places else 0.0
            places += [_lowered(place, shift) for place in own.places]
            arrows += own.arrows
    return Sheet(tuple(places), tuple(arrows)) if places else None


def _drawings(views: tuple[View, ...]) -> Iterator[tuple[ElementTree.Element, bool]]:
    for view in views:
        try:
            root = ElementTree.fromstring(view.xml)
        except ElementTree.ParseError:
            continue
        if root.tag == "view":
            yield root, True
        for each in root.findall("view") if root.tag == "views" else ():
            if each.get("type", "stock_flow") == "stock_flow":
                yield each, False


def _lowered(place: Place, shift: float) -> Place:
    points = tuple((x, y + shift) for x, y in place.points)
    return replace(place, y=place.y + shift, points=points)


class _Reading:
    """One view being read; `taken` are keys of views before it."""

    def __init__(self, structure: Structure, vensim: bool, taken: set[str]) -> None:
        self.structure = structure
        self.vensim = vensim
        self.taken = set(taken)
        self.places: list[Place] = []
        self.arrows: list[Arrow] = []
        self.by_name: dict[str, str] = {}
        self.by_uid: dict[str, str] = {}

    def read(self, element: ElementTree.Element) -> None:
        """Read what stands in a view; variables that the model has not are passed over."""
        for child in element:
            if child.tag in (*_TAGS.values(), "alias"):
                self.place(child)
        self.places = [self.with_pipe(place) for place in self.places]
        at = {place.key: place for place in self.places}
        for child in element.findall("connector"):
            source, target = self.end(child.find("from")), self.end(child.find("to"))
            if source and target and source != target:
                self.arrows.append(self.arrow(child, at[source], at[target]))

    def place(self, element: ElementTree.Element) -> None:
        alias = element.tag == "alias"
        of = element.find("of")
        name = (of.text or "") if of is not None else element.get("name", "")
        ident = canonical(name)
        part = self.structure.parts.get(ident)
        x, y = _number(element, "x"), _number(element, "y")
        if part is None or x is None or y is None:
            return
        key, number = str(ident), 2
        while key in self.taken:
            key, number = f"{ident} {number}", number + 1
        alias = alias or number > 2
        self.taken.add(key)
        if alias:
            self.by_name.setdefault(ident, key)
        else:
            self.by_name[ident] = key
        self.by_uid[element.get("uid", "")] = key
        place = Place(key, ident, part.name, part.form, x, y, alias=alias)
        self.places.append(self.sized(place, element))

    def sized(self, place: Place, element: ElementTree.Element) -> Place:
        side = element.get("label_side", "")
        known = side in [each.value for each in Side]
        default = Side.CENTRE if self.vensim or place.alias else Side.BOTTOM
        points = tuple(
            (x, y)
            for each in element.iterfind("pts/pt")
            if (x := _number(each, "x")) is not None and (y := _number(each, "y")) is not None
        )
        if place.form is Form.FLOW and not place.alias:
            below = Side.BOTTOM if not known or side == "center" else Side(side)
            return replace(place, side=below, points=points)
        if place.form not in (Form.STOCK, Form.MODULE) or place.alias:
            return replace(place, side=Side(side) if known else default)
        wide, high = _number(element, "width"), _number(element, "height")
        if wide and high:  # then x and y are the corner, not the middle
            side_ = Side(side) if known else Side.CENTRE
            middle = (place.x + wide / 2, place.y + high / 2)
            return replace(place, x=middle[0], y=middle[1], width=wide, height=high, side=side_)
        if known and side != "center":
            return replace(place, width=_XMILE_STOCK[0], height=_XMILE_STOCK[1], side=Side(side))
        wide = max(STOCK_WIDTH, framed_width(place.name))
        high = max(STOCK_HEIGHT, len(framed_lines(place.name, wide)) * LINE + 12)
        return replace(place, width=wide, height=high)

    def with_pipe(self, place: Place) -> Place:
        """Return a flow with a pipe, square to its stocks where the view gives none."""
        ends = self.structure.flows.get(place.ident)
        if place.form is not Form.FLOW or place.alias or ends is None or len(place.points) > 1:
            return place
        boxes = {p.ident: p.symbol for p in self.places if p.form is Form.STOCK and not p.alias}
        valve = (place.x, place.y)
        start = _port(boxes.get(ends.source), valve) if ends.source else None
        end = _port(boxes.get(ends.target), valve) if ends.target else None
        start = start or (_mirrored(end, valve) if end else (place.x - 60, place.y))
        end = end or _mirrored(start, valve)
        straight = abs(start[0] - end[0]) < 1 or abs(start[1] - end[1]) < 1
        points = (start, end) if straight else (start, valve, end)
        return replace(place, points=points)

    def end(self, element: ElementTree.Element | None) -> str | None:
        """Return the key of a connector's end."""
        if element is None:
            return None
        alias = element.find("alias")
        if alias is not None:
            return self.by_uid.get(alias.get("uid", ""))
        return self.by_name.get(canonical(element.text or ""))

    def arrow(self, element: ElementTree.Element, source: Place, target: Place) -> Arrow:
        """Return a connector; its sign is computed, or the file's where that tells nothing."""
        known = self.structure.links.get((source.ident, target.ident), Influence(""))
        sign = known.sign
        given = element.get("polarity", "")
        if sign in ("", "?") and given in ("+", "-") and not known.initial:
            sign = given
        angle = _number(element, "angle")
        if angle is None:
            angle = chord((source.x, source.y), (target.x, target.y)) + _NEW_BEND
        return Arrow(source.key, target.key, angle % 360, sign, known.delayed, known.initial)


def _number(element: ElementTree.Element, key: str) -> float | None:
    try:
        value = float(element.get(key, ""))
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < 1e7 else None


def _port(box: tuple[float, float, float, float] | None, valve: Point) -> Point | None:
    """Return where a straight pipe from a valve meets a box."""
    if box is None or within(valve, box):
        return None
    left, top, right, bottom = box
    x, y = min(max(valve[0], left), right), min(max(valve[1], top), bottom)
    return (x, y)


def _mirrored(point: Point, valve: Point) -> Point:
    return (2 * valve[0] - point[0], 2 * valve[1] - point[1])


def views_tag(sheet: Sheet) -> Tag:
    """Return a sheet as an XMILE `<views>` element, which reads back as the same sheet."""
    numbers = {place.key: str(n) for n, place in enumerate(sheet.places, 1)}
    boxes = [box for place in sheet.places for box in place.boxes]
    wide, high = (max((box[i] for box in boxes), default=0.0) + 60 for i in (2, 3))
    attributes = {"type": "stock_flow", "page_width": f"{wide:.0f}", "page_height": f"{high:.0f}"}
    drawn = [_place_tag(place, numbers[place.key]) for place in sheet.places]
    names = {place.key: place for place in sheet.places}
    first = len(numbers) + 1
    links = [_arrow_tag(a, str(first + n), names, numbers) for n, a in enumerate(sheet.arrows)]
    lines = ["".join(map(str.strip, each.lines())) for each in (*drawn, *links)]
    return tag("views", None, [tag("view", attributes, lines)])


def _place_tag(place: Place, uid: str) -> Tag:
    x, y = place.x, place.y
    size: dict[str, str] = {}
    if place.width and place.height and not place.alias:
        x, y = x - place.width / 2, y - place.height / 2
        size = {"width": _n(place.width), "height": _n(place.height)}
    where = {"x": _n(x), "y": _n(y), **size, "label_side": place.side.value}
    if place.alias:
        return tag("alias", {"uid": uid, **where}, [tag("of", text=_joined(place.name))])
    points = [tag("pt", {"x": _n(x), "y": _n(y)}) for x, y in place.points]
    inner = [tag("pts", None, points)] if points else []
    return tag(_TAGS[place.form], {"uid": uid, "name": name_text(place.name), **where}, inner)


def _arrow_tag(arrow: Arrow, uid: str, places: dict[str, Place], numbers: dict[str, str]) -> Tag:
    attributes = {"uid": uid, "angle": _n(arrow.angle)}
    if arrow.sign in ("+", "-"):
        attributes["polarity"] = arrow.sign
    ends = []
    for kind, key in (("from", arrow.source), ("to", arrow.target)):
        place = places[key]
        if place.alias:
            ends.append(tag(kind, None, [tag("alias", {"uid": numbers[key]})]))
        else:
            ends.append(tag(kind, text=_joined(place.name)))
    return tag("connector", attributes, ends)


def _joined(name: str) -> str:
    return name_text(name).replace(" ", "_")


def _n(value: float) -> str:
    return f"{value:.10g}"
