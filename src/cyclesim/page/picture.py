"""The picture of a page: the model's feedback loops, each link under an id that a script knows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cyclesim.compiler import CompiledModel
from cyclesim.diagram import Diagram, loop_diagram, stock_diagram
from cyclesim.diagram.arcs import drawn
from cyclesim.diagram.structure import Form
from cyclesim.errors import UsageError
from cyclesim.names import Ident

_ID = re.compile(
    r'<g class="(?P<kind>link|loop|stock|flow|aux|constant|module)(?: [a-z ]*)?" '
    r'id="(?P<id>[a-z0-9-]+)">'
)


@dataclass(frozen=True)
class Link:
    """A link of the picture: its id, the variables at its ends, and its sign."""

    id: str
    source: Ident
    target: Ident
    sign: str


@dataclass(frozen=True)
class DrawnLoop:
    """A loop with a badge on the picture, and the variables that it runs through."""

    id: str
    mark: str
    name: str
    around: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """An SVG, and what lies in it: links, loops, and the ids of variables and of stocks."""

    svg: str
    links: tuple[Link, ...]
    loops: tuple[DrawnLoop, ...]
    variables: tuple[tuple[str, Ident], ...]
    stocks: tuple[tuple[str, Ident], ...]
    names: dict[Ident, str]


def picture_of(model: CompiledModel) -> Picture | None:
    """Return the loops of a model as a picture, else its stocks and flows, None for neither."""
    try:
        diagram = loop_diagram(model)
    except UsageError:
        try:
            diagram = stock_diagram(model)
        except UsageError:
            return None
    return _read(diagram)


def _read(diagram: Diagram) -> Picture:
    """Return a picture with its ids, which stand in it in the order in which things were drawn."""
    sheet = diagram.sheet
    ids: dict[str, list[str]] = {"link": [], "loop": [], "place": []}
    for match in _ID.finditer(diagram.svg):
        kind = match["kind"] if match["kind"] in ids else "place"
        ids[kind].append(match["id"])
    arrows = [arrow for arrow in sheet.arrows if len(drawn(arrow, sheet.by_key)) >= 4]
    by_key = sheet.by_key
    links = tuple(
        Link(name, by_key[arrow.source].ident, by_key[arrow.target].ident, arrow.sign)
        for name, arrow in zip(ids["link"], arrows, strict=True)
    )
    loops = tuple(
        DrawnLoop(name, badge.mark, badge.name, badge.around)
        for name, badge in zip(ids["loop"], sheet.badges, strict=True)
    )
    named = {place.ident: place.name for place in sheet.places}
    places = list(zip(ids["place"], sheet.places, strict=True))
    variables = tuple((name, place.ident) for name, place in places)
    stocks = tuple(
        (name, place.ident)
        for name, place in places
        if place.form is Form.STOCK and not place.alias
    )
    return Picture(diagram.svg, links, loops, variables, stocks, named)
