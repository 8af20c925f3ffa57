"""Stocks that merely follow something: a smooth written out by hand.

A stock whose only flow is of the form (what it follows - stock) / time is a delay of the first
order. Its loop on itself says how quickly it follows, not what moves it, as the loops inside
SMTH1 do. For an explanation it is summed up within the link: walks that circle in it add up to a
geometric series, so that the link into the stock is divided by 1 less the score of the circle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cyclesim.analysis.loops.graph import CausalGraph, Equation
from cyclesim.compiler.flat import places_in
from cyclesim.compiler.terms import Apply, AtPlace, Symbol, Term, operands

Array = np.ndarray

_COMPARING = frozenset({"less", "greater", "at_least", "at_most", "equal", "unequal"})


@dataclass(frozen=True)
class Adjusting:
    """A stock that follows, with the links of its circle: from it to its flow, and back."""

    row: int
    out: tuple[int, ...]
    back: int


def adjusting(graph: CausalGraph) -> tuple[Adjusting, ...]:
    """Return the modeller's stocks that follow a value of their own partition."""
    home = {row: number for number, rows in enumerate(graph.partitions) for row in rows}
    equations = {each.target: each for each in graph.equations}
    links = {(link.source, link.target): n for n, link in enumerate(graph.links)}
    readers: dict[int, set[int]] = {}
    for link in graph.links:
        readers.setdefault(link.source, set()).add(link.target)
    found = []
    for each in graph.net_flows:
        stock = each.target
        if len(each.flows) != 1 or each.flows[0][1] != 1 or stock not in home:
            continue
        flow = each.flows[0][0]
        if (flow, stock) not in links or graph.nodes[stock].hidden:
            continue
        way = _circle(graph, equations, readers, home, stock, flow)
        if way is not None:
            out = tuple(links[pair] for pair in way)
            found.append(Adjusting(stock, out, links[(flow, stock)]))
    return tuple(found)


def summed_up(graph: CausalGraph, scores: Array, chosen: tuple[Adjusting, ...]) -> Array:
    """Return the scores of links with the circles of stocks that follow summed up: (link, ...)."""
    found = scores.copy()
    for each in chosen:
        circle = scores[each.back].copy()
        for link in each.out:
            circle = circle * scores[link]
        # Such a circle balances: its score is not above 0.
        found[each.back] = scores[each.back] / (1.0 - np.minimum(circle, 0.0))
        found[each.out[0]] = 0.0
    return found


def _circle(
    graph: CausalGraph,
    equations: Mapping[int, Equation],
    readers: Mapping[int, set[int]],
    home: Mapping[int, int],
    stock: int,
    flow: int,
) -> list[tuple[int, int]] | None:
    """Return the links from a stock that follows to its flow; None where it does not follow."""
    if stock in _inputs(equations, flow):
        way, followed = [(stock, flow)], _followed(graph, equations[flow].term, stock)
    else:
        gaps = [row for row in _inputs(equations, flow) if stock in _inputs(equations, row)]
        if len(gaps) != 1 or readers.get(gaps[0]) != {flow}:
            return None
        way = [(stock, gaps[0]), (gaps[0], flow)]
        followed = _followed(graph, equations[gaps[0]].term, stock)
    if followed is None:
        return None
    rows = {row for row in _rows(graph, followed) if home.get(row) == home[stock]}
    return way if rows - {stock} else None


def _inputs(equations: Mapping[int, Equation], row: int) -> tuple[int, ...]:
    equation = equations.get(row)
    return equation.inputs if equation is not None and equation.lag is None else ()


def _followed(graph: CausalGraph, term: Term, stock: int) -> Term | None:
    """Return what a stock is subtracted from, where it is read in no other way."""
    found: list[Term] = []
    for node, parent in _with_parents(term):
        if not (isinstance(node, Symbol) and set(_rows(graph, node)) == {stock}):
            continue
        if isinstance(parent, Apply) and parent.operation == "subtract":
            if parent.arguments[1] is not node:
                return None
            found.append(parent.arguments[0])
        elif not (isinstance(parent, Apply) and parent.operation in _COMPARING):
            return None
    return found[0] if found and all(each == found[0] for each in found) else None


def _with_parents(term: Term) -> Iterator[tuple[Term, Term | None]]:
    waiting: list[tuple[Term, Term | None]] = [(term, None)]
    while waiting:
        node, parent = waiting.pop()
        yield node, parent
        waiting += [(each, node) for each in operands(node)]


def _rows(graph: CausalGraph, term: Term) -> Iterator[int]:
    """Yield the rows that a term at one place reads, computed subscripts left out."""
    places, shapes = graph.flat.places, graph.flat.by_ident
    for node, _ in _with_parents(term):
        if isinstance(node, Symbol) and all(isinstance(i, AtPlace) for i in node.indexes):
            box = tuple((i.place,) for i in node.indexes if isinstance(i, AtPlace))
            shape = shapes[node.ident].shape
            yield from (places[node.ident] + spot for spot in places_in(shape, box))
