"""Stocks, flows, auxiliaries, graphical functions and modules as XMILE elements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cyclesim.expr import Reference, to_text
from cyclesim.expr.text import number_text
from cyclesim.names import Ident, canonical
from cyclesim.project import (
    About,
    Auxiliary,
    Conveyor,
    Definition,
    Dimension,
    Equation,
    Flow,
    Graph,
    GraphicalFunction,
    Leak,
    Module,
    Stock,
    Variable,
)
from cyclesim.writers.equations import equation_text, name_text, qualified, texts
from cyclesim.writers.numbers import points
from cyclesim.writers.tags import Tag, tag

Dimensions = Mapping[Ident, Dimension]


def variable_tag(variable: Variable, dimensions: Dimensions) -> Tag:
    """Return a variable's element."""
    about = variable.about
    name = {"name": name_text(about.name)}
    said = (*_said(about), _dimensions(about, dimensions))
    match variable:
        case Stock():
            children = [
                *_definitions(variable.initial, about, dimensions),
                *(_flow_tag("inflow", flow) for flow in variable.inflows),
                *(_flow_tag("outflow", flow) for flow in variable.outflows),
                _non_negative(variable.non_negative),
                _conveyor(variable.conveyor),
            ]
            return tag("stock", name, (*said, *children))
        case Flow():
            children = [
                *_definitions(variable.definitions, about, dimensions),
                _non_negative(variable.non_negative),
                tag("leak") if variable.leak is not None else None,
            ]
            access = _access(any(each.waiting for each in variable.definitions))
            return tag("flow", name | access | _zone(variable.leak), (*said, *children))
        case Auxiliary():
            parts = _definitions(variable.definitions, about, dimensions)
            return tag("aux", name | _access(variable.input), (*said, *parts))
        case Graph():
            return _graph(variable, name, said, dimensions)
        case Module():
            return _module(variable, name, said)


def _access(is_input: bool) -> dict[str, str]:
    return {"access": "input"} if is_input else {}


def _said(about: About) -> Iterator[Tag | None]:
    yield tag("doc", text=about.doc) if about.doc is not None else None
    yield tag("units", text=about.units) if about.units is not None else None
    ends = {"min": about.range.low, "max": about.range.high}
    given = {key: repr(value) for key, value in ends.items() if value is not None}
    yield tag("range", given) if given else None


def _dimensions(about: About, dimensions: Dimensions) -> Tag | None:
    if not about.dimensions:
        return None
    names = [dimensions[ident].name for ident in about.dimensions]
    return tag("dimensions", None, [tag("dim", {"name": name_text(name)}) for name in names])


def _non_negative(holds: bool) -> Tag | None:
    return tag("non_negative") if holds else None


def _conveyor(conveyor: Conveyor | None) -> Tag | None:
    if conveyor is None:
        return None
    given = {
        "len": conveyor.length,
        "capacity": conveyor.capacity,
        "in_limit": conveyor.inflow_limit,
        "sample": conveyor.sample,
    }
    children = [tag(name, text=equation_text(each)) for name, each in given.items() if each]
    return tag("conveyor", {"exponential_leak": "true"} if conveyor.exponential else None, children)


def _zone(leak: Leak | None) -> dict[str, str]:
    """Return where a leak begins and ends, unless it is all of the conveyor."""
    if leak is None or leak == Leak():
        return {}
    return {"leak_start": repr(leak.start), "leak_end": repr(leak.end)}


def _flow_tag(name: str, flow: Equation) -> Tag:
    return tag(name, text=qualified(flow.expr).removeprefix("."))  # type: ignore[arg-type]


def _definitions(
    given: tuple[Definition, ...], about: About, dimensions: Dimensions
) -> Iterator[Tag]:
    for definition in given:
        if definition.subscripts == about.dimensions:
            yield from _content(definition)
        else:
            subscript = _subscript(definition.subscripts, about, dimensions)
            yield tag("element", {"subscript": subscript}, _content(definition))


def _content(definition: Definition) -> Iterator[Tag]:
    running, initial = texts(definition)
    if running or not definition.waiting:
        yield tag("eqn", text=running)
    if initial is not None:
        yield tag("init_eqn", text=initial)
    if definition.graphical is not None:
        yield graphical_tag(definition.graphical)


def _subscript(subscripts: Iterable[Ident], about: About, dimensions: Dimensions) -> str:
    shown = []
    for ident, subscript in zip(about.dimensions, subscripts, strict=True):
        names = {canonical(name): name for name in dimensions[ident].elements}
        name = names.get(subscript, subscript)
        shown.append(f'"{name}"' if "," in name or '"' in name else name)
    return ", ".join(shown)


def graphical_tag(graphical: GraphicalFunction) -> Tag:
    """Return the points of a graphical function."""
    low, high = min(graphical.y, default=0.0), max(graphical.y, default=0.0)
    children = [
        tag("xpts", text=points(graphical.x)),
        tag("yscale", {"min": number_text(low), "max": number_text(high)}),
        tag("ypts", text=points(graphical.y)),
    ]
    return tag("gf", {"type": graphical.kind.value}, children)


def _graph(
    graph: Graph, name: dict[str, str], said: tuple[Tag | None, ...], dimensions: Dimensions
) -> Tag:
    """Return a graphical function as an auxiliary without equations.

    XMILE has <gf name="..."> too, but not for arrays, and simlin does not open a file that
    holds one and shows flows.
    """
    about = graph.about
    parts = []
    for subscripts, graphical in graph.graphicals:
        content = graphical_tag(graphical)
        if subscripts != about.dimensions:
            subscript = _subscript(subscripts, about, dimensions)
            content = tag("element", {"subscript": subscript}, [content])
        parts.append(content)
    return tag("aux", name, (*said, *parts))


def _module(module: Module, name: dict[str, str], said: tuple[Tag | None, ...]) -> Tag:
    own = qualified(Reference(module.about.ident, module.about.name))[1:]
    connections = []
    for connection in module.connections:
        to = qualified(connection.input)[1:] + _bracketed(connection.elements)
        source = connection.source
        base, places = (source, ()) if isinstance(source, Reference) else (
            source.base, tuple(to_text(each) for each in source.subscripts))  # fmt: skip
        ends = {"to": f"{own}.{to}", "from": qualified(base) + _bracketed(places)}
        connections.append(tag("connect", ends))
    other = {"simlin:model_name": module.model} if module.model != module.about.name else {}
    return tag("module", name | other, (*said, *connections))


def _bracketed(elements: Sequence[str]) -> str:
    """Return the elements of a connection in square brackets, nothing for all of them."""
    return f"[{','.join(elements)}]" if elements else ""
