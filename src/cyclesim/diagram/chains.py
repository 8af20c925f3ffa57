"""Stocks in chains along their flows: a rigid piece each, stocks on a grid, pipes square."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cyclesim.diagram.sheet import (
    CLOUD,
    FLOW_LABEL_WIDTH,
    STOCK_HEIGHT,
    STOCK_WIDTH,
    VALVE,
    Box,
    Place,
    Point,
    Side,
    framed_lines,
    framed_width,
)
from cyclesim.diagram.structure import Ends, Form, Structure
from cyclesim.diagram.text import LINE, wrapped
from cyclesim.names import Ident

_BETWEEN = 138.0
"""Length of a pipe between neighbours."""

_OUTSIDE = 120.0
"""Length of a pipe to a cloud at the side."""

_UPRIGHT = 92.0
"""Length of an upright pipe to a cloud."""

_SLOT = 58.0
_ASIDE = 128.0
"""Distances between pipes at one side of a stock: lying ones, upright ones."""

_LANE = 58.0


@dataclass(frozen=True)
class Piece:
    """Things that keep their places to one another; `solid` is what covers the ground."""

    places: tuple[Place, ...]

    @property
    def solid(self) -> tuple[Box, ...]:
        """Return the boxes of all places, pipes and clouds."""
        boxes = [box for place in self.places for box in place.boxes]
        for place in self.places:
            for (x0, y0), (x1, y1) in zip(place.points, place.points[1:], strict=False):
                boxes.append((min(x0, x1) - 5, min(y0, y1) - 5, max(x0, x1) + 5, max(y0, y1) + 5))
            for x, y in (place.points[:1] + place.points[-1:]) if place.points else ():
                boxes.append((x - CLOUD, y - CLOUD, x + CLOUD, y + CLOUD))
        return tuple(boxes)

    def at(self, x: float, y: float) -> tuple[Place, ...]:
        """Return the places with the piece's origin moved to a point."""
        return tuple(moved(place, x, y) for place in self.places)


def moved(place: Place, x: float, y: float) -> Place:
    """Return a place moved by x and y."""
    points = tuple((px + x, py + y) for px, py in place.points)
    return replace(place, x=place.x + x, y=place.y + y, points=points)


def chains(structure: Structure) -> Iterator[Piece]:
    """Yield a piece for each set of stocks that flows join, and for each flow of no stock."""
    joined: dict[Ident, set[Ident]] = {stock: {stock} for stock in structure.stocks}
    for ends in structure.flows.values():
        if ends.source in joined and ends.target in joined:
            both = joined[ends.source] | joined[ends.target]
            for stock in both:
                joined[stock] = both
    seen: set[Ident] = set()
    for stock in structure.stocks:
        if stock not in seen:
            seen |= joined[stock]
            members = [each for each in structure.stocks if each in joined[stock]]
            yield _Chain(structure, members).piece()
    for flow, ends in structure.flows.items():
        if ends.source is None and ends.target is None:
            part = structure.parts[flow]
            points = ((-60.0, 0.0), (60.0, 0.0))
            place = Place(flow, flow, part.name, Form.FLOW, 0.0, 0.0, 0, 0, Side.BOTTOM, points)
            yield Piece((place,))


