"""A plain picture for a model that has none: stocks in rows, flows beside them, the rest below."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from xml.etree import ElementTree

from cyclesim.expr import Call, Reference, Subscripted, walk
from cyclesim.names import Ident, canonical
from cyclesim.project import (
    Auxiliary,
    Definition,
    Equation,
    Flow,
    Module,
    Stock,
    Variable,
    View,
)
from cyclesim.writers.equations import name_text
from cyclesim.writers.tags import Tag, tag

Point = tuple[float, float]

STOCKS_A_ROW, OTHERS_A_ROW = 4, 7
_STEP_X, _STEP_Y = 270.0, 170.0
_GRID_X, _GRID_Y = 160.0, 110.0
_HALF_STOCK = 22.5
_PIPE = 90.0
_BETWEEN_PIPES = 34.0


def view_tag(variables: tuple[Variable, ...]) -> Tag:
    """Return a stock-and-flow view with everything in its place."""
    placed = _Layout(variables)
    placed.place()
    width = max((x for x, _ in placed.at.values()), default=0.0) + 150
    height = max((y for _, y in placed.at.values()), default=0.0) + 150
    attributes = {
        "type": "stock_flow",
        "page_width": _shown(width),
        "page_height": _shown(height),
    }
    return tag("view", attributes, [*placed.tags(), *placed.connectors()])


def kept_view(view: View) -> Tag | None:
    """Return a view of the file itself, None where it is no XMILE."""
    try:
        root = ElementTree.fromstring(view.xml)
    except ElementTree.ParseError:
        return None
    return _tag_of(root) if root.tag == "views" else None


def _tag_of(element: ElementTree.Element) -> Tag:
    children = tuple(map(_tag_of, element))
    text = (element.text or "").strip()
    attributes = tuple(element.attrib.items())
    if children and text:
        return Tag(element.tag, attributes, (escape(text, quote=False), *children))
    return Tag(element.tag, attributes, children, text)


def _shown(number: float) -> str:
    return f"{number:.10g}"


@dataclass
class _Layout:
    variables: tuple[Variable, ...]
    at: dict[Ident, Point] = field(default_factory=dict)
    pipes: dict[Ident, tuple[Point, Point]] = field(default_factory=dict)
    beside: dict[tuple[Ident, int], int] = field(default_factory=dict)
    """How many pipes there are already at the left (-1) and right (1) of a stock."""

    def place(self) -> None:
        stocks = [each for each in self.variables if isinstance(each, Stock)]
        for number, stock in enumerate(stocks):
            row, column = divmod(number, STOCKS_A_ROW)
            self.at[stock.about.ident] = (200 + column * _STEP_X, 100 + row * _STEP_Y)
        drained = _stock_by_flow((stock, stock.outflows) for stock in stocks)
        filled = _stock_by_flow((stock, stock.inflows) for stock in stocks)
        ends = drained | filled
        flows = [  # an auxiliary that changes a stock is drawn as what it does
            each.about.ident
            for each in self.variables
            if isinstance(each, Flow) or (isinstance(each, Auxiliary) and each.about.ident in ends)
        ]
        for flow in flows:
            self.flow(flow, drained.get(flow), filled.get(flow))
        below = max((y for _, y in self.at.values()), default=-50.0) + 150
        for row, level in enumerate(self.levels()):
            for column, ident in enumerate(level):
                shift = _GRID_X / 2 if row % 2 else 0.0  # so that arrows pass between
                self.at[ident] = (100 + shift + column * _GRID_X, below + row * _GRID_Y)
                if ident in flows:
                    x, y = self.at[ident]
                    self.pipes[ident] = ((x - 60, y), (x + 60, y))

    def flow(self, flow: Ident, drained: Ident | None, filled: Ident | None) -> None:
        """Place a flow between its stocks, or between one and a cloud; one of none lies below."""
        if drained is not None and filled is not None and drained != filled:
            (x0, y0), (x1, y1) = self.at[drained], self.at[filled]
            shift = self.next_to(drained, 1)
            start, end = (x0 + _HALF_STOCK, y0 + shift), (x1 - _HALF_STOCK, y1 + shift)
        elif filled is not None:
            x, y = self.at[filled]
            shift = self.next_to(filled, -1)
            start, end = (x - _HALF_STOCK - _PIPE, y + shift), (x - _HALF_STOCK, y + shift)
        elif drained is not None:
            x, y = self.at[drained]
            shift = self.next_to(drained, 1)
            start, end = (x + _HALF_STOCK, y + shift), (x + _HALF_STOCK + _PIPE, y + shift)
        else:
            return
        self.pipes[flow] = (start, end)
        self.at[flow] = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)

    def next_to(self, stock: Ident, side: int) -> float:
        taken = self.beside.get((stock, side), 0)
        self.beside[stock, side] = taken + 1
        return _BETWEEN_PIPES * ((taken + 1) // 2) * (1 if taken % 2 else -1)

    def levels(self) -> Iterator[tuple[Ident, ...]]:
        """Yield what is not placed yet in rows: what needs nothing first, then what needs that."""
        waiting = {
            each.about.ident: set(_needs(each))
            for each in self.variables
            if each.about.ident not in self.at
        }
        while waiting:
            ready = [ident for ident, needs in waiting.items() if not needs & waiting.keys()]
            row = ready or list(waiting)  # what needs itself in a circle comes last, together
            for ident in row:
                del waiting[ident]
            for start in range(0, len(row), OTHERS_A_ROW):
                yield tuple(row[start : start + OTHERS_A_ROW])

    def tags(self) -> Iterator[Tag]:
        for variable in self.variables:
            about = variable.about
            x, y = self.at[about.ident]
            place = {"x": _shown(x), "y": _shown(y), "name": name_text(about.name)}
            if about.ident in self.pipes:
                ends = self.pipes[about.ident]
                points = [tag("pt", {"x": _shown(x), "y": _shown(y)}) for x, y in ends]
                yield tag("flow", place, [tag("pts", None, points)])
            elif isinstance(variable, Stock | Module):
                yield tag("stock" if isinstance(variable, Stock) else "module", place)
            else:
                yield tag("aux", place)

    def connectors(self) -> Iterator[Tag]:
        names = {each.about.ident: each.about.name for each in self.variables}
        drawn = 0
        for variable in self.variables:
            if isinstance(variable, Stock):
                continue
            own = variable.about.ident
            for need in dict.fromkeys(_needs(variable)):
                if need == own or need not in self.at:
                    continue
                drawn += 1
                (x0, y0), (x1, y1) = self.at[need], self.at[own]
                angle = math.degrees(math.atan2(y0 - y1, x1 - x0)) % 360  # y runs downwards
                ends = [
                    tag(key, text=_joined(names[i])) for key, i in (("from", need), ("to", own))
                ]
                yield tag("connector", {"uid": str(drawn), "angle": f"{angle:.6g}"}, ends)


def _joined(name: str) -> str:
    return name_text(name).replace(" ", "_")


def _stock_by_flow(pairs: Iterable[tuple[Stock, tuple[Equation, ...]]]) -> dict[Ident, Ident]:
    """Return the first stock that each flow drains, or fills."""
    found: dict[Ident, Ident] = {}
    for stock, flows in pairs:
        for flow in flows:
            if isinstance(flow.expr, Reference):
                found.setdefault(flow.expr.ident, stock.about.ident)
    return found


def _needs(variable: Variable) -> Iterator[Ident]:
    """Yield the variables that one is computed from; a module stands for what lies in it."""
    for equation in _equations(variable):
        for node in walk(equation.expr):
            if isinstance(node, Reference):
                yield canonical(node.path[0]) if node.path else node.ident
            elif isinstance(node, Call):
                yield node.function
    if isinstance(variable, Module):
        for connection in variable.connections:
            source = connection.source
            if isinstance(source, Subscripted):
                source = source.base
            yield canonical(source.path[0]) if source.path else source.ident


def _equations(variable: Variable) -> Iterator[Equation]:
    definitions: tuple[Definition, ...] = ()
    match variable:
        case Flow() | Auxiliary():
            definitions = variable.definitions
    yield from (definition.equation for definition in definitions)
