"""A picture before it is drawn: where everything stands. An XMILE view says just as much.

Coordinates are XMILE's: x to the right, y downwards, a thing's place is its middle; angles in
degrees, counted against the clock from the right.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from cyclesim.diagram.structure import Form
from cyclesim.diagram.text import LINE, width_of, wrapped
from cyclesim.names import Ident

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

STOCK_WIDTH, STOCK_HEIGHT = 104.0, 46.0
VALVE, DOT, CLOUD = 9.0, 6.0, 13.0
"""Half the size of a valve, of an auxiliary's circle, and of a cloud."""

LABEL_WIDTH, FLOW_LABEL_WIDTH = 118.0, 100.0
_BOLD = 1.1
"""How much wider the letters of a stock are."""


class Side(Enum):
    """Where a label stands."""

    CENTRE = "center"
    TOP = "top"
    BOTTOM = "bottom"
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True)
class Place:
    """A variable in its place; `alias` is a number where it is drawn a second time.

    `points` are those of a flow's pipe, from its source to its target.
    """

    key: str
    ident: Ident
    name: str
    form: Form
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0
    side: Side = Side.CENTRE
    points: tuple[Point, ...] = ()
    alias: bool = False

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Return the label's lines."""
        framed = self.form in (Form.STOCK, Form.MODULE) and not self.alias
        if framed and self.side is Side.CENTRE:
            return framed_lines(self.name, self.width)
        return wrapped(self.name, FLOW_LABEL_WIDTH if self.form is Form.FLOW else LABEL_WIDTH)

    @cached_property
    def symbol(self) -> Box:
        """Return the box of what is drawn beside the label, or around it."""
        match self.form:
            case Form.STOCK | Form.MODULE if not self.alias:
                half, high = self.width / 2, self.height / 2
            case Form.FLOW if not self.alias:
                half = high = VALVE
            case _ if self.side is Side.CENTRE:
                return self.label
            case _:
                half = high = DOT
        return (self.x - half, self.y - high, self.x + half, self.y + high)

    @cached_property
    def label(self) -> Box:
        """Return the box of the label."""
        lines = self.lines
        bold = _BOLD if self.form in (Form.STOCK, Form.MODULE) else 1.0
        wide, high = max(map(width_of, lines)) * bold + 4, len(lines) * LINE + 2
        x, y = self.x, self.y
        if self.side is not Side.CENTRE:
            left, top, right, bottom = self.symbol
            match self.side:
                case Side.TOP:
                    y = top - high / 2 - 1
                case Side.BOTTOM:
                    y = bottom + high / 2 + 1
                case Side.LEFT:
                    x = left - wide / 2 - 2
                case Side.RIGHT:
                    x = right + wide / 2 + 2
        return (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """Return what other things must not cover."""
        return tuple(dict.fromkeys((self.symbol, self.label)))


@dataclass(frozen=True)
class Arrow:
    """A link between two places by their keys; its arc leaves the source at `angle`."""

    source: str
    target: str
    angle: float
    sign: str = ""
    delayed: bool = False
    initial: bool = False


@dataclass(frozen=True)
class Badge:
    """A loop's mark: `R` or `B` with a number, and what it is called."""

    mark: str
    name: str
    x: float
    y: float
    around: tuple[str, ...] = ()
    clockwise: bool = True


@dataclass(frozen=True)
class Sheet:
    """Everything in its place. `notes` say what is left out."""

    places: tuple[Place, ...]
    arrows: tuple[Arrow, ...]
    badges: tuple[Badge, ...] = ()
    notes: tuple[str, ...] = ()
    title: str = ""

    @cached_property
    def by_key(self) -> dict[str, Place]:
        """Return the places by their keys."""
        return {place.key: place for place in self.places}

    def clouds(self) -> Iterator[tuple[str, Point]]:
        """Yield the ends of pipes that lie outside the model, with the flow's key."""
        stocks = [p.symbol for p in self.places if p.form is Form.STOCK]
        for place in self.places:
            if place.form is Form.FLOW and len(place.points) > 1:
                for end in (place.points[0], place.points[-1]):
                    if not any(within(end, box, 3) for box in stocks):
                        yield place.key, end


def framed_lines(name: str, width: float) -> tuple[str, ...]:
    """Return the lines of a name in bold letters in a frame of that width."""
    return wrapped(name, (width - 8) / _BOLD)


def framed_width(name: str) -> float:
    """Return the width of a frame that holds a name's longest word."""
    return 2.0 * math.ceil(max(map(width_of, name.split() or [""])) * _BOLD / 2 + 7)


def within(point: Point, box: Box, margin: float = 0.0) -> bool:
    """Return whether a point lies in a box, or no further than the margin from it."""
    left, top, right, bottom = box
    x, y = point
    return left - margin <= x <= right + margin and top - margin <= y <= bottom + margin


def chord(start: Point, end: Point) -> float:
    """Return the direction from one point to another in degrees."""
    return math.degrees(math.atan2(start[1] - end[1], end[0] - start[0]))


def bend(angle: float, start: Point, end: Point) -> float:
    """Return by how much an arc that leaves at `angle` turns off the straight line, -180 to 180."""
    return (angle - chord(start, end) + 180) % 360 - 180