@dataclass
class _Chain:
    structure: Structure
    stocks: Sequence[Ident]
    cell: dict[Ident, tuple[int, int]] = field(default_factory=dict)
    sides: dict[tuple[Ident, str], list[Ident]] = field(default_factory=dict)
    """Pipes at each side of a stock, in order: left, right, top, bottom."""
    lanes: dict[int, list[Ident]] = field(default_factory=dict)
    straight: set[Ident] = field(default_factory=set)
    boxes: dict[Ident, Place] = field(default_factory=dict)

    def piece(self) -> Piece:
        self.place_cells()
        flows = {
            flow: ends
            for flow, ends in self.structure.flows.items()
            if ends.source in self.stocks or ends.target in self.stocks
        }
        for flow, ends in flows.items():
            if ends.source in self.cell and ends.target in self.cell:
                self.attach_between(flow, ends)
        for flow, ends in flows.items():
            if ends.source not in self.cell or ends.target not in self.cell:
                self.attach_outside(flow, ends)
        self.place_stocks()
        drawn = [self.flow(flow, ends) for flow, ends in flows.items()]
        return Piece((*self.boxes.values(), *drawn))

    def place_cells(self) -> None:
        """Give each stock a column by the longest way to it and a row beside its sources."""
        pairs = [
            (e.source, e.target)
            for e in self.structure.flows.values()
            if e.source is not None and e.target is not None and e.source != e.target
            if e.source in self.stocks and e.target in self.stocks
        ]
        column = _columns(self.stocks, pairs)
        taken: set[tuple[int, int]] = set()
        for stock in sorted(self.stocks, key=lambda each: column[each]):
            before = [self.cell[s][1] for s, t in pairs if t == stock and s in self.cell]
            want = before[0] if before else 0
            rows = sorted(range(len(self.stocks)), key=lambda row: (abs(row - want), row))
            row = next(r for r in rows if (column[stock], r) not in taken)
            taken.add((column[stock], row))
            self.cell[stock] = (column[stock], row)

    def attach(self, flow: Ident, stock: Ident, side: str) -> None:
        self.sides.setdefault((stock, side), []).append(flow)

    def attach_between(self, flow: Ident, ends: Ends) -> None:
        assert ends.source is not None
        assert ends.target is not None
        (c0, r0), (c1, r1) = self.cell[ends.source], self.cell[ends.target]
        if r0 == r1 and abs(c0 - c1) == 1:
            self.straight.add(flow)
            self.attach(flow, ends.source, "right" if c1 > c0 else "left")
            self.attach(flow, ends.target, "left" if c1 > c0 else "right")
        else:
            self.lanes.setdefault(min(r0, r1), []).append(flow)
            self.attach(flow, ends.source, "top" if r0 > r1 else "bottom")
            self.attach(flow, ends.target, "top" if r1 > r0 else "bottom")

    def attach_outside(self, flow: Ident, ends: Ends) -> None:
        stock, inwards = (ends.target, True) if ends.target in self.cell else (ends.source, False)
        assert stock is not None
        column, row = self.cell[stock]
        beside = (column + (-1 if inwards else 1), row)
        free = beside not in self.cell.values()
        side = ("left" if inwards else "right") if free else ("top" if inwards else "bottom")
        self.attach(flow, stock, side)

    def place_stocks(self) -> None:
        sizes = {stock: self.size(stock) for stock in self.stocks}
        columns = max(c for c, _ in self.cell.values()) + 1
        rows = max(r for _, r in self.cell.values()) + 1
        lefts, x = [], 0.0
        for column in range(columns):
            wide = max((sizes[s][0] for s in self.stocks if self.cell[s][0] == column), default=0)
            lefts.append(x + wide / 2)
            x += wide + _BETWEEN
        tops, y = [], 0.0
        for row in range(rows):
            mine = [s for s in self.stocks if self.cell[s][1] == row]
            above = any(self.outside(s, "top") for s in mine)
            high = max((sizes[s][1] for s in mine), default=0.0)
            y += (_UPRIGHT + CLOUD if above and row else 0.0) + high / 2
            tops.append(y)
            below = any(self.outside(s, "bottom") for s in mine)
            y += high / 2 + len(self.lanes.get(row, ())) * _LANE + 44
            y += _UPRIGHT + CLOUD if below else 0.0
        for stock in self.stocks:
            column, row = self.cell[stock]
            name = self.structure.parts[stock].name
            self.boxes[stock] = Place(
                stock, stock, name, Form.STOCK, lefts[column], tops[row], *sizes[stock]
            )

    def outside(self, stock: Ident, side: str) -> bool:
        flows = (self.structure.flows[flow] for flow in self.sides.get((stock, side), ()))
        return any(e.source not in self.cell or e.target not in self.cell for e in flows)

    def size(self, stock: Ident) -> tuple[float, float]:
        def count(side: str) -> int:
            return len(self.sides.get((stock, side), ()))

        upright = max(count("top"), count("bottom"), 1)
        lying = max(count("left"), count("right"), 1)
        name = self.structure.parts[stock].name
        wide = max(STOCK_WIDTH, framed_width(name), (upright - 1) * _ASIDE + 50)
        lines = len(framed_lines(name, wide))
        high = max(STOCK_HEIGHT, (lying - 1) * self.slot(stock) + 36, lines * LINE + 14)
        return wide, high

    def slot(self, stock: Ident) -> float:
        """Return how far lying pipes of a stock are apart: a label fits under each valve."""
        flows = [f for side in ("left", "right") for f in self.sides.get((stock, side), ())]
        names = (self.structure.parts[flow].name for flow in flows)
        lines = max((len(wrapped(name, FLOW_LABEL_WIDTH)) for name in names), default=1)
        return max(_SLOT, 2 * VALVE + lines * LINE + 8)

    def port(self, flow: Ident, stock: Ident) -> tuple[Point, str]:
        """Return where a pipe meets a stock, and at which side."""
        box = self.boxes[stock]
        for side in ("left", "right", "top", "bottom"):
            flows = self.sides.get((stock, side), [])
            if flow in flows:
                turn = flows.index(flow) - (len(flows) - 1) / 2
                match side:
                    case "left":
                        return (box.x - box.width / 2, box.y + turn * self.slot(stock)), side
                    case "right":
                        return (box.x + box.width / 2, box.y + turn * self.slot(stock)), side
                    case "top":
                        return (box.x + turn * _ASIDE, box.y - box.height / 2), side
                return (box.x + turn * _ASIDE, box.y + box.height / 2), side
        raise AssertionError(flow)

    def flow(self, flow: Ident, ends: Ends) -> Place:
        name = self.structure.parts[flow].name
        if ends.source in self.boxes and ends.target in self.boxes:
            points, valve = self.between(flow, ends)
            side = Side.BOTTOM
        else:
            points, valve, side = self.from_outside(flow, ends)
        return Place(flow, flow, name, Form.FLOW, *valve, 0, 0, side, points)

    def between(self, flow: Ident, ends: Ends) -> tuple[tuple[Point, ...], Point]:
        assert ends.source is not None
        assert ends.target is not None
        (start, _), (end, _) = self.port(flow, ends.source), self.port(flow, ends.target)
        if flow in self.straight:
            end = (end[0], start[1])
            return (start, end), ((start[0] + end[0]) / 2, start[1])
        row = min(self.cell[ends.source][1], self.cell[ends.target][1])
        mine = [s for s in self.stocks if self.cell[s][1] == row]
        foot = max(self.boxes[s].y + self.boxes[s].height / 2 for s in mine)
        lower = any(self.outside(s, "bottom") for s in mine)
        y = foot + 34 + self.lanes[row].index(flow) * _LANE + (_UPRIGHT + CLOUD if lower else 0)
        if abs(start[0] - end[0]) < 1:
            return (start, end), (start[0], y)
        middle = ((start[0] + end[0]) / 2, y)
        return (start, (start[0], y), (end[0], y), end), middle

    def from_outside(self, flow: Ident, ends: Ends) -> tuple[tuple[Point, ...], Point, Side]:
        stock = ends.target if ends.target in self.boxes else ends.source
        assert stock is not None
        (x, y), side = self.port(flow, stock)
        wide = max(_OUTSIDE, 2 * VALVE + 60)
        away = {
            "left": (x - wide, y),
            "right": (x + wide, y),
            "top": (x, y - _UPRIGHT),
            "bottom": (x, y + _UPRIGHT),
        }[side]
        valve = ((x + away[0]) / 2, (y + away[1]) / 2)
        points = (away, (x, y)) if stock == ends.target else ((x, y), away)
        return points, valve, Side.BOTTOM if side in ("left", "right") else Side.RIGHT


def _columns(stocks: Sequence[Ident], pairs: Sequence[tuple[Ident, Ident]]) -> Mapping[Ident, int]:
    """Return the column of each stock: one further than those it is filled from.

    A pair that would lead back to where it came from is passed over.
    """
    forward: list[tuple[Ident, Ident]] = []
    for source, target in pairs:
        reach = {target}
        while more := {t for s, t in forward if s in reach} - reach:
            reach |= more
        if source not in reach:
            forward.append((source, target))
    column = dict.fromkeys(stocks, 0)
    for _ in stocks:
        for source, target in forward:
            column[target] = max(column[target], column[source] + 1)
    return column
